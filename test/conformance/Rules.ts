/**
 * What is checked of every recorded exchange, through the Dialect interface alone: the same rules serve every protocol. Each
 * rule says in words what is wrong, or nothing.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import * as CanonicalUsage from "@sluice/protocol/CanonicalUsage"
import * as Collect from "@sluice/protocol/Collect"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Json from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import type { Coverage } from "../../packages/testing/src/Coverage.ts"
import type { Oracle } from "../../packages/testing/src/Laws.ts"
import * as Chunking from "../../packages/testing/src/laws/Chunking.ts"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import * as Crossing from "../../packages/testing/src/laws/Crossing.ts"
import { explain } from "../../packages/testing/src/laws/Difference.ts"
import * as Identity from "../../packages/testing/src/laws/Identity.ts"
import * as Law from "../../packages/testing/src/laws/Law.ts"
import { errorReply, illegality } from "../../packages/testing/src/laws/Legality.ts"
import * as Truncation from "../../packages/testing/src/laws/Truncation.ts"
import type { Case } from "./Fixtures.ts"
import type { RawFacts } from "./RawFacts.ts"

/** A protocol under check. */
export interface Subject {
  readonly dialect: Dialect
  /** Name of the protocol in the recordings. */
  readonly protocol: string
  readonly factsOfBody: (body: never) => RawFacts
  readonly factsOfStream: (events: ReadonlyArray<WireEvent>) => RawFacts
  readonly oracle: Oracle
}

/** One thing that must hold of a recorded exchange; `undefined` as a subject's answer means the rule has nothing to say about it. */
export interface Rule {
  readonly name: string
  readonly direction: "request" | "body" | "stream" | "error"
  /** What is wrong, or nothing. */
  readonly check: (subject: Subject, recorded: Case) => string | undefined
}

/** Whether a rule has something to check in a case. */
export const applies = (rule: Rule, { request, answer }: Case): boolean => {
  switch (rule.direction) {
    case "request":
      return request !== undefined
    case "body":
      return answer?.type === "body" && answer.status === 200
    case "error":
      return answer?.type === "body" && answer.status !== 200
    case "stream":
      return answer?.type === "stream"
  }
}

const wireEvents = (bytes: Uint8Array): ReadonlyArray<WireEvent> => Codec.splitBytes([bytes])

const onStream =
  (check: (subject: Subject, events: ReadonlyArray<WireEvent>, bytes: Uint8Array) => string | undefined): Rule["check"] => (subject, { answer }) =>
    answer?.type === "stream" ? Law.first(...answer.answers.map((bytes) => check(subject, wireEvents(bytes), bytes))) : undefined

const onBody = (check: (subject: Subject, body: Parameters<typeof Identity.response>[1]) => string | undefined): Rule["check"] => (subject, { answer }) =>
  answer?.type === "body" && isObject(answer.json) ? check(subject, answer.json) : undefined

/** Cuts that are the same in every run: one per seed, spread over the bytes. */
const seededShares = (seed: number): ReadonlyArray<number> => Array.from({ length: 6 }, (_, index) => (seed * 131 + index * 389) % 1001)

const everyByte = (length: number): ReadonlyArray<number> => Array.from({ length }, (_, index) => 1000 * index / length)

const sameFacts = (frames: ReadonlyArray<Frame>, raw: RawFacts): string | undefined => {
  const response = Collect.collectFrames(frames)
  const choice = response.choices.find(({ index }) => index === 0)
  const parts = choice?.parts.map(({ part }) => part) ?? []
  const calls = parts.flatMap((part) =>
    part.type === "tool-call" ? [{ name: part.name, arguments: Json.parseArguments(part.arguments) ?? part.arguments }] : []
  )
  const usage = response.usage
  return Law.first(
    explain("the text", raw.text, parts.map((part) => part.type === "text" ? part.text : "").join("")),
    raw.calls.length === 0
      ? undefined
      : explain("the calls", raw.calls.map((call) => ({ ...call, arguments: Json.parseArguments(call.arguments) ?? call.arguments })), calls),
    raw.finish === undefined ? undefined : explain("the finish", raw.finish, choice?.finish?.raw ?? raw.finish),
    raw.inputTokens === undefined ? undefined : explain("input tokens", raw.inputTokens, usage === undefined ? undefined : CanonicalUsage.inputTotal(usage)),
    raw.outputTokens === undefined ? undefined : explain("output tokens", raw.outputTokens, usage === undefined ? undefined : CanonicalUsage.outputTotal(usage))
  )
}

/** What the client of a recorded request is answered, when the answer is written afresh: its words are somebody else's. */
const someAnswer: ReadonlyArray<CanonicalEvent> = [
  { type: "start", id: "answer-1", model: "m" },
  { type: "block-start", choice: 0, index: 0, kind: "text" },
  { type: "text-delta", choice: 0, index: 0, text: "Let me see." },
  { type: "block-end", choice: 0, index: 0 },
  { type: "block-start", choice: 0, index: 1, kind: "tool-call", call: { kind: "function", id: "call_1", name: "look" } },
  { type: "tool-arguments-delta", choice: 0, index: 1, text: "{}" },
  { type: "block-end", choice: 0, index: 1 },
  { type: "finish", choice: 0, reason: "tool-calls" },
  { type: "usage", usage: { input: 3, output: 2 } },
  { type: "end" }
]

