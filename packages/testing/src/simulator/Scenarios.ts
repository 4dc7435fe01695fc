/**
 * The table of scenarios: what each one says and does, in dialect-neutral steps. A scenario that needs a special
 * reply instead of a script (an error status, a page, no head at all) is marked by its `reply` and played by Play.ts.
 */
import { answerText, autoScript } from "./Auto.ts"
import { callSteps, type Context, ending, type PlannedCall, plannedCall, reasoningSteps, sampleText, sampleThought, textSteps } from "./Content.ts"
import type { UsageHabit } from "./Provider.ts"
import { isContent, type Script, type Step } from "./Script.ts"
import { isSet, numberParameter, type Selection } from "./Selection.ts"

/** How a scenario replies: by its script, in the wrong mode, or in a way that has no script. */
export type ReplyKind = "script" | "wrong-mode" | "error" | "error-page" | "page" | "empty" | "stall-head" | "reset-head"

/** One scenario. `fault` scenarios are the ones `fail=n` ends after n requests. */
export interface Scenario {
  readonly about: string
  readonly fault: boolean
  readonly reply: ReplyKind
  readonly habit: UsageHabit
  readonly defaults: Readonly<Record<string, number>>
  readonly script: (context: Context, selection: Selection) => Script
}

const parameter = (scenario: Pick<Scenario, "defaults">, selection: Selection, name: string, otherwise: number): number =>
  numberParameter(selection, name, scenario.defaults[name] ?? otherwise)

/** A parameter of a selection with the scenario's own default. */
export const scenarioParameter = (selection: Selection, name: string, otherwise: number): number =>
  parameter(scenarios[selection.scenario] ?? { defaults: {} }, selection, name, otherwise)

function* plainText(context: Context, selection: Selection): Generator<Step> {
  yield { type: "start" }
  yield* textSteps(sampleText, 0, numberParameter(selection, "events", 0))
  yield* ending("stop")
}

function* longText(_context: Context, selection: Selection): Generator<Step> {
  const events = scenarioParameter(selection, "events", 200)
  const size = numberParameter(selection, "size", 0)
  yield { type: "start" }
  for (let n = 1; n <= events; n++) yield { type: "text", text: `token${n} `.padStart(size, "."), choice: 0 }
  yield* ending("stop")
}

/** The script up to the fault: `after` content events, then the fault; nothing at all of the script when `after` is 0. */
function* interrupted(script: Script, after: number, faults: ReadonlyArray<Step>): Generator<Step> {
  let seen = 0
  if (after > 0) {
    for (const step of script) {
      if (step.type === "finish" || (isContent(step) && seen >= after)) break
      if (isContent(step)) seen++
      yield step
    }
  }
  yield* faults
}

const interruptedText = (faults: (selection: Selection) => ReadonlyArray<Step>): Scenario["script"] => (context, selection) =>
  interrupted(longText(context, selection), scenarioParameter(selection, "after", 3), faults(selection))

function* inserted(script: Script, after: number, extra: ReadonlyArray<Step>): Generator<Step> {
  let seen = 0
  for (const step of script) {
    yield step
    if (isContent(step) && ++seen === after) yield* extra
  }
}

const defaultCalls: ReadonlyArray<PlannedCall> = [
  { name: "get_weather", arguments: "{\"city\":\"Zürich\",\"unit\":\"celsius\"}" },
  { name: "get_time", arguments: "{\"zone\":\"Europe/Zurich\",\"precise\":true}" }
]

const plannedCalls = (context: Context, count: number): ReadonlyArray<PlannedCall> => {
  const offered = context.facts.tools.map(plannedCall)
  const known = offered.length > 0 ? offered : defaultCalls
  return Array.from({ length: count }, (_, index) => known[index % known.length]).filter((call) => call !== undefined)
}

