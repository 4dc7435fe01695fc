/**
 * Random canonical values for property tests: requests that make sense, legal event sequences, whole answers. Everything is an
 * `Arbitrary` of Effect, shrinks to small valid values, and takes a vocabulary of what only one dialect knows.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import type { Usage } from "@sluice/protocol/CanonicalUsage"
import * as Collect from "@sluice/protocol/Collect"
import type { Failure } from "@sluice/protocol/GatewayError"
import type { Json } from "@sluice/protocol/Wire"
import type * as Arbitrary from "effect/Arbitrary"
import * as Draw from "./arbitraries/Draw.ts"
import * as Events from "./arbitraries/Events.ts"
import * as JsonValues from "./arbitraries/JsonValues.ts"
import * as Requests from "./arbitraries/Requests.ts"
import * as Texts from "./arbitraries/Texts.ts"
import * as Usages from "./arbitraries/Usages.ts"
import { elsewhere, type Vocabulary } from "./arbitraries/Vocabulary.ts"

export { arbitrary, type Draw } from "./arbitraries/Draw.ts"
export type { Shape } from "./arbitraries/Events.ts"
export { elsewhere, type Vocabulary } from "./arbitraries/Vocabulary.ts"

/** Canonical requests: results answer earlier calls, ids and tool names are unique, roles take turns. */
export const request = (vocabulary: Vocabulary = elsewhere): Arbitrary.Arbitrary<CanonicalRequest> =>
  Draw.arbitrary((draw) => Requests.request(draw, vocabulary))

/** Legal sequences of events that reach a terminal, walked out of the grammar's table. */
export const events = (vocabulary: Vocabulary = elsewhere, shape?: Events.Shape): Arbitrary.Arbitrary<ReadonlyArray<CanonicalEvent>> =>
  Draw.arbitrary((draw) => Events.events(draw, vocabulary, shape))

/** The same, in frames without wire values. */
export const frames = (vocabulary: Vocabulary = elsewhere, shape?: Events.Shape): Arbitrary.Arbitrary<ReadonlyArray<Frame>> =>
  Draw.arbitrary((draw) => Events.frames(draw, Events.events(draw, vocabulary, shape)))

/** Whole answers: folds of legal sequences. */
export const response = (vocabulary: Vocabulary = elsewhere, shape?: Events.Shape): Arbitrary.Arbitrary<CanonicalResponse> =>
  Draw.arbitrary((draw) => Collect.collect(Events.events(draw, vocabulary, shape)))

/** Token counts. */
export const usage: Arbitrary.Arbitrary<Usage> = Draw.arbitrary(Usages.usage)

/** Failures as providers have them. */
export const failure: Arbitrary.Arbitrary<Failure> = Draw.arbitrary(Usages.failure)

/** JSON values. */
export const json: Arbitrary.Arbitrary<Json> = Draw.arbitrary((draw) => JsonValues.json(draw))

/** Strings, the nasty ones among them. */
export const text: Arbitrary.Arbitrary<string> = Draw.arbitrary(Texts.anyText)
