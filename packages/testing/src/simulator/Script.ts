/**
 * The dialect-neutral script of an answer: the steps a scenario consists of. A provider's frame writer turns
 * each step into that provider's wire text; a body writer folds all of them into one JSON body. A script says
 * what the model does, never how it looks on the wire, except for `raw`, which is wire text on purpose.
 */
import type { ConnectionFault } from "./Actions.ts"
import type { ToolName } from "./Facts.ts"

/** Why an answer stops; each provider has its own words for these. */
export type FinishReason = "stop" | "length" | "tool-calls" | "stop-sequence" | "content-filter" | "refusal"

/** One step of an answer. Only text, reasoning, refusal and arguments count as content events of the `after` parameter; nothing follows a fault. */
export type Step =
  | { readonly type: "start" }
  | { readonly type: "text"; readonly text: string; readonly choice: number }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "signature"; readonly value: string }
  | { readonly type: "redacted"; readonly data: string }
  | { readonly type: "refusal"; readonly text: string }
  | { readonly type: "tool"; readonly call: number; readonly id: string } & ToolName
  | { readonly type: "arguments"; readonly call: number; readonly text: string }
  | { readonly type: "finish"; readonly reason: FinishReason; readonly choice: number; readonly stopSequence?: string }
  | { readonly type: "usage" }
  | { readonly type: "end" }
  | { readonly type: "ping" }
  | { readonly type: "error"; readonly status: number }
  | { readonly type: "garbage" }
  | { readonly type: "raw"; readonly text: string }
  | { readonly type: "pause"; readonly millis: number }
  | { readonly type: "fault"; readonly fault: ConnectionFault }

/** A script is pulled step by step, so that a long answer costs no memory and stops when its reader leaves. */
export type Script = Iterable<Step>

/** Whether a step is content in the sense of the `after` parameter. */
export const isContent = (step: Step): boolean => step.type === "text" || step.type === "reasoning" || step.type === "refusal" || step.type === "arguments"

/** Cuts a text into fragments of a word and its white space each, the size of token that real streams show. */
export const words = (text: string): ReadonlyArray<string> => text.match(/\S+\s*|\s+/g) ?? []

/** Cuts a text into at most `count` fragments of nearly equal length, never inside a surrogate pair. */
export const pieces = (text: string, count: number): ReadonlyArray<string> => {
  const symbols = Array.from(text)
  const size = Math.max(1, Math.ceil(symbols.length / Math.max(1, count)))
  const out: Array<string> = []
  for (let at = 0; at < symbols.length; at += size) out.push(symbols.slice(at, at + size).join(""))
  return out
}
