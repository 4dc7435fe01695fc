/**
 * The legal values that mutation starts from, for each decoder of each dialect: random canonical values written by the dialect's
 * own encoders, odd things that were met or thought of, and recorded traffic where it is there. A corpus is a pure function of
 * its seed and of the recordings.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Json from "@sluice/protocol/Json"
import * as Sse from "@sluice/protocol/Sse"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json as JsonValue } from "@sluice/protocol/Wire"
import { Arbitrary, Effect, Result } from "effect"
import * as Arbitraries from "../../packages/testing/src/Arbitraries.ts"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import * as Fixtures from "../conformance/Fixtures.ts"
import type { Subject } from "../laws/Subjects.ts"
import * as Oddities from "./Oddities.ts"

/** Where a node stands in a value: the keys that lead to it. */
export type Path = ReadonlyArray<string | number>

/** A JSON value to mutate, with the places of all its nodes. */
export interface Tree {
  readonly value: JsonValue
  readonly paths: ReadonlyArray<Path>
}

/** One event of a stream to mutate; text that is no JSON has no tree. */
export interface Piece {
  readonly name: string | undefined
  readonly data: string
  readonly tree: Tree | undefined
}

/** What the decoders of one dialect are attacked with. */
export interface Corpus {
  readonly request: ReadonlyArray<Tree>
  readonly response: ReadonlyArray<Tree>
  readonly error: ReadonlyArray<Tree>
  readonly streams: ReadonlyArray<ReadonlyArray<Piece>>
  /** Keys and short texts that occur anywhere in it: what a renamed key or a replaced word becomes. */
  readonly keys: ReadonlyArray<string>
  readonly words: ReadonlyArray<string>
}

const pathsOf = (value: JsonValue, at: Path = []): ReadonlyArray<Path> => {
  const inner: ReadonlyArray<readonly [string | number, JsonValue]> = Array.isArray(value)
    ? value.map((item: JsonValue, index) => [index, item] as const)
    : isObject(value)
    ? Object.entries(value)
    : []
  return [at, ...inner.flatMap(([key, item]) => pathsOf(item, [...at, key]))]
}

/** A value with its places. */
export const tree = (value: JsonValue): Tree => ({ value, paths: pathsOf(value) })

/** An event with the tree of its payload. */
export const piece = ({ data, name }: WireEvent): Piece => {
  const parsed = Json.parse(data)
  return { name, data, tree: Result.isSuccess(parsed) ? tree(parsed.success) : undefined }
}

/** Longer bodies and streams cost time that many short ones use better. */
const maxBody = 600
const maxStream = 10

const sample = <A>(values: Arbitrary.Arbitrary<A>, seed: number, count: number, size: number): ReadonlyArray<A> =>
  Effect.runSync(Effect.orDie(Arbitrary.sampleEffect(values, { seed, count, size })))

const isShort = (value: JsonValue): boolean => JSON.stringify(value).length <= maxBody

const canonicalErrors = (dialect: Dialect, seed: number): ReadonlyArray<JsonValue> =>
  sample(Arbitraries.failure, seed, 60, 8).map((failure) =>
    Codec.transmit(dialect.errors.encode(failure, { status: failure.status ?? 500, requestId: "r", message: failure.message }))
  )

const vocabularyOf = (values: ReadonlyArray<JsonValue>): { readonly keys: ReadonlyArray<string>; readonly words: ReadonlyArray<string> } => {
  const keys = new Set<string>()
  const words = new Set<string>()
  const visit = (value: JsonValue): void => {
    if (typeof value === "string" && value.length <= 40) words.add(value)
    if (Array.isArray(value)) value.forEach(visit)
    if (isObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (key.length <= 40) keys.add(key)
        visit(inner)
      }
    }
  }
  values.forEach(visit)
  return { keys: [...keys], words: [...words] }
}

const recordedProtocols: { readonly [dialect: string]: string } = {
  "openai-chat": "openai-chat",
  "anthropic-messages": "anthropic-messages",
  "openai-responses": "openai-responses",
  "gemini-generate": "gemini"
}

/** The events of a stream that are short, as many as are useful: of its beginning and of its end. */
const shortened = (bytes: Uint8Array): ReadonlyArray<Sse.WireEvent> => {
  const splitter = Sse.splitter({ maxEventBytes: bytes.length + 1 })
  const events = [...splitter.push(bytes).events, ...splitter.end({ tolerant: true }).events].filter(({ data }) => data.length <= maxBody)
  return events.length <= maxStream ? events : [...events.slice(0, maxStream / 2), ...events.slice(-maxStream / 2)]
}

/** Recorded traffic in small pieces: whole short bodies, and the beginnings and ends of streams. */
const recorded = (dialect: Dialect) => {
  const cases = Fixtures.casesOf(recordedProtocols[dialect.id] ?? dialect.id)
  const bodies = cases.flatMap(({ answer }) => answer?.type === "body" && isShort(answer.json) ? [answer] : [])
  return {
    requests: cases.flatMap(({ request }) => request !== undefined && isShort(request) ? [request] : []),
    answers: bodies.flatMap(({ json, status }) => status < 400 ? [json] : []),
    errors: bodies.flatMap(({ json, status }) => status >= 400 ? [json] : []),
    streams: cases.flatMap(({ answer }) => answer?.type === "stream" ? answer.answers.map(shortened) : [])
  }
}

/** The corpus of one dialect. */
export const make = ({ dialect, vocabulary }: Subject, seed: number): Corpus => {
  const all = recorded(dialect)
  const odd = Oddities.of(dialect.id)
  const vocabularies = [vocabulary, vocabulary, Arbitraries.elsewhere]
  const requests = vocabularies.flatMap((each, index) =>
    sample(Arbitraries.request(each), seed + index, 150, 3).map((request) => Codec.transmit(dialect.request.encode(request).body))
  )
  const sequences = vocabularies.flatMap((each, index) =>
    sample(Arbitraries.events(each, { choices: index + 1, ending: "either" }), seed + 10 + index, 150, 4).filter((events) => events.length <= maxStream)
  )
  const answers = sequences.filter((events) => events.at(-1)?.type === "end").map((events) =>
    Codec.transmit(dialect.response.encode([{ events }], Codec.contextFor(Codec.plainRequest)))
  )
  const streams = sequences.map((events) =>
    Codec.encodeStream(dialect, events.map((event) => ({ events: [event] })), Codec.contextFor(Codec.plainRequest)).slice(0, 2 * maxStream)
  )
  const values = {
    request: [...requests.filter(isShort), ...odd.requests, ...all.requests],
    response: [...answers.filter(isShort), ...odd.answers, ...all.answers],
    error: [...canonicalErrors(dialect, seed), ...Oddities.errors, ...all.errors]
  }
  const pieces = [...streams, ...odd.streams, ...all.streams].map((events) => events.map(piece))
  return {
    request: values.request.map(tree),
    response: values.response.map(tree),
    error: values.error.map(tree),
    streams: pieces,
    ...vocabularyOf([...values.request, ...values.response, ...values.error, ...pieces.flat().flatMap((each) => each.tree?.value ?? [])])
  }
}
