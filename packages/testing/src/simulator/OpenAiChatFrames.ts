/**
 * Writes scripts as OpenAI chat completions: streamed chunks and buffered bodies, by hand. Wire facts are those of
 * the official specification and of recorded traffic: role in the first chunk, one id throughout, `usage: null` on
 * every chunk and a final chunk without choices when usage was asked for, `[DONE]` last.
 */
import { fold, type FoldedChoice } from "./Fold.ts"
import type { Answer, FrameWriter, WrittenBody } from "./Provider.ts"
import type { FinishReason, Script, Step } from "./Script.ts"
import { tally, type UsageNumbers } from "./Usage.ts"

const finishReasons: Readonly<Record<FinishReason, string>> = {
  "stop": "stop",
  "length": "length",
  "tool-calls": "tool_calls",
  "stop-sequence": "stop",
  "content-filter": "content_filter",
  "refusal": "stop"
}

const wireUsage = (usage: UsageNumbers): object => {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h
  const completion = usage.output + usage.reasoning
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 }
  }
}

const completionId = (answer: Answer): string => `chatcmpl-sim${String(answer.number).padStart(8, "0")}`

/** Seconds since the epoch, fixed but for the number of the answer. */
const created = (answer: Answer): number => 1_760_000_000 + answer.number

const logprob = (answer: Answer, token: string): object => ({
  token,
  logprob: -0.125,
  bytes: [...Buffer.from(token)],
  top_logprobs: Array.from({ length: answer.facts.topLogprobs }, (_, rank) => {
    const text = rank === 0 ? token : `${token}${rank}`
    return { token: text, logprob: -0.125 - rank, bytes: [...Buffer.from(text)] }
  })
})

/** A fresh writer of the chunks of one streamed answer. */
export const chatFrames = (answer: Answer): FrameWriter => {
  const { facts } = answer
  const counted = tally(answer.usage)
  const prefix = `data: {"id":"${completionId(answer)}","object":"chat.completion.chunk","created":${created(answer)},"model":${
    JSON.stringify(facts.model)
  },"service_tier":"default","system_fingerprint":"fp_simulator","choices":`
  const told = facts.includeUsage && answer.habit !== "missing"
  const suffix = told ? ",\"usage\":null}\n\n" : "}\n\n"
  const opened = new Set<number>()
  let ended = false

  const chunk = (choices: string): string => `${prefix}${choices}${suffix}`
  const choiceChunk = (choice: number, delta: object, token?: string): string => {
    const logprobs = token === undefined || !answer.logprobs ? "null" : JSON.stringify({ content: [logprob(answer, token)], refusal: null })
    return chunk(`[{"index":${choice},"delta":${JSON.stringify(delta)},"logprobs":${logprobs},"finish_reason":null}]`)
  }
  const role = (choice: number): string => {
    if (opened.has(choice)) return ""
    opened.add(choice)
    return choiceChunk(choice, { role: "assistant", content: "", refusal: null })
  }
  const usageChunk = (): string => {
    const late = answer.habit === "late" ? chunk("[]") : ""
    return `${late}${prefix}[],"usage":${JSON.stringify(wireUsage(counted.usage()))}}\n\n`
  }

  const write = (step: Step): string => {
    counted.add(step)
    switch (step.type) {
      case "start":
        return role(0)
      case "text":
        return role(step.choice) + choiceChunk(step.choice, { content: step.text }, step.text)
      case "refusal":
        return choiceChunk(0, { refusal: step.text })
      case "reasoning":
        return choiceChunk(0, { content: null, reasoning_content: step.text })
      case "tool":
        return choiceChunk(0, { tool_calls: [{ index: step.call, id: step.id, type: "function", function: { name: step.name, arguments: "" } }] })
      case "arguments":
        return choiceChunk(0, { tool_calls: [{ index: step.call, function: { arguments: step.text } }] })
      case "finish":
        return chunk(`[{"index":${step.choice},"delta":{},"logprobs":null,"finish_reason":"${finishReasons[step.reason]}"}]`)
      case "usage":
        return told ? usageChunk() : ""
      case "end":
        ended = true
        return "data: [DONE]\n\n"
      case "ping":
        return ended ? "" : ": keep-alive\n\n"
      case "error":
        return `data: ${chatError(step.status, "The server had an error while processing your request.")}\n\n`
      case "garbage":
        return `${prefix}[{"index":0,"delta":{"content":"brok\n\n`
      case "raw":
        return step.text
      default:
        return ""
    }
  }
  return { write, usage: counted.usage }
}

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
      : { tool_calls: calls.map((call) => ({ id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } })) })
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

const errorTypes: Readonly<Record<number, readonly [type: string, code: string | null] | undefined>> = {
  400: ["invalid_request_error", null],
  401: ["invalid_request_error", "invalid_api_key"],
  403: ["request_forbidden", "unsupported_country_region_territory"],
  404: ["invalid_request_error", "model_not_found"],
  429: ["requests", "rate_limit_exceeded"]
}

/** An error body of OpenAI: `{error: {message, type, param, code}}`, all four keys always there. */
export const chatError = (status: number, message: string, code?: string, parameter?: string): string => {
  const [type, usual] = errorTypes[status] ?? (status >= 500 ? ["server_error", null] : ["invalid_request_error", null])
  return JSON.stringify({ error: { message, type: code === "insufficient_quota" ? code : type, param: parameter ?? null, code: code ?? usual } })
}
