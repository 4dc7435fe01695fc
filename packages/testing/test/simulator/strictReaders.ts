/**
 * Readers as strict as the strictest clients: they list everything a stream does that its protocol forbids. Written
 * for the tests from the protocols' rules, not from the simulator.
 */

/** One server-sent event as a reader sees it. */
export interface ReadEvent {
  readonly event: string
  readonly data: string
}

/** Splits a stream by the rules of the HTML standard; comments and retry lines give no events. */
export const readEvents = (text: string): ReadonlyArray<ReadEvent> => {
  const events: Array<ReadEvent> = []
  let event = ""
  let data: Array<string> = []
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === "") {
      if (data.length > 0) events.push({ event, data: data.join("\n") })
      event = ""
      data = []
      continue
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === "event") event = value
    if (field === "data") data.push(value)
  }
  return events
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

interface ChunkShape {
  readonly id: string
  readonly choices: ReadonlyArray<{
    readonly index: number
    readonly delta: {
      readonly role?: string
      readonly tool_calls?: ReadonlyArray<
        { readonly index: number; readonly id?: string; readonly type?: string; readonly function?: { readonly name?: string } }
      >
    }
    readonly finish_reason: string | null
  }>
  readonly usage?: object | null
  readonly error?: object
}

const finishReasons = ["stop", "length", "tool_calls", "content_filter"]

/** What is wrong with a stream of chat completion chunks. */
export const chatViolations = (events: ReadonlyArray<ReadEvent>, includeUsage: boolean): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const note = (bad: boolean, what: string) => bad && wrong.push(what)
  const broken = events.filter((event) => event.data !== "[DONE]" && !isJson(event.data))
  note(broken.length > 0, "broken JSON")
  const terminals = events.filter((event) => event.data === "[DONE]").length
  note(terminals !== 1 || events.at(-1)?.data !== "[DONE]", "[DONE] is not once and last")
  const chunks: ReadonlyArray<ChunkShape> = events.filter((event) => isJson(event.data)).map((event) => JSON.parse(event.data))
  note(chunks.some((chunk) => chunk.error !== undefined), "error event")
  const good = chunks.filter((chunk) => chunk.error === undefined)
  note(new Set(good.map((chunk) => chunk.id)).size !== 1, "id changes")
  const choices = good.flatMap((chunk) => chunk.choices)
  const indexes = [...new Set(choices.map((choice) => choice.index))]
  for (const index of indexes) {
    const own = choices.filter((choice) => choice.index === index)
    note(own[0]?.delta.role !== "assistant", "no role in the first chunk")
    note(own.slice(1).some((choice) => choice.delta.role !== undefined), "role repeated")
    const finishes = own.flatMap((choice) => choice.finish_reason === null ? [] : [choice.finish_reason])
    note(finishes.length !== 1 || !finishReasons.includes(finishes[0] ?? ""), "finish_reason is not one known word")
    note(own.findIndex((choice) => choice.finish_reason !== null) !== own.length - 1, "content after finish")
    const known = new Set<number>()
    for (const call of own.flatMap((choice) => choice.delta.tool_calls ?? [])) {
      const first = !known.has(call.index)
      note(first && call.index !== known.size, "tool indexes have a gap")
      note(first && (!call.id || call.type !== "function" || !call.function?.name), "a call starts without id, type or name")
      note(!first && call.id !== undefined, "a call starts twice")
      known.add(call.index)
    }
  }
  const usages = good.filter((chunk) => chunk.usage !== undefined && chunk.usage !== null)
  note(usages.length !== (includeUsage ? 1 : 0), "usage chunk is not there exactly when asked for")
  note(usages.some((chunk) => chunk.choices.length > 0), "usage chunk has choices")
  note(usages.length > 0 && good.at(-1) !== usages[0], "usage chunk is not last")
  return wrong
}

interface MessageEventShape {
  readonly type: string
  readonly index?: number
  readonly message?: { readonly usage?: object }
  readonly content_block?: { readonly type: string; readonly signature?: unknown }
  readonly delta?: { readonly type?: string; readonly stop_reason?: string | null }
  readonly usage?: { readonly output_tokens?: unknown }
}

const deltaOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  text: ["text_delta"],
  thinking: ["thinking_delta", "signature_delta"],
  tool_use: ["input_json_delta"],
  redacted_thinking: []
}

/** What is wrong with a stream of Anthropic events. */
export const messagesViolations = (events: ReadonlyArray<ReadEvent>): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const note = (bad: boolean, what: string) => bad && wrong.push(what)
  note(events.some((event) => !isJson(event.data)), "broken JSON")
  const named = events.filter((event) => isJson(event.data)).map((event) => ({ event: event.event, body: JSON.parse(event.data) as MessageEventShape }))
  note(named.some(({ event, body }) => event !== body.type), "event name differs from type")
  const bodies = named.map(({ body }) => body).filter((body) => body.type !== "ping")
  note(bodies.some((body) => body.type === "error"), "error event")
  const starts = bodies.filter((body) => body.type === "message_start")
  note(starts.length !== 1 || bodies[0]?.type !== "message_start" || starts[0]?.message?.usage === undefined, "message_start is not once, first and with usage")
  let open: { readonly index: number; readonly type: string; signed: boolean } | undefined
  let next = 0
  for (const body of bodies) {
    if (body.type === "content_block_start") {
      const type = body.content_block?.type ?? ""
      note(open !== undefined, "blocks overlap")
      note(body.index !== next++, "block indexes have a gap")
      note(type === "thinking" && body.content_block?.signature !== "", "thinking does not start with an empty signature")
      open = { index: body.index ?? -1, type, signed: false }
    } else if (body.type === "content_block_delta") {
      note(open?.index !== body.index, "delta outside of its block")
      note(!(deltaOf[open?.type ?? ""] ?? []).includes(body.delta?.type ?? ""), "delta does not fit its block")
      if (open !== undefined && body.delta?.type === "signature_delta") open.signed = true
    } else if (body.type === "content_block_stop") {
      note(open?.index !== body.index, "stop outside of its block")
      note(open?.type === "thinking" && !open.signed, "thinking without signature")
      open = undefined
    } else if (body.type === "message_delta") {
      note(open !== undefined, "message_delta inside a block")
    }
  }
  const deltas = bodies.filter((body) => body.type === "message_delta")
  note(
    deltas.length !== 1 || !deltas[0]?.delta?.stop_reason || typeof deltas[0].usage?.output_tokens !== "number",
    "message_delta is not once with stop_reason and usage"
  )
  note(bodies.filter((body) => body.type === "message_stop").length !== 1 || bodies.at(-1)?.type !== "message_stop", "message_stop is not once and last")
  note(bodies.at(-2)?.type !== "message_delta", "something between message_delta and message_stop")
  return wrong
}
