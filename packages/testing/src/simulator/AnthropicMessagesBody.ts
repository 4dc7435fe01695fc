/** Writes a script as one buffered Anthropic message. */
import { message, nothing, stopFields, toolBlock, wireUsage } from "./AnthropicMessagesWire.ts"
import { fold, type FoldedChoice } from "./Fold.ts"
import { objectOf, parseJson } from "./Json.ts"
import type { Answer, WrittenBody } from "./Provider.ts"
import type { Script } from "./Script.ts"
import { tally } from "./Usage.ts"

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
