/** The decoders under attack with what they are attacked with, and the input of each index: a pure function of seed and index. */
import { type Subject, subjects } from "../laws/Subjects.ts"
import * as ByteMutation from "./ByteMutation.ts"
import * as Corpus from "./Corpus.ts"
import type { Decoder, Input } from "./Input.ts"
import * as JsonMutation from "./JsonMutation.ts"
import type { Target } from "./Judge.ts"
import { type Random, random } from "./Random.ts"
import * as StreamMutation from "./StreamMutation.ts"

/** What an attack is narrowed to: every dialect and decoder unless told. */
export interface Scope {
  readonly dialect?: string | undefined
  readonly decoder?: string | undefined
}

/** The decoders of a dialect. */
const decodersOf = ({ dialect }: Subject): ReadonlyArray<Decoder> => [
  "request",
  "response",
  "stream",
  ...(dialect.endpoints.some(({ framing }) => framing === "json-array") ? ["array" as const] : []),
  "error"
]

/** Every decoder of every dialect, in the order in which indexes go round them. */
export const targets: ReadonlyArray<Target> = subjects.flatMap((subject) =>
  decodersOf(subject).map((decoder) => ({
    dialect: subject.dialect,
    decoder,
    others: subjects.map(({ dialect }) => dialect).filter((other) => other !== subject.dialect)
  }))
)

/** The numbers of the targets within a scope. */
export const within = ({ decoder, dialect }: Scope): ReadonlyArray<number> =>
  targets.flatMap((target, number) =>
    (dialect === undefined || target.dialect.id === dialect) && (decoder === undefined || target.decoder === decoder) ? [number] : []
  )

/** A name of a target, for people. */
export const nameOf = ({ decoder, dialect }: Target): string => `${dialect.id} ${decoder}`

const encoder = new TextEncoder()

const statuses = [400, 500, 429, 401, 403, 404, 408, 413, 422, 502, 503, 504, 529, 200, 302, 418, 599, 0, 999] as const
const waits = ["1", "-5", "soon", "1e9", "0.5", "", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999", "NaN", "1, 2"] as const

const headers = (draw: Random): Input["headers"] => {
  if (draw.chance(70)) return {}
  return {
    [draw.pick(["retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "anthropic-ratelimit-requests-reset"])]: draw.pick(waits),
    ...(draw.chance(30) ? { date: draw.pick(["Wed, 21 Oct 2026 07:27:00 GMT", "x"]) } : {})
  }
}

/** Texts that are no JSON, as error replies often are. */
const words = ["", "busy", "<html><body>502 Bad Gateway</body></html>", "upstream connect error", "{", "data: {\"error\":{\"message\":\"x\"}}\n\n"] as const

type Make = (draw: Random) => Uint8Array

const bodies = (trees: ReadonlyArray<Corpus.Tree>, corpus: Corpus.Corpus): Make => {
  const donors = { trees, keys: corpus.keys, words: corpus.words }
  const plain = (draw: Random): Uint8Array => encoder.encode(JSON.stringify(draw.from(trees)?.value ?? null))
  return (draw) => {
    const tree = draw.from(trees)
    if (tree === undefined || draw.chance(8)) return ByteMutation.mutate(draw, plain(draw), plain(draw))
    const mutated = encoder.encode(JsonMutation.mutate(draw, tree, donors))
    return draw.rarely(30) ? ByteMutation.mutate(draw, mutated, plain(draw)) : mutated
  }
}

const streams = (
  corpus: Corpus.Corpus,
  toText: (draw: Random, events: ReadonlyArray<{ readonly name: string | undefined; readonly data: string }>) => string
): Make => {
  const donors = { trees: corpus.streams.flat().flatMap(({ tree }) => tree ?? []), keys: corpus.keys, words: corpus.words }
  return (draw) => {
    const pieces = draw.from(corpus.streams) ?? []
    const other = draw.from(corpus.streams) ?? []
    const text = encoder.encode(toText(draw, StreamMutation.mutate(draw, pieces, other, donors)))
    return draw.chance(15) ? ByteMutation.mutate(draw, text, encoder.encode(other.map(({ data }) => `data: ${data}\n\n`).join(""))) : text
  }
}

const makers = (corpus: Corpus.Corpus): { readonly [D in Decoder]: Make } => {
  const error = bodies(corpus.error, corpus)
  return {
    request: bodies(corpus.request, corpus),
    response: bodies(corpus.response, corpus),
    stream: streams(corpus, StreamMutation.toSse),
    array: streams(corpus, StreamMutation.toArray),
    error: (draw) => draw.chance(10) ? encoder.encode(draw.pick(words)) : error(draw)
  }
}

/** The index of the n-th input of a run over some of the targets: an index always means the same target, whatever the scope. */
export const indexOf = (n: number, chosen: ReadonlyArray<number>): number => Math.floor(n / chosen.length) * targets.length + (chosen[n % chosen.length] ?? 0)

/** Makes the inputs of a run with this seed, each with its target. */
export const make = (seed: number): (index: number) => { readonly target: Target; readonly input: Input } => {
  const ready = new Map<string, { readonly [D in Decoder]: Make }>()
  const of = (target: Target): Make => {
    const known = ready.get(target.dialect.id)
    if (known !== undefined) return known[target.decoder]
    const subject = subjects.find(({ dialect }) => dialect === target.dialect)
    if (subject === undefined) throw new Error(`${target.dialect.id} is no subject`)
    const made = makers(Corpus.make(subject, seed))
    ready.set(target.dialect.id, made)
    return made[target.decoder]
  }
  return (index) => {
    const target = targets[index % targets.length]
    if (target === undefined) throw new Error(`no target for ${index}`)
    const draw = random(seed, index)
    const bytes = of(target)(draw)
    const isStream = target.decoder === "stream" || target.decoder === "array"
    const isError = target.decoder === "error"
    return {
      target,
      input: {
        bytes,
        cuts: isStream ? ByteMutation.cuts(draw, bytes.length) : [],
        ending: isStream && draw.chance(30) ? "reset" : "eof",
        status: isError ? draw.pick(statuses) : 500,
        headers: isError ? headers(draw) : {}
      }
    }
  }
}
