/** The scripts of the scenarios: what the model says in each, without faults. Put into the table by Scenarios.ts. */
import { answerText } from "./Auto.ts"
import { callSteps, type Context, ending, type PlannedCall, plannedCall, reasoningSteps, sampleText, sampleThought, textSteps } from "./Content.ts"
import type { Script, Step } from "./Script.ts"
import { isSet, numberParameter, type Selection } from "./Selection.ts"

/** A scenario's way to make the script of one request. */
export type ScriptOf = (context: Context, selection: Selection) => Script

/** A short text with characters that are hard to carry; `events=n` pieces. */
export const text: ScriptOf = function*(_context, selection) {
  yield { type: "start" }
  yield* textSteps(sampleText, 0, numberParameter(selection, "events", 0))
  yield* ending("stop")
}

/** `events=n` numbered tokens of at least `size=n` characters. */
export const long: ScriptOf = function*(_context, selection) {
  const events = numberParameter(selection, "events", 200)
  const size = numberParameter(selection, "size", 0)
  yield { type: "start" }
  for (let n = 1; n <= events; n++) yield { type: "text", text: `token${n} `.padStart(size, "."), choice: 0 }
  yield* ending("stop")
}

const inventedCalls: ReadonlyArray<PlannedCall> = [
  { name: "get_weather", arguments: "{\"city\":\"Zürich\",\"unit\":\"celsius\"}" },
  { name: "get_time", arguments: "{\"zone\":\"Europe/Zurich\",\"precise\":true}" }
]

const plannedCalls = (context: Context, count: number): ReadonlyArray<PlannedCall> => {
  const offered = context.facts.tools.map(plannedCall)
  const known = offered.length > 0 ? offered : inventedCalls
  return Array.from({ length: count }, (_, index) => known[index % known.length]).filter((call) => call !== undefined)
}

/** `calls=n` tool calls; a text once their results are there, unless `always=1`. `text=1` speaks first, `interleave=1` mixes arguments. */
export const tools: ScriptOf = function*(context, selection) {
  yield { type: "start" }
  if (context.facts.lastIsToolResult && !isSet(selection, "always")) {
    yield* textSteps(answerText(context.facts))
    return yield* ending("stop")
  }
  if (isSet(selection, "text")) yield* textSteps("Let me look that up. ")
  yield* callSteps(context, plannedCalls(context, numberParameter(selection, "calls", 1)), context.interleaves && isSet(selection, "interleave"))
  yield* ending("tool-calls")
}

/** A thought, then a text or, with `tools=1`, a call; `redacted=1` hides the thought where the protocol can. */
export const reasoning: ScriptOf = function*(context, selection) {
  yield { type: "start" }
  if (isSet(selection, "redacted") && context.redacted !== "") yield { type: "redacted", data: context.redacted }
  else yield* reasoningSteps(context, sampleThought)
  if (isSet(selection, "tools") && !context.facts.lastIsToolResult) {
    yield* callSteps(context, plannedCalls(context, 1), false)
    return yield* ending("tool-calls")
  }
  yield* textSteps(context.facts.lastIsToolResult ? answerText(context.facts) : sampleText)
  yield* ending("stop")
}

/** The model refuses to answer. */
export const refusal: ScriptOf = function*() {
  yield { type: "start" }
  for (const part of ["I can't ", "help ", "with ", "that."]) yield { type: "refusal", text: part }
  yield* ending("refusal")
}

/** A text that ends for the given reason. */
export const unfinished = (reason: "length" | "content-filter"): ScriptOf =>
  function*() {
    yield { type: "start" }
    yield* textSteps("This answer stops in the middle of a")
    yield* ending(reason)
  }

/** A text that ends at the first stop sequence of the request, or at an empty line. */
export const stopSequence: ScriptOf = function*(context) {
  yield { type: "start" }
  yield* textSteps("One, two, three")
  yield* ending("stop-sequence", context.facts.stopSequences[0] ?? "\n\n")
}

/** JSON that satisfies the requested schema, in eight pieces. */
export const structured: ScriptOf = function*(context) {
  const { facts } = context
  yield { type: "start" }
  yield* textSteps(facts.responseSchema === undefined ? "{\"answer\":42,\"tags\":[\"a\",\"b\"]}" : answerText(facts), 0, 8)
  yield* ending("stop")
}

/** Several choices, interleaved; as many as the request or `n` asks for, at least two. */
export const choices: ScriptOf = function*(context, selection) {
  const count = numberParameter(selection, "n", Math.max(2, context.facts.choices))
  const all = Array.from({ length: count }, (_, choice) => choice)
  yield { type: "start" }
  for (const word of ["One ", "of ", "several ", "answers."]) yield* all.map((choice): Step => ({ type: "text", text: word, choice }))
  yield* all.map((choice): Step => ({ type: "finish", reason: "stop", choice }))
  yield { type: "usage" }
  yield { type: "end" }
}

/** One event of `bytes=n` characters. */
export const huge: ScriptOf = function*(_context, selection) {
  yield { type: "start" }
  yield { type: "text", text: "x".repeat(numberParameter(selection, "bytes", 2 * 1024 * 1024)), choice: 0 }
  yield* ending("stop")
}

/** The whole ending twice. */
export const twiceEnded: ScriptOf = function*(context, selection) {
  yield* text(context, selection)
  yield* ending("stop")
}

/** More text after the finish reason. */
export const contentAfterFinish: ScriptOf = function*() {
  yield { type: "start" }
  yield* textSteps("Before the finish.")
  yield { type: "finish", reason: "stop", choice: 0 }
  yield* textSteps(" After the finish.")
  yield { type: "usage" }
  yield { type: "end" }
}