const callScript = (count: number): Scenario["script"] =>
  function*(context, selection) {
    yield { type: "start" }
    if (context.facts.lastIsToolResult && !isSet(selection, "always")) {
      yield* textSteps(answerText(context.facts))
      return yield* ending("stop")
    }
    if (isSet(selection, "text")) yield* textSteps("Let me look that up. ")
    yield* callSteps(context, plannedCalls(context, numberParameter(selection, "calls", count)), context.interleaves && isSet(selection, "interleave"))
    yield* ending("tool-calls")
  }

function* reasoningScript(context: Context, selection: Selection): Generator<Step> {
  yield { type: "start" }
  if (isSet(selection, "redacted") && context.signature("") !== undefined) yield { type: "redacted", data: context.redacted }
  else yield* reasoningSteps(context, sampleThought)
  if (isSet(selection, "tools") && !context.facts.lastIsToolResult) {
    yield* callSteps(context, plannedCalls(context, 1), false)
    return yield* ending("tool-calls")
  }
  yield* textSteps(context.facts.lastIsToolResult ? answerText(context.facts) : sampleText)
  yield* ending("stop")
}

function* refusalScript(): Generator<Step> {
  yield { type: "start" }
  for (const text of ["I can't ", "help ", "with ", "that."]) yield { type: "refusal", text }
  yield* ending("refusal")
}

const endingWith = (reason: "length" | "content-filter"): Scenario["script"] =>
  function*() {
    yield { type: "start" }
    yield* textSteps("This answer stops in the middle of a")
    yield* ending(reason)
  }

function* stopSequenceScript(context: Context): Generator<Step> {
  yield { type: "start" }
  yield* textSteps("One, two, three")
  yield* ending("stop-sequence", context.facts.stopSequences[0] ?? "\n\n")
}

function* structuredScript(context: Context): Generator<Step> {
  const { facts } = context
  yield { type: "start" }
  yield* textSteps(facts.responseSchema === undefined ? "{\"answer\":42,\"tags\":[\"a\",\"b\"]}" : answerText(facts), 0, 8)
  yield* ending("stop")
}

function* choicesScript(context: Context, selection: Selection): Generator<Step> {
  const count = numberParameter(selection, "n", Math.max(2, context.facts.choices))
  yield { type: "start" }
  for (const word of ["One ", "of ", "several ", "answers."]) {
    for (let choice = 0; choice < count; choice++) yield { type: "text", text: word, choice }
  }
  for (let choice = 0; choice < count; choice++) yield { type: "finish", reason: "stop", choice }
  yield { type: "usage" }
  yield { type: "end" }
}

const withoutEnd = (script: Script): ReadonlyArray<Step> => [...script].filter((step) => step.type !== "end")

function* hugeScript(_context: Context, selection: Selection): Generator<Step> {
  yield { type: "start" }
  yield { type: "text", text: "x".repeat(numberParameter(selection, "bytes", 2 * 1024 * 1024)), choice: 0 }
  yield* ending("stop")
}

function* repeatedEnding(context: Context, selection: Selection): Generator<Step> {
  yield* plainText(context, selection)
  yield* ending("stop")
}

function* contentAfterFinish(): Generator<Step> {
  yield { type: "start" }
  yield* textSteps("Before the finish.")
  yield { type: "finish", reason: "stop", choice: 0 }
  yield* textSteps(" After the finish.")
  yield { type: "usage" }
  yield { type: "end" }
}

const scenario = (about: string, script: Scenario["script"], more: Partial<Omit<Scenario, "about" | "script">> = {}): Scenario => ({
  about,
  script,
  fault: false,
  reply: "script",
  habit: "reported",
  defaults: {},
  ...more
})

const fault = (about: string, script: Scenario["script"], more: Partial<Omit<Scenario, "about" | "script">> = {}): Scenario =>
  scenario(about, script, { fault: true, ...more })

