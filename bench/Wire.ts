// The bytes that travel: requests of about 1 kB, buffered answers of about 1 kB, and streams of an exact number of events, in both dialects.
// Everything is built once from constants, so that neither the upstream nor the load generator spends time on it.
// Not a simulator: it has no faults and no timing.

/** The dialect that the upstream answers in. */
export type WireDialect = "openai-chat" | "anthropic-messages"

/** What a client posts, and what proves that the answer is whole. */
export interface Exchange {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Texts that only a complete and right answer contains. */
  readonly proofs: ReadonlyArray<string>
  /** The least number of events in a right answer; 0 for a buffered one. */
  readonly leastEvents: number
}

/** How an answer is streamed: number of events in all (terminal included), and how many of them one network chunk carries. */
export interface StreamShape {
  readonly events: number
  readonly perChunk: number
}

/** A crossing may fold the frames around the deltas (starts, stops, usage) into fewer events, never the deltas. */
const framingEvents = 12

/** Model names of the gateway's configuration begin with this and end with the shape the upstream is asked for. */
export const modelPrefix = { byte: "byte-", crossing: "cross-" } as const

/** The key the gateway is configured with. */
export const clientKey = "sk-bench-0123456789abcdef"

const prose = "The harbour master keeps a log of every vessel that enters or leaves, with tonnage, origin, cargo and the name of the pilot on duty. "

