/** Writes a script as one buffered OpenAI chat completion. */
import { fold, type FoldedChoice } from "./Fold.ts"
import { completionId, created, finishReasons, logprob, wireCall, wireUsage } from "./OpenAiChatWire.ts"
import type { Answer, WrittenBody } from "./Provider.ts"
import type { Script } from "./Script.ts"
import { tally } from "./Usage.ts"

const wireMessage = (choice: FoldedChoice): object => {
  const text = choice.parts.flatMap((part) => part.type === "text" ? [part.text] : []).join("")
  const refusal = choice.parts.flatMap((part) => part.type === "refusal" ? [part.text] : []).join("")
  const reasoning = choice.parts.flatMap((part) => part.type === "reasoning" ? [part.text] : []).join("")
  const calls = choice.parts.flatMap((part) => part.type === "tool" ? [part.call] : [])
  return {
    role: "assistant",
    content: text === "" ? null : text,
    refusal: refusal === "" ? null : refusal,
    annotations: [],
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0
      ? {}
      : { tool_calls: calls.map((call) => ({ id: call.id, ...wireCall(call, call.arguments) })) })
  }
}

/** One buffered answer. */
export const chatBody = (answer: Answer, script: Script): WrittenBody => {
  const counted = tally(answer.usage)
  const steps = [...script]
  for (const step of steps) counted.add(step)
  const choices = fold(steps).map((choice, index) => {
    const text = steps.flatMap((step) => step.type === "text" && step.choice === index ? [step.text] : [])
    return {
      index,
      message: wireMessage(choice),
      logprobs: answer.logprobs ? { content: text.map((token) => logprob(answer, token)), refusal: null } : null,
      finish_reason: finishReasons[choice.reason]
    }
  })
  const usage = counted.usage()
  const body = {
    id: completionId(answer),
    object: "chat.completion",
    created: created(answer),
    model: answer.facts.model,
    choices,
    ...(answer.habit === "missing" ? {} : { usage: wireUsage(usage) }),
    service_tier: "default",
    system_fingerprint: "fp_simulator"
  }
  return { json: JSON.stringify(body), usage }
}
