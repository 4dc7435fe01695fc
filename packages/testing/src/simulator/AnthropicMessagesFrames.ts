/**
 * Writes scripts as streams of Anthropic's named events, by hand. Lawful streams have message_start once and with
 * usage, contiguous blocks that never overlap, one message_delta with stop reason and output tokens, message_stop
 * last. The protocol cannot interleave blocks and has one choice only.
 */
import { cacheUsage, emptyBlocks, event, message, messagesError, nothing, stopFields, toolBlock, wireUsage } from "./AnthropicMessagesWire.ts"
import type { Answer, FrameWriter } from "./Provider.ts"
import type { Step } from "./Script.ts"
import { tally } from "./Usage.ts"

type Finish = Step & { readonly type: "finish" }

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
  const empty = (): string => answer.quirk === "empty-events" ? `data:\n\nevent: ping\n\n: nothing\n\n${delta({ type: "text_delta", text: "" })}` : ""
  const start = (): string => {
    const silent = answer.habit === "missing" || answer.habit === "late"
    const started = event("message_start", { message: message(answer, [], wireUsage(silent ? nothing : answer.usage, silent ? 0 : 1), {}) })
    return answer.quirk === "repeated-start" ? started + started : started
  }
  const finish = (step: Finish): string => {
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
        return begin("text", emptyBlocks.text) + empty() + delta({ type: "text_delta", text: step.text })
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