/** The rules inside one dialect. */
export const rules: ReadonlyArray<Rule> = [
  {
    name: "identity",
    direction: "request",
    check: ({ dialect }, { request }) => request === undefined ? undefined : Identity.request(dialect, request)
  },
  {
    name: "answer",
    direction: "request",
    check: ({ dialect, oracle }, { request }) => {
      const decoded = request === undefined ? undefined : Codec.decodeRequest(dialect, request)
      if (decoded === undefined || Result.isFailure(decoded)) return undefined
      const asked = decoded.success
      const frames = someAnswer.map((event): Frame => ({ events: [event] }))
      return Law.first(
        oracle.response?.(Codec.transmit(dialect.response.encode(frames, Codec.contextFor(asked)))),
        oracle.stream?.(Codec.encodeStream(dialect, frames, Codec.contextFor(asked)), asked)
      )
    }
  },
  { name: "identity", direction: "body", check: onBody(({ dialect }, body) => Identity.response(dialect, body)) },
  { name: "identity", direction: "stream", check: onStream(({ dialect }, events) => Identity.stream(dialect, events)) },
  {
    name: "chunking",
    direction: "stream",
    check: onStream(({ dialect }, _, bytes) =>
      Law.first(
        ...[1, 2, 3].map((seed) => Chunking.chunking(dialect, bytes, seededShares(seed + bytes.length))),
        bytes.length <= 4096 ? Chunking.chunking(dialect, bytes, everyByte(bytes.length)) : undefined
      )
    )
  },
  { name: "legality", direction: "body", check: onBody(({ dialect }, body) => illegality(dialect.response.decode(body).events)) },
  { name: "legality", direction: "stream", check: onStream(({ dialect }, events) => illegality(Codec.eventsOf(Codec.decodeStream(dialect, events)))) },
  {
    name: "facts",
    direction: "body",
    check: onBody(({ dialect, factsOfBody }, body) => sameFacts([dialect.response.decode(body)], factsOfBody(body as never)))
  },
  {
    name: "facts",
    direction: "stream",
    check: onStream(({ dialect, factsOfStream }, events) => sameFacts(Codec.decodeStream(dialect, events), factsOfStream(events)))
  },
  {
    name: "truncation",
    direction: "stream",
    check: onStream(({ dialect }, events) =>
      Law.first(...[0, 1, Math.floor(events.length / 2), events.length - 2].map((kept) => Truncation.cut(dialect, dialect, events, Math.max(0, kept), "eof")))
    )
  },
  {
    name: "class",
    direction: "error",
    check: ({ dialect }, { answer, headers }) => {
      if (answer?.type !== "body") return undefined
      const failure = dialect.errors.decode({ status: answer.status, headers, body: answer.text })
      return Law.first(
        failure.class === "unknown" ? `status ${answer.status} is of class unknown` : undefined,
        failure.status === answer.status ? undefined : `status ${answer.status} became ${failure.status}`,
        failure.message === "" ? "the failure has no words" : undefined
      )
    }
  }
]

/** A dialect to cross into, and what may be lost on the way there. */
export interface Target {
  readonly subject: Subject
  readonly allows: (loss: Loss) => boolean
  readonly allowsAnswer: (loss: Loss) => boolean
  /** Counts the losses met. */
  readonly coverage: Coverage
}

/** The rules of a crossing: requests of these recordings to another dialect, answers of these recordings to another dialect's client. */
export const crossingRules = ({ subject: { dialect: target, oracle }, allows, allowsAnswer, coverage }: Target): ReadonlyArray<Rule> => {
  const options = { allows, allowsAnswer, oracle, coverage }
  const pairOf = (dialect: Dialect): string => `${dialect.id} → ${target.id}`
  return [
    {
      name: "crossing",
      direction: "request",
      check: ({ dialect }, { request }) => {
        if (request === undefined) return undefined
        const decoded = Codec.decodeRequest(dialect, request)
        return Result.isFailure(decoded) ? `refused: ${decoded.failure.message}` : Crossing.request(target, decoded.success, options, pairOf(dialect))
      }
    },
    {
      name: "crossing",
      direction: "body",
      check: onBody(({ dialect }, body) => {
        const frame = dialect.response.decode(body)
        // A failed body never reaches the encoder of bodies: the gateway answers with an error of its own.
        return frame.events.some((event) => event.type === "error") ? undefined : Crossing.body(target, frame, options, pairOf(dialect))
      })
    },
    {
      name: "crossing",
      direction: "error",
      check: ({ dialect }, { answer, headers }) =>
        answer?.type === "body"
          ? errorReply(target, dialect.errors.decode({ status: answer.status, headers, body: answer.text }), answer.status, oracle)
          : undefined
    },
    {
      name: "crossing",
      direction: "stream",
      check: onStream(({ dialect }, events) => Crossing.stream(target, Codec.decodeStream(dialect, events), options, pairOf(dialect)))
    }
  ]
}
