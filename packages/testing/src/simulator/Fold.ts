/**
 * Folds a script into the parts of a buffered answer, per choice. Used by every provider's body writer, so that
 * streamed and buffered answers of one scenario say the same. Transport steps (pauses, faults) have no part in it.
 */
import type { ToolName } from "./Facts.ts"
import type { FinishReason, Script, Step } from "./Script.ts"

/** A call of a buffered answer; its arguments grow while the script is folded. */
export interface FoldedCall extends ToolName {
  readonly id: string
  arguments: string
}

/** One part of a buffered answer, in order of appearance. */
export type FoldedPart =
  | { readonly type: "text"; text: string }
  | { readonly type: "reasoning"; text: string; signature: string }
  | { readonly type: "redacted"; readonly data: string }
  | { readonly type: "refusal"; text: string }
  | { readonly type: "tool"; readonly call: FoldedCall }

/** One choice of a buffered answer. */
export interface FoldedChoice {
  readonly parts: Array<FoldedPart>
  reason: FinishReason
  stopSequence: string | undefined
}

const append = (choice: FoldedChoice, type: "text" | "refusal", text: string): void => {
  const last = choice.parts.at(-1)
  if (last?.type === type) last.text += text
  else choice.parts.push({ type, text })
}

const appendReasoning = (choice: FoldedChoice, text: string, signature: string): void => {
  const last = choice.parts.at(-1)
  if (last?.type === "reasoning") {
    last.text += text
    last.signature += signature
  } else {
    choice.parts.push({ type: "reasoning", text, signature })
  }
}

/** All choices of a script, at least one, in order. */
export const fold = (script: Script): ReadonlyArray<FoldedChoice> => {
  const choices: Array<FoldedChoice> = []
  const calls = new Map<number, FoldedCall>()
  const at = (index: number): FoldedChoice => choices[index] ??= { parts: [], reason: "stop", stopSequence: undefined }
  const take = (step: Step): void => {
    switch (step.type) {
      case "text":
        return append(at(step.choice), "text", step.text)
      case "refusal":
        return append(at(0), "refusal", step.text)
      case "reasoning":
        return appendReasoning(at(0), step.text, "")
      case "signature":
        return appendReasoning(at(0), "", step.value)
      case "redacted":
        at(0).parts.push({ type: "redacted", data: step.data })
        return
      case "tool": {
        const { type: _, call: __, ...called } = step
        const call = { ...called, arguments: "" }
        calls.set(step.call, call)
        at(0).parts.push({ type: "tool", call })
        return
      }
      case "arguments": {
        const call = calls.get(step.call)
        if (call !== undefined) call.arguments += step.text
        return
      }
      case "finish": {
        const choice = at(step.choice)
        choice.reason = step.reason
        choice.stopSequence = step.stopSequence
        return
      }
      default:
        return
    }
  }
  at(0)
  for (const step of script) take(step)
  return choices
}
