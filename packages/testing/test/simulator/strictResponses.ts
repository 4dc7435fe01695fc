/**
 * A reader of OpenAI response streams as strict as the strictest clients: it lists everything a stream does that its
 * protocol forbids. Written for the tests from the protocol's rules, not from the simulator.
 */
import type { ReadEvent } from "./strictReaders.ts"

interface Item {
  readonly id: string
  readonly type: string
  readonly status?: string
  readonly name?: string
  readonly call_id?: string
  readonly arguments?: string
  readonly input?: string
  readonly content?: ReadonlyArray<{ readonly type: string; readonly text?: string; readonly refusal?: string }>
  readonly summary?: ReadonlyArray<{ readonly text: string }>
}

interface Shape {
  readonly type: string
  readonly sequence_number: number
  readonly item_id?: string
  readonly output_index?: number
  readonly content_index?: number
  readonly summary_index?: number
  readonly delta?: string
  readonly text?: string
  readonly refusal?: string
  readonly name?: string
  readonly arguments?: string
  readonly input?: string
  readonly item?: Item
  readonly part?: { readonly text?: string; readonly refusal?: string }
  readonly response?: { readonly id: string; readonly status: string; readonly output: ReadonlyArray<Item>; readonly usage?: object }
}

const prefixes: Readonly<Record<string, string>> = { message: "msg_", reasoning: "rs_", function_call: "fc_", custom_tool_call: "ctc_" }

const terminals = ["response.completed", "response.incomplete", "response.failed"]

/** The text of an item that its deltas have to add up to. */
const said = (item: Item): string =>
  (item.content ?? []).map((part) => part.text ?? part.refusal ?? "").join("")
  + (item.summary ?? []).map((part) => part.text).join("")
  + (item.arguments ?? "") + (item.input ?? "")

const parse = (data: string): Shape | undefined => {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

interface Open {
  readonly item: Item
  text: string
  parts: number
  openPart: boolean
  told: number
  done: boolean
}

/** What is wrong with a stream of response events. */
export const responsesViolations = (events: ReadonlyArray<ReadEvent>): ReadonlyArray<string> => {
  const wrong = new Set<string>()
  const note = (bad: boolean, what: string) => bad && wrong.add(what)
  note(events.some((event) => event.data === "[DONE]"), "[DONE] is no part of the protocol")
  note(events.some((event) => parse(event.data) === undefined), "broken JSON")
  const named = events.flatMap((event) => {
    const body = parse(event.data)
    return body === undefined ? [] : [{ event: event.event, body }]
  })
  note(named.some(({ event, body }) => event !== body.type), "event name differs from type")
  const bodies = named.map(({ body }) => body)
  note(bodies.some((body, index) => body.sequence_number !== index), "sequence numbers do not count from 0")
  note(
    bodies[0]?.type !== "response.created" || bodies.filter((body) => body.type === "response.created").length !== 1,
    "response.created is not once and first"
  )
  const running = bodies.filter((body) => body.type === "response.in_progress").length
  note(running !== 1 || bodies[1]?.type !== "response.in_progress", "response.in_progress is not once and second")
  note(bodies.some((body) => body.type === "error"), "error event")
  const ends = bodies.filter((body) => terminals.includes(body.type))
  note(ends.length !== 1 || !terminals.includes(bodies.at(-1)?.type ?? ""), "the terminal event is not once and last")
  note(new Set(bodies.flatMap((body) => body.response === undefined ? [] : [body.response.id])).size > 1, "response id changes")
  const items: Array<Open> = []
  for (const body of bodies) {
    const open = items[body.output_index ?? -1]
    if (body.type === "response.output_item.added") {
      const { item } = body
      if (item === undefined) continue
      note(body.output_index !== items.length, "output indexes have a gap")
      note(!item.id.startsWith(prefixes[item.type] ?? "?"), "item id has not the prefix of its type")
      note(item.type.endsWith("_call") && (!item.name || !item.call_id), "a call starts without name or call id")
      note(said(item) !== "", "an item does not start empty")
      items.push({ item, text: "", parts: 0, openPart: false, told: 0, done: false })
      continue
    }
    if (body.output_index === undefined) continue
    if (open === undefined || open.done) {
      note(true, "event outside of its item")
      continue
    }
    note(body.item_id !== undefined && body.item_id !== open.item.id, "item id changes")
    const place = body.content_index ?? body.summary_index
    if (body.type.endsWith("part.added")) {
      note(place !== open.parts || open.openPart, "part indexes have a gap")
      open.openPart = true
    } else if (body.type.endsWith("part.done")) {
      note(!open.openPart, "part ends twice")
      note((body.part?.text ?? body.part?.refusal) !== open.text, "part differs from its deltas")
      open.openPart = false
      open.parts++
    } else if (body.type.endsWith(".delta")) {
      note(place !== undefined && (!open.openPart || place !== open.parts), "delta outside of its part")
      open.text += body.delta ?? ""
    } else if (body.type === "response.output_item.done") {
      note(open.openPart, "a part was not closed")
      // A thought without a summary says nothing; every other item says once what it became
      note(open.told !== (open.item.type === "reasoning" && open.parts === 0 ? 0 : 1), "an item does not say once what it became")
      note(body.item?.id !== open.item.id || body.item.type !== open.item.type, "an item becomes another")
      note(body.item !== undefined && said(body.item) !== open.text, "item differs from its deltas")
      open.done = true
    } else {
      open.told++
      note((body.text ?? body.refusal ?? body.arguments ?? body.input) !== open.text, "done differs from its deltas")
      note(body.name !== undefined && body.name !== open.item.name, "a call changes its name")
    }
  }
  note(items.some((open) => !open.done), "an item was not closed")
  const last = bodies.findLast((body) => terminals.includes(body.type))
  const dones = bodies.filter((body) => body.type === "response.output_item.done").map((body) => body.item)
  const ordered = items.map((open) => dones.find((item) => item?.id === open.item.id))
  note(last?.type !== "response.failed" && JSON.stringify(last?.response?.output) !== JSON.stringify(ordered), "the output differs from what was streamed")
  note(last !== undefined && last.type !== "response.failed" && last.response?.usage === undefined, "the terminal event has no usage")
  note(last !== undefined && `response.${last.response?.status}` !== last.type, "the terminal event has another status")
  return [...wrong]
}
