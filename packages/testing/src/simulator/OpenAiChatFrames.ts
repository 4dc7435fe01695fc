/**
 * Writes scripts as streams of OpenAI chat completion chunks, by hand. Lawful streams have the role in the first
 * chunk, one id throughout, `usage: null` on every chunk and a final chunk without choices when usage was asked for,
 * and `[DONE]` last; habits and quirks are those of services that imitate the protocol.
 */
import { chatError, completionId, created, finishReasons, logprob, wireCall, wireUsage } from "./OpenAiChatWire.ts"
import type { Answer, FrameWriter } from "./Provider.ts"
import type { Step } from "./Script.ts"
import { tally } from "./Usage.ts"

type Finish = Step & { readonly type: "finish" }
type Tool = Step & { readonly type: "tool" }

const frame = (fields: string): string => `data: {${fields}}\n\n`

/** A fresh writer of the chunks of one streamed answer. */
export const chatFrames = (answer: Answer): FrameWriter => {
  const { facts, habit, quirk } = answer
  const counted = tally(answer.usage)
  const id = completionId(answer)
  const constant = `"object":"chat.completion.chunk","created":${created(answer)},"model":${JSON.stringify(facts.model)}`
    + ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulator\""
  const fixed = `"id":"${id}",${constant}`
  const told = facts.includeUsage && habit !== "missing"
  const opened = new Set<number>()
  /** Calls of tools that take free text. */
  const custom = new Set<number>()
  let chunks = 0

  const prefix = (): string => quirk === "changing-ids" ? `"id":"${id}-${++chunks}",${constant}` : fixed
  const usage = (): string => JSON.stringify(wireUsage(counted.usage()))
  const suffix = (): string => {
    if (habit === "cumulative") return `,"usage":${usage()}`
    return told ? ",\"usage\":null" : ""
  }
  const chunk = (choices: string): string => frame(`${prefix()},"choices":${choices}${suffix()}`)
  const choiceChunk = (choice: number, delta: object, token?: string): string => {
    const logprobs = token === undefined || !answer.logprobs ? "null" : JSON.stringify({ content: [logprob(answer, token)], refusal: null })
    return chunk(`[{"index":${choice},"delta":${JSON.stringify(delta)},"logprobs":${logprobs},"finish_reason":null}]`)
  }
  const role = (choice: number): string => {
    if (opened.has(choice)) return ""
    opened.add(choice)
    return choiceChunk(choice, { role: "assistant", content: "", refusal: null })
  }
  const text = (step: Step & { readonly type: "text" }): string => {
    const empty = quirk === "empty-events" ? `data:\n\n: nothing\n\n${chunk("[]")}` : ""
    const delta = quirk === "repeated-start" ? { role: "assistant", content: step.text } : { content: step.text }
    return empty + role(step.choice) + choiceChunk(step.choice, delta, step.text)
  }
  const callChunk = (call: object): string => choiceChunk(0, { tool_calls: [call] })
  const tool = (step: Tool): string => {
    if (step.custom === true) custom.add(step.call)
    if (quirk !== "late-names" || step.custom === true) return callChunk({ index: step.call, id: step.id, ...wireCall(step, "") })
    return callChunk({ index: step.call, id: step.id, type: "function" }) + callChunk({ index: step.call, function: { name: step.name, arguments: "" } })
  }
  const finish = (step: Finish): string => {
    const choices = `[{"index":${step.choice},"delta":{},"logprobs":null,"finish_reason":"${finishReasons[step.reason]}"}]`
    return habit === "with-finish" ? frame(`${prefix()},"choices":${choices},"usage":${usage()}`) : chunk(choices)
  }
  const usageChunk = (): string => {
    if (!told || habit === "with-finish" || habit === "cumulative") return ""
    return (habit === "late" ? chunk("[]") : "") + frame(`${prefix()},"choices":[],"usage":${usage()}`)
  }

  const write = (step: Step): string => {
    counted.add(step)
    switch (step.type) {
      case "start":
        return role(0)
      case "text":
        return text(step)
      case "refusal":
        return choiceChunk(0, { refusal: step.text })
      case "reasoning":
        return choiceChunk(0, { content: null, reasoning_content: step.text })
      case "tool":
        return tool(step)
      case "arguments":
        return callChunk({ index: step.call, ...(custom.has(step.call) ? { custom: { input: step.text } } : { function: { arguments: step.text } }) })
      case "finish":
        return finish(step)
      case "usage":
        return usageChunk()
      case "end":
        return "data: [DONE]\n\n"
      case "ping":
        return ": keep-alive\n\n"
      case "error":
        return `data: ${chatError(step.status, "The server had an error while processing your request.")}\n\n`
      case "garbage":
        return `data: {${fixed},"choices":[{"index":0,"delta":{"content":"brok\n\n`
      case "raw":
        return step.text
      default:
        return ""
    }
  }
  return { write, usage: counted.usage }
}
