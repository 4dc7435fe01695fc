/**
 * Building blocks of scripts: pieces of an answer (a text, a thought, tool calls, an ending) as generators of steps.
 * Scenarios put them together; no faults and no pacing here.
 */
import type { Facts, OfferedTool, ToolName } from "./Facts.ts"
import { sampleValue } from "./SampleValue.ts"
import { type FinishReason, pieces, type Step, words } from "./Script.ts"

/** What the building blocks need besides the facts of the request. */
export interface Context {
  readonly facts: Facts
  readonly callId: (call: number) => string
  readonly signature: (reasoning: string) => string | undefined
  readonly redacted: string
  readonly interleaves: boolean
}

/** The default answer: words, non-ASCII letters, an emoji outside the basic plane, quotes, a line break and a backslash. */
export const sampleText = "Hello from the simulator. Grüße, 你好, \u{1f44b} and \u201cquotes\u201d with \"these\" too,\na second line and a \\ backslash."

/** The default thought. */
export const sampleThought = "The caller wants an answer. I should think about it first, then say it."

/** Streams a text into one choice, word by word or in `count` pieces. */
export function* textSteps(text: string, choice = 0, count = 0): Generator<Step> {
  for (const part of count > 0 ? pieces(text, count) : words(text)) yield { type: "text", text: part, choice }
}

/** Streams a thought and, where the provider signs thoughts, its signature. */
export function* reasoningSteps(context: Context, thought: string): Generator<Step> {
  for (const text of words(thought)) yield { type: "reasoning", text }
  const value = context.signature(thought)
  if (value !== undefined) yield { type: "signature", value }
}

/** One call the model makes: its tool and the JSON text of its arguments, or the free text a custom tool takes. */
export interface PlannedCall extends ToolName {
  readonly arguments: string
}

/** What a call says of a tool. */
export const nameOf = ({ custom, name, namespace }: ToolName): ToolName => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  ...(custom === undefined ? {} : { custom })
})

/** A call of an offered tool with arguments synthesised from its schema. */
export const plannedCall = (tool: OfferedTool): PlannedCall => ({
  ...nameOf(tool),
  arguments: tool.custom === true ? `sample ${tool.name}` : JSON.stringify(sampleValue(tool.schema))
})

/** Streams calls one after the other, or with their arguments interleaved; arguments in three fragments or one per six characters, whichever is more. */
export function* callSteps(context: Context, calls: ReadonlyArray<PlannedCall>, interleave: boolean): Generator<Step> {
  const fragments = calls.map((call) => pieces(call.arguments, Math.max(3, Math.ceil(call.arguments.length / 6))))
  if (!interleave) {
    for (const [call, planned] of calls.entries()) {
      yield { type: "tool", call, id: context.callId(call), ...nameOf(planned) }
      for (const text of fragments[call] ?? []) yield { type: "arguments", call, text }
    }
    return
  }
  for (const [call, planned] of calls.entries()) yield { type: "tool", call, id: context.callId(call), ...nameOf(planned) }
  const longest = Math.max(0, ...fragments.map((list) => list.length))
  for (let at = 0; at < longest; at++) {
    for (const call of calls.keys()) {
      const text = fragments[call]?.[at]
      if (text !== undefined) yield { type: "arguments", call, text }
    }
  }
}

/** The ordinary ending: finish, usage, the protocol's terminator. */
export function* ending(reason: FinishReason, stopSequence?: string): Generator<Step> {
  yield stopSequence === undefined ? { type: "finish", reason, choice: 0 } : { type: "finish", reason, choice: 0, stopSequence }
  yield { type: "usage" }
  yield { type: "end" }
}
