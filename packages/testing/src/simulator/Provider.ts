/**
 * The shape every simulated provider has: parse a request into facts, write a script as frames or as one body,
 * refuse in its own words. A new protocol is one more value of this interface in Providers.ts; engine, server and
 * scenarios stay as they are.
 */
import type { Facts, Refusal } from "./Facts.ts"
import type { Script, Step } from "./Script.ts"
import type { UsageNumbers } from "./Usage.ts"

/** A request as it arrived; header names in lower case, `path` without the query. */
export interface Incoming {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a route does. */
export type Operation = "generate" | "count" | "embed" | "models"

/** How usage is told: as the provider does, not at all, later than usual, in the chunk of the finish, in every chunk so far. */
export type UsageHabit = "reported" | "missing" | "late" | "with-finish" | "cumulative"

/** Oddities of services that imitate a protocol: ids that change, a start that repeats, names of calls that come late, events that say nothing. */
export type Quirk = "changing-ids" | "repeated-start" | "late-names" | "empty-events"

/** Everything fixed for one answer: its number (the only source of ids), the request's body and facts, the habits of the scenario; `callIds` asks for ids of calls where they are optional. */
export interface Answer {
  readonly number: number
  readonly facts: Facts
  readonly body: unknown
  readonly callIds: boolean
  readonly usage: UsageNumbers
  readonly habit: UsageHabit
  readonly quirk: Quirk | undefined
  readonly logprobs: boolean
}

/** Turns the steps of one streamed answer into wire text, in order; the empty string where a step has no wire form. */
export interface FrameWriter {
  readonly write: (step: Step) => string
  readonly usage: () => UsageNumbers
}

/** A finished JSON body with the usage it states. */
export interface WrittenBody {
  readonly json: string
  readonly usage: UsageNumbers
}

/** What a provider says to requests it will not serve whatever they contain. */
export interface KnownRefusals {
  readonly unknownModel: (model: string) => Refusal
  readonly contextOverflow: (model: string) => Refusal
  readonly quota: (model: string) => Refusal
}

/**
 * One simulated provider protocol. `callId` and `signature` are pure, so that a later request can be checked without
 * memory. `streamHeaders` are those of a stream that is no SSE; `retryInBody` says that a 429 names its wait in the body
 * instead of a header.
 */
export interface Provider {
  readonly id: string
  readonly interleavesCalls: boolean
  readonly streamHeaders?: Readonly<Record<string, string>>
  readonly retryInBody?: boolean
  readonly route: (incoming: Incoming) => Operation | undefined
  readonly authorize: (incoming: Incoming) => Refusal | undefined
  readonly model: (incoming: Incoming, body: unknown) => string
  readonly read: (incoming: Incoming, body: unknown) => Facts | Refusal
  readonly callId: (answer: number, call: number) => string
  readonly signature: (reasoning: string) => string | undefined
  readonly redacted: string
  readonly frames: (answer: Answer) => FrameWriter
  readonly body: (answer: Answer, script: Script) => WrittenBody
  readonly count: (incoming: Incoming, body: unknown) => string | Refusal
  readonly embed?: (incoming: Incoming, body: unknown) => string | Refusal
  readonly models: () => string
  readonly refusals: KnownRefusals
  readonly refusal: (answer: number, refusal: Refusal) => string
  readonly answerHeaders: (answer: number) => Readonly<Record<string, string>>
}
