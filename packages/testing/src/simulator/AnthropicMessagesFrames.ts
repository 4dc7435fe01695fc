/**
 * Writes scripts as Anthropic messages: named server-sent events and buffered bodies, by hand. Wire facts are those
 * of the official specification and of recorded traffic: message_start once with usage, contiguous blocks that
 * never overlap, one message_delta with stop reason and output tokens, message_stop last.
 */
import { fold, type FoldedChoice } from "./Fold.ts"
import { objectOf, parseJson } from "./Json.ts"
import type { Answer, FrameWriter, WrittenBody } from "./Provider.ts"
import type { FinishReason, Script, Step } from "./Script.ts"
import { tally, type UsageNumbers } from "./Usage.ts"

const stopReasons: Readonly<Record<FinishReason, string>> = {
  "stop": "end_turn",
  "length": "max_tokens",
  "tool-calls": "tool_use",
  "stop-sequence": "stop_sequence",
  "content-filter": "refusal",
  "refusal": "refusal"
}

const messageId = (answer: Answer): string => `msg_sim${String(answer.number).padStart(8, "0")}`

const cacheUsage = (usage: UsageNumbers): object => ({
  input_tokens: usage.input,
  cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
  cache_read_input_tokens: usage.cacheRead
})

/** Thinking is part of the output tokens; the protocol does not tell it apart. */
const wireUsage = (usage: UsageNumbers, output: number): object => ({
  ...cacheUsage(usage),
  cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite5m, ephemeral_1h_input_tokens: usage.cacheWrite1h },
  output_tokens: output,
  server_tool_use: null,
  service_tier: "standard",
  inference_geo: null
})

const nothing: UsageNumbers = { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 }

const message = (answer: Answer, content: ReadonlyArray<object>, usage: object, stop: object): object => ({
  id: messageId(answer),
  type: "message",
  role: "assistant",
  model: answer.facts.model,
  content,
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
  container: null,
  ...stop,
  usage
})

const event = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

const emptyBlocks = {
  text: { type: "text", text: "", citations: null },
  reasoning: { type: "thinking", thinking: "", signature: "" }
}

const toolBlock = (id: string, name: string, input: object): object => ({ type: "tool_use", id, name, input, caller: { type: "direct" } })

const stopFields = (reason: FinishReason, stopSequence: string | undefined, explanation: string): object => ({
  stop_reason: stopReasons[reason],
  stop_sequence: stopSequence ?? null,
  stop_details: reason === "refusal" || reason === "content-filter"
    ? { type: "refusal", category: null, explanation: explanation === "" ? null : explanation }
    : null,
  container: null
})

/** A fresh writer of the events of one streamed answer. */
export const messagesFrames = (answer: Answer): FrameWriter => {
  const counted = tally(answer.usage)
  let index = -1
  let open = ""
  let explanation = ""

  const close = (): string => {
    if (open === "") return ""
    open = ""
    return event("content_block_stop", { index })
  }
  const begin = (kind: string, block: object): string => {
    if (open === kind) return ""
    const closed = close()
    open = kind
    index++
    return closed + event("content_block_start", { index, content_block: block })
  }
  const delta = (fields: object): string => event("content_block_delta", { index, delta: fields })
  const start = (): string => {
    const stated = answer.habit === "reported" ? answer.usage : nothing
    const usage = wireUsage(stated, answer.habit === "reported" ? 1 : 0)
    return event("message_start", { message: message(answer, [], usage, {}) })
  }
  const finish = (step: Step & { readonly type: "finish" }): string => {
    const { output, reasoning } = counted.usage()
    const usage = answer.habit === "missing" ? {} : { usage: { ...cacheUsage(answer.usage), output_tokens: output + reasoning, server_tool_use: null } }
    return close() + event("message_delta", { delta: stopFields(step.reason, step.stopSequence, explanation), ...usage })
  }

  const write = (step: Step): string => {
    if ((step.type === "text" || step.type === "finish") && step.choice > 0) return ""
    counted.add(step)
    switch (step.type) {
      case "start":
        return start()
      case "text":
        return begin("text", emptyBlocks.text) + delta({ type: "text_delta", text: step.text })
      case "reasoning":
        return begin("reasoning", emptyBlocks.reasoning) + delta({ type: "thinking_delta", thinking: step.text })
      case "signature":
        return begin("reasoning", emptyBlocks.reasoning) + delta({ type: "signature_delta", signature: step.value }) + close()
      case "redacted":
        return begin("redacted", { type: "redacted_thinking", data: step.data }) + close()
      case "refusal":
        explanation += step.text
        return ""
      case "tool":
        return begin(`tool ${step.call}`, toolBlock(step.id, step.name, {})) + delta({ type: "input_json_delta", partial_json: "" })
      case "arguments":
        return delta({ type: "input_json_delta", partial_json: step.text })
      case "finish":
        return finish(step)
      case "end":
        return event("message_stop", {})
      case "ping":
        return event("ping", {})
      case "error":
        return `event: error\ndata: ${messagesError(step.status, step.status === 529 ? "Overloaded" : "Internal server error", answer.number)}\n\n`
      case "garbage":
        return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"text_del\n\n`
      case "raw":
        return step.text
      default:
        return ""
    }
  }
  return { write, usage: counted.usage }
}

const blocks = (choice: FoldedChoice): ReadonlyArray<object> =>
  choice.parts.flatMap((part): ReadonlyArray<object> => {
    switch (part.type) {
      case "text":
        return [{ type: "text", text: part.text, citations: null }]
      case "reasoning":
        return [{ type: "thinking", thinking: part.text, signature: part.signature }]
      case "redacted":
        return [{ type: "redacted_thinking", data: part.data }]
      case "refusal":
        return []
      case "tool":
        return [toolBlock(part.call.id, part.call.name, objectOf(parseJson(part.call.arguments)))]
    }
  })

/** One buffered answer; the protocol has one choice only. */
export const messagesBody = (answer: Answer, script: Script): WrittenBody => {
  const counted = tally(answer.usage)
  const steps = [...script].filter((step) => !((step.type === "text" || step.type === "finish") && step.choice > 0))
  for (const step of steps) counted.add(step)
  const [choice = { parts: [], reason: "stop", stopSequence: undefined }] = fold(steps)
  const explanation = choice.parts.flatMap((part) => part.type === "refusal" ? [part.text] : []).join("")
  const usage = counted.usage()
  const stated = answer.habit === "missing" ? wireUsage(nothing, 0) : wireUsage(usage, usage.output + usage.reasoning)
  const stop = stopFields(choice.reason, choice.stopSequence, explanation)
  return { json: JSON.stringify(message(answer, blocks(choice), stated, stop)), usage }
}

const errorTypes: Readonly<Record<number, string | undefined>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error"
}

/** An error body of Anthropic: `{type: "error", error: {type, message}, request_id}`. */
export const messagesError = (status: number, text: string, number: number, type?: string): string =>
  JSON.stringify({
    type: "error",
    error: { type: type ?? errorTypes[status] ?? (status >= 500 ? "api_error" : "invalid_request_error"), message: text },
    request_id: `req_sim${String(number).padStart(8, "0")}`
  })