const weatherSchema = {
  type: "object",
  properties: { city: { type: "string", description: "City name" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
  required: ["city"]
}

const toolDescription = "Current weather of a city, as the nearest station reports it"

const modelName = (prefix: string, shape: StreamShape | undefined) => `${prefix}${shape === undefined ? "buffered" : `${shape.events}x${shape.perChunk}`}`

/** The request of an OpenAI chat client; with tools it is the one that crosses to Anthropic. */
export const chatExchange = (options: { readonly prefix: string; readonly tools: boolean; readonly shape: StreamShape | undefined }): Exchange => ({
  path: "/v1/chat/completions",
  headers: { authorization: `Bearer ${clientKey}`, "content-type": "application/json" },
  body: JSON.stringify({
    model: modelName(options.prefix, options.shape),
    messages: [
      { role: "system", content: "You are a patient assistant. Answer in plain words." },
      { role: "user", content: prose.repeat(options.tools ? 3 : 5) }
    ],
    max_tokens: 512,
    temperature: 0.7,
    ...(options.tools
      ? { tools: [{ type: "function", function: { name: "get_weather", description: toolDescription, parameters: weatherSchema } }], tool_choice: "auto" }
      : {}),
    ...(options.shape === undefined ? {} : { stream: true, stream_options: { include_usage: true } })
  }),
  proofs: [options.shape === undefined ? "\"finish_reason\"" : "data: [DONE]", ...(options.tools ? ["\"tool_calls\"", "get_weather"] : [])],
  leastEvents: options.shape === undefined ? 0 : options.shape.events - (options.tools ? framingEvents : 0)
})

/** The same request as an Anthropic client writes it: what the baselines forward in the crossing cases. */
export const messagesExchange = (shape: StreamShape | undefined): Exchange => ({
  path: "/v1/messages",
  headers: { "x-api-key": clientKey, "anthropic-version": "2023-06-01", "content-type": "application/json" },
  body: JSON.stringify({
    model: modelName("", shape),
    system: "You are a patient assistant. Answer in plain words.",
    messages: [{ role: "user", content: prose.repeat(3) }],
    max_tokens: 512,
    temperature: 0.7,
    tools: [{ name: "get_weather", description: toolDescription, input_schema: weatherSchema }],
    tool_choice: { type: "auto" },
    ...(shape === undefined ? {} : { stream: true })
  }),
  proofs: [shape === undefined ? "\"stop_reason\"" : "event: message_stop", "get_weather"],
  leastEvents: shape?.events ?? 0
})

const chatBuffered = () =>
  JSON.stringify({
    id: "chatcmpl-BenchAnswer0000000000000001",
    object: "chat.completion",
    created: 1760000000,
    model: "gpt-4o-mini-2024-07-18",
    choices: [{ index: 0, message: { role: "assistant", content: prose.repeat(4), refusal: null, annotations: [] }, logprobs: null, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 180,
      completion_tokens: 130,
      total_tokens: 310,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 }
    },
    service_tier: "default",
    system_fingerprint: "fp_0123456789"
  })

const messagesBuffered = () =>
  JSON.stringify({
    id: "msg_01BenchAnswer00000000001",
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5-20251001",
    content: [
      { type: "text", text: prose.repeat(4) },
      { type: "tool_use", id: "toolu_01BenchCall000000000001", name: "get_weather", input: { city: "Rotterdam", unit: "celsius" } }
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 180, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 130, service_tier: "standard" }
  })

const words = prose.trim().split(" ")
const word = (index: number) => ` ${words[index % words.length]}`

const chatEvents = (count: number): ReadonlyArray<string> => {
  const chunk = (delta: object, finish: string | null) =>
    JSON.stringify({
      id: "chatcmpl-BenchAnswer0000000000000001",
      object: "chat.completion.chunk",
      created: 1760000000,
      model: "gpt-4o-mini-2024-07-18",
      service_tier: "default",
      system_fingerprint: "fp_0123456789",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      usage: null
    })
  const usage = { ...JSON.parse(chunk({}, null)), choices: [], usage: { prompt_tokens: 180, completion_tokens: count - 4, total_tokens: 176 + count } }
  return [
    chunk({ role: "assistant", content: "", refusal: null }, null),
    ...Array.from({ length: count - 4 }, (_, index) => chunk({ content: word(index) }, null)),
    chunk({}, "stop"),
    JSON.stringify(usage),
    "[DONE]"
  ]
}

/** A text block, then one tool call whose arguments take a third of the deltas. */
const messagesEvents = (count: number): ReadonlyArray<object> => {
  const deltas = count - 7
  const partials = Math.floor(deltas / 3)
  const argument = (index: number) => index === 0 ? "{\"city\":\"" : index === partials - 1 ? "\"}" : "Rotterdam"
  return [
    {
      type: "message_start",
      message: {
        id: "msg_01BenchAnswer00000000001",
        type: "message",
        role: "assistant",
        model: "claude-haiku-4-5-20251001",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 180, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 }
      }
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...Array.from({ length: deltas - partials }, (_, index) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: word(index) } })),
    { type: "content_block_stop", index: 0 },
    { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "toolu_01BenchCall000000000001", name: "get_weather", input: {} } },
    ...Array.from(
      { length: partials },
      (_, index) => ({ type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: argument(index) } })
    ),
    { type: "content_block_stop", index: 1 },
    { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: deltas } },
    { type: "message_stop" }
  ]
}

/** The JSON texts of a stream's events, in order; `[DONE]` is not among them. `count` must be at least 13. */
export const eventTexts = (dialect: WireDialect, count: number): ReadonlyArray<string> =>
  dialect === "openai-chat" ? chatEvents(count).slice(0, -1) : messagesEvents(count).map((event) => JSON.stringify(event))

/** The framed events of a stream, `perChunk` of them in each buffer. */
export const streamChunks = (dialect: WireDialect, shape: StreamShape): ReadonlyArray<Buffer> => {
  const frames = dialect === "openai-chat"
    ? chatEvents(shape.events).map((data) => `data: ${data}\n\n`)
    : messagesEvents(shape.events).map((event) => `event: ${"type" in event ? event.type : ""}\ndata: ${JSON.stringify(event)}\n\n`)
  return Array.from(
    { length: Math.ceil(frames.length / shape.perChunk) },
    (_, index) => Buffer.from(frames.slice(index * shape.perChunk, (index + 1) * shape.perChunk).join(""))
  )
}

/** The whole buffered answer. */
export const bufferedAnswer = (dialect: WireDialect): Buffer => Buffer.from(dialect === "openai-chat" ? chatBuffered() : messagesBuffered())
