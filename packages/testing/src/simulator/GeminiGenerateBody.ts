/** Writes a script as one buffered Gemini response. */
import { fold, type FoldedChoice } from "./Fold.ts"
import { blocked, callPart, finishReasons, logprobFields, response, safetyFields, wireJson } from "./GeminiGenerateWire.ts"
import type { Answer, WrittenBody } from "./Provider.ts"
import type { Script } from "./Script.ts"
import { tally } from "./Usage.ts"

const parts = (answer: Answer, choice: FoldedChoice): ReadonlyArray<object> =>
  choice.parts.flatMap((part): ReadonlyArray<Record<string, unknown>> => {
    switch (part.type) {
      case "text":
        return [{ text: part.text }]
      case "reasoning":
        return part.text === "" ? [] : [{ text: part.text, thought: true }]
      case "tool":
        return [callPart(answer, part.call.id, part.call.name, part.call.arguments)]
      default:
        return []
    }
  })

/** The thought's signature is carried by the first call, or by the last part where nothing is called. */
const signed = (list: ReadonlyArray<object>, signature: string): ReadonlyArray<object> => {
  const call = list.findIndex((part) => "functionCall" in part)
  const at = call >= 0 ? call : list.length - 1
  return signature === "" ? list : list.map((part, index) => index === at ? { ...part, thoughtSignature: signature } : part)
}

/** One buffered answer. */
export const generateBody = (answer: Answer, script: Script): WrittenBody => {
  const counted = tally(answer.usage)
  const steps = [...script]
  // A blocked prompt produces nothing, so that the words of a refusal cost nothing
  for (const step of steps) if (step.type !== "refusal") counted.add(step)
  const usage = counted.usage()
  const stated = answer.habit === "missing" ? undefined : usage
  if (steps.some((step) => step.type === "refusal")) return { json: wireJson(response(answer, blocked, stated)), usage }
  const candidates = fold(steps).map((choice, index) => {
    const text = steps.flatMap((step) => step.type === "text" && step.choice === index ? [step.text] : [])
    const signature = choice.parts.map((part) => part.type === "reasoning" ? part.signature : "").join("")
    return {
      content: { parts: signed(parts(answer, choice), signature), role: "model" },
      finishReason: finishReasons[choice.reason],
      index,
      ...safetyFields(choice.reason),
      ...logprobFields(answer, text)
    }
  })
  return { json: wireJson(response(answer, { candidates }, stated)), usage }
}
