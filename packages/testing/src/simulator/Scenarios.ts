/**
 * The table of scenarios: one line of what each does, its script or reply, and its default parameters. `fault`
 * marks the ones that `fail=n` ends after n requests. Parameters every scenario knows are listed in Selection.ts.
 */
import type { ConnectionFault } from "./Actions.ts"
import { agent } from "./Agent.ts"
import { autoScript } from "./Auto.ts"
import { accompaniedBy, endedAtEnd, endedBy, interruptedBy, pingsOnly, withoutEnd } from "./FaultScripts.ts"
import type { Quirk, UsageHabit } from "./Provider.ts"
import type { ReplyName } from "./Replies.ts"
import * as Scripts from "./Scripts.ts"
import { isSet, numberParameter, type Selection } from "./Selection.ts"

/** One scenario. `mode` says whether the reply is streamed as asked or the other way round; `connectionFault` is what `at=n` ends with. */
export interface Scenario {
  readonly about: string
  readonly script: Scripts.ScriptOf
  readonly fault: boolean
  readonly reply: ReplyName | undefined
  readonly mode: "asked" | "other"
  readonly habit: UsageHabit
  readonly quirk: Quirk | undefined
  readonly cached: boolean
  readonly logprobs: boolean
  readonly informational: boolean
  readonly defaults: Readonly<Record<string, string | number>>
  readonly connectionFault: (selection: Selection) => ConnectionFault
}

type Details = Partial<Omit<Scenario, "about" | "script">>

const scenario = (about: string, script: Scripts.ScriptOf, details: Details = {}): Scenario => ({
  about,
  script,
  fault: false,
  reply: undefined,
  mode: "asked",
  habit: "reported",
  quirk: undefined,
  cached: false,
  logprobs: false,
  informational: false,
  defaults: {},
  connectionFault: () => "truncate",
  ...details
})

const fault = (about: string, script: Scripts.ScriptOf, details: Details = {}): Scenario => scenario(about, script, { fault: true, ...details })

const reply = (about: string, name: ReplyName, defaults: Scenario["defaults"] = {}): Scenario =>
  scenario(about, Scripts.text, { fault: true, reply: name, defaults })

/** A long text whose connection suffers a fault; with `at=n` the script runs on and the bytes decide. */
const broken = (about: string, connectionFault: Scenario["connectionFault"], defaults: Scenario["defaults"] = {}): Scenario => {
  const ended = endedBy(Scripts.long, (selection) => ({ type: "fault", fault: connectionFault(selection) }))
  return fault(about, (context, selection) => (isSet(selection, "at") ? Scripts.long : ended)(context, selection), { connectionFault, defaults })
}

const answers: Readonly<Record<string, Scenario>> = {
  "auto": scenario("behaves like a sensible model", autoScript),
  "agent": scenario("calls a file-writing tool once for \"file PATH content CONTENT\" in the prompt, then says so", agent),
  "text": scenario("a short text; events=n pieces", Scripts.text),
  "tools": scenario("one tool call, then a text once its result is there; calls=n, text=1, always=1", Scripts.tools),
  "parallel-tools": scenario("two tool calls; interleave=1 mixes their arguments where the protocol can", Scripts.tools, { defaults: { calls: 2 } }),
  "reasoning": scenario("a thought, then a text; redacted=1, tools=1", Scripts.reasoning),
  "refusal": scenario("the model refuses", Scripts.refusal),
  "length": scenario("stops at max tokens", Scripts.unfinished("length")),
  "content-filter": scenario("stopped by the content filter", Scripts.unfinished("content-filter")),
  "stop-sequence": scenario("stops at a stop sequence", Scripts.stopSequence),
  "structured": scenario("JSON that satisfies the requested schema", Scripts.structured),
  "long": scenario("events=200 numbered tokens, size=n characters each", Scripts.long),
  "slow": scenario("twenty tokens, 100 ms apart", Scripts.long, { defaults: { events: 20, delay: 100 } }),
  "cached": scenario("half of the input was read from a cache", Scripts.text, { cached: true }),
  "many-choices": scenario("n=2 choices, interleaved", Scripts.choices),
  "logprobs": scenario("log probabilities on every token", Scripts.text, { logprobs: true })
}