/** Every scenario by name. */
export const scenarios: Readonly<Record<string, Scenario | undefined>> = {
  "auto": scenario("behaves like a sensible model", autoScript),
  "text": scenario("a short text; events=n pieces", plainText),
  "tools": scenario("one tool call, then a text once the result is there; text=1 speaks before it", callScript(1)),
  "parallel-tools": scenario("two tool calls; calls=n, interleave=1 mixes their arguments where the protocol can", callScript(2)),
  "reasoning": scenario("a thought, then a text; redacted=1, tools=1", reasoningScript),
  "refusal": scenario("the model refuses", refusalScript),
  "length": scenario("stops at max tokens", endingWith("length")),
  "content-filter": scenario("stopped by the content filter", endingWith("content-filter")),
  "stop-sequence": scenario("stops at a stop sequence", stopSequenceScript),
  "structured": scenario("JSON that satisfies the requested schema", structuredScript),
  "long": scenario("events=n numbered tokens, size=n characters each", longText),
  "slow": scenario("twenty tokens, 100 ms apart", longText, { defaults: { events: 20, delay: 100 } }),
  "cached": scenario("half of the input was read from a cache", plainText),
  "many-choices": scenario("n=2 choices, interleaved", choicesScript),
  "logprobs": scenario("log probabilities on every token", plainText),
  "ping": scenario("a keep-alive after every content event", (context, selection) => pinged(plainText(context, selection))),
  "crlf": scenario("lines end in CR LF", plainText),
  "retry-line": scenario(
    "an SSE retry line after the second content event",
    (context, selection) => inserted(plainText(context, selection), 2, [{ type: "raw", text: "retry: 3000\n\n" }])
  ),
  "huge-frame": scenario("one event of bytes=n characters", hugeScript),
  "missing-usage": scenario("no usage is ever stated", plainText, { habit: "missing" }),
  "late-usage": scenario("usage arrives later than usual", plainText, { habit: "late" }),
  "no-done": fault("finished, but without the protocol's terminator", (context, selection) => withoutEnd(plainText(context, selection))),
  "duplicate-terminal": fault("the ending is sent twice", repeatedEnding),
  "content-after-finish": fault("content after the finish reason", contentAfterFinish),
  "garbage": fault(
    "broken JSON after after=n content events, then the rest",
    (context, selection) => inserted(longText(context, selection), scenarioParameter(selection, "after", 3), [{ type: "garbage" }]),
    { defaults: { events: 10 } }
  ),
  "stall": fault("the head, after=n content events (none), then nothing until the peer leaves", interruptedText(() => [{ type: "stall" }]), {
    defaults: { after: 0 }
  }),
  "reset": fault("the connection is reset after after=n content events", interruptedText(() => [{ type: "reset" }])),
  "truncated": fault(
    "the body ends early after after=n content events; cut=1 closes the connection inside the body",
    interruptedText((selection) => [
      { type: isSet(selection, "cut") ? "cut" : "close" }
    ])
  ),
  "stream-error": fault(
    "an error event after after=n content events; status=n",
    interruptedText((selection) => [
      { type: "error", status: numberParameter(selection, "status", 529) },
      { type: "close" }
    ])
  ),
  "error": fault("an error status with the provider's body; status=n, retryAfter=s, code=text", plainText, { reply: "error" }),
  "error-html": fault("an HTML error page, status=502", plainText, { reply: "error-page" }),
  "html": fault("status 200 with an HTML page", plainText, { reply: "page" }),
  "empty": fault("status 200 with an empty body", plainText, { reply: "empty" }),
  "json-for-stream": scenario("a JSON body answers a stream request", plainText, { reply: "wrong-mode" }),
  "sse-for-buffered": scenario("a stream answers a buffered request", plainText, { reply: "wrong-mode" }),
  "stall-head": fault("never sends a head", plainText, { reply: "stall-head" }),
  "reset-head": fault("resets the connection before the head", plainText, { reply: "reset-head" })
}

function* pinged(script: Script): Generator<Step> {
  for (const step of script) {
    yield step
    if (step.type === "start" || isContent(step)) yield { type: "ping" }
  }
}
