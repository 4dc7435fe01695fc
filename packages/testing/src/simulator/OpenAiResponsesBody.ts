/** Writes a script as one buffered OpenAI response. */
import { fold, type FoldedPart } from "./Fold.ts"
import {
  callItem,
  endStatus,
  itemId,
  type ItemStatus,
  messageItem,
  reasoningItem,
  refusalPart,
  response,
  statedUsage,
  textPart
} from "./OpenAiResponsesWire.ts"
import type { Answer, WrittenBody } from "./Provider.ts"
import type { Script } from "./Script.ts"
import { tally } from "./Usage.ts"

const item = (answer: Answer, part: FoldedPart, index: number, status: ItemStatus, tokens: ReadonlyArray<string>): object => {
  switch (part.type) {
    case "text":
      return messageItem(itemId(answer, "msg", index), status, [textPart(answer, tokens)])
    case "refusal":
      return messageItem(itemId(answer, "msg", index), status, [refusalPart(part.text)])
    case "reasoning":
      return reasoningItem(answer, itemId(answer, "rs", index), part.text, part.signature)
    case "redacted":
      return reasoningItem(answer, itemId(answer, "rs", index), "", part.data)
    case "tool": {
      const { call } = part
      return callItem(itemId(answer, call.custom === true ? "ctc" : "fc", index), call.id, call, call.arguments, status)
    }
  }
}

/** One buffered answer; the protocol has one choice only. */
export const responsesBody = (answer: Answer, script: Script): WrittenBody => {
  const counted = tally(answer.usage)
  const steps = [...script].filter((step) => !((step.type === "text" || step.type === "finish") && step.choice > 0))
  for (const step of steps) counted.add(step)
  const [choice = { parts: [], reason: "stop" as const }] = fold(steps)
  const status = endStatus(choice.reason)
  // No script has two texts in one choice
  const tokens = steps.flatMap((step) => step.type === "text" ? [step.text] : [])
  const output = choice.parts.map((part, index) => item(answer, part, index, index === choice.parts.length - 1 ? status : "completed", tokens))
  const usage = counted.usage()
  return { json: JSON.stringify(response(answer, output, { status, reason: choice.reason, ...statedUsage(answer, usage) })), usage }
}