const habits: Readonly<Record<string, Scenario>> = {
  "ping": scenario("a keep-alive after every content event", accompaniedBy(Scripts.text, { type: "ping" })),
  "crlf": scenario("lines end in CR LF", Scripts.text, { defaults: { crlf: 1 } }),
  "retry-line": scenario("an SSE retry line after after=2 content events", interruptedBy(Scripts.text, { type: "raw", text: "retry: 3000\n\n" }), {
    defaults: { after: 2 }
  }),
  "drip": scenario("network writes of split=7 bytes", Scripts.text, { defaults: { split: 7 } }),
  "huge-frame": scenario("one event of bytes=n characters", Scripts.huge),
  "gzip": scenario("a compressed body nobody asked for", Scripts.text, { defaults: { gzip: 1 } }),
  "gzip-bomb": scenario("bytes=n characters that compress well", Scripts.huge, { defaults: { gzip: 1, bytes: 64 * 1024 * 1024 } }),
  "informational": scenario("an interim reply (103) before the head", Scripts.text, { informational: true }),
  "missing-usage": scenario("no usage is ever stated", Scripts.text, { habit: "missing" }),
  "late-usage": scenario("usage arrives later than usual", Scripts.text, { habit: "late" }),
  "usage-with-finish": scenario("usage in the chunk of the finish", Scripts.text, { habit: "with-finish" }),
  "usage-always": scenario("usage so far in every chunk", Scripts.text, { habit: "cumulative" }),
  "changing-ids": scenario("every chunk has an id of its own", Scripts.text, { quirk: "changing-ids" }),
  "repeated-start": scenario("the start is sent twice (role on every chunk)", Scripts.text, { quirk: "repeated-start" }),
  "late-names": scenario("a call's name comes after its id", Scripts.tools, { quirk: "late-names" }),
  "empty-events": scenario("events without data or content between the others", Scripts.text, { quirk: "empty-events" }),
  "json-for-stream": scenario("a JSON body answers a stream request", Scripts.text, { mode: "other" }),
  "sse-for-buffered": scenario("a stream answers a buffered request", Scripts.text, { mode: "other" }),
  "wrong-type": scenario("the right body under type=text/plain", Scripts.text, { defaults: { type: "text/plain" } })
}

const streamFaults: Readonly<Record<string, Scenario>> = {
  "no-done": fault("finished, but without the protocol's terminator", withoutEnd(Scripts.text)),
  "duplicate-terminal": fault("the ending is sent twice", Scripts.twiceEnded),
  "content-after-finish": fault("content after the finish reason", Scripts.contentAfterFinish),
  "garbage": fault("broken JSON after after=3 content events, then the rest", interruptedBy(Scripts.long, { type: "garbage" }), { defaults: { events: 10 } }),
  "stream-error": fault(
    "an error event after after=3 content events, then the end; status=529",
    endedBy(Scripts.long, (selection) => ({ type: "error", status: numberParameter(selection, "status", 529) }))
  ),
  "stall": broken("the head, after=0 content events, then nothing until the peer leaves", () => "stall", { after: 0 }),
  "reset": broken("the connection is reset after after=3 content events", () => "reset"),
  "late-reset": fault(
    "the connection is reset after finish and usage, in place of the terminator",
    endedAtEnd(Scripts.text, { type: "fault", fault: "reset" })
  ),
  "pings-only": fault("the start, then keep-alives for ever, delay=1000 ms apart", pingsOnly),
  "truncated": broken(
    "the body ends early after after=3 content events; cut=1 closes the connection inside the body",
    (selection) => isSet(selection, "cut") ? "cut" : "truncate"
  )
}

const replies: Readonly<Record<string, Scenario>> = {
  "error": reply("an error status with the provider's body; status=500, code=text, retryAfter=text, retryAfterMs=n", "error"),
  "error-html": reply("an HTML error page; status=502", "error-page"),
  "html": reply("status 200 with an HTML page", "page"),
  "redirect": reply("status=307 to location=text", "redirect"),
  "empty": reply("status 200 with an empty body", "empty"),
  "quota": reply("the account has no money left", "quota"),
  "context-overflow": reply("the prompt is longer than the model takes", "context-overflow"),
  "unknown-model": reply("the model does not exist", "unknown-model"),
  "stall-head": reply("never sends a head", "stall-head"),
  "reset-head": reply("resets the connection before the head", "reset-head")
}

/** Every scenario by name; a name that is not here is a model that does not exist. */
export const scenarios: Readonly<Record<string, Scenario | undefined>> = { ...answers, ...habits, ...streamFaults, ...replies }
