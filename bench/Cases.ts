// The cases of a run and their targets, as data: what is sent, to whom, how much of it, and which figure must stay under which limit.
// The targets are promises of the project, checked by people; a missed one is printed and does not fail the run.
import type { Round } from "./Measurement.ts"
import type { SubjectName } from "./Processes.ts"
import { dialects } from "./Wire.ts"
import type { Pair, StreamShape } from "./Wire.ts"

/** How the load is paced: as fast as answers come, at a fixed rate, or at half the rate the gateway reaches. */
export type Pace = { readonly kind: "saturation" } | { readonly kind: "rate"; readonly perSecond: number } | { readonly kind: "half-saturation" }

/** A limit on one figure of a round; a figure is undefined when a subject or the CPU time is missing. */
export interface Target {
  readonly name: string
  readonly limit: number
  readonly unit: string
  /** Why the figure, though measured, is not yet the one that was promised: it is shown and not judged. */
  readonly caveat?: string
  readonly figure: (round: Round) => number | undefined
}

/** One row group of the table. */
export interface Case {
  readonly name: string
  readonly title: string
  /** Who asks whom; one protocol on both sides is the byte lane. */
  readonly pair: Pair
  readonly shape?: StreamShape
  readonly pace: Pace
  readonly subjects: ReadonlyArray<SubjectName>
  /** Requests in one round, and how many of them are in flight. */
  readonly requests: number
  readonly concurrency: number
  readonly targets: ReadonlyArray<Target>
}

const ratio = (over: number | undefined, under: number | undefined) => over === undefined || under === undefined ? undefined : over / under

const difference = (from: number | undefined, take: number | undefined) => from === undefined || take === undefined ? undefined : from - take

const cpuPerRequest = (base: SubjectName, limit: number): Target => ({
  name: "CPU per request",
  limit,
  unit: `× ${base}`,
  figure: ({ subjects }) => ratio(subjects.sluice?.cpuPerRequest, subjects[base]?.cpuPerRequest)
})

const cpuPerEvent: Target = {
  name: "CPU per event",
  limit: 1.3,
  unit: "× pipe",
  figure: ({ subjects }) => ratio(subjects.sluice?.cpuPerEvent, subjects.pipe?.cpuPerEvent)
}

const addedCpuPerEvent: Target = {
  name: "(CPU per event − pipe's)",
  limit: 2.5,
  unit: "× (parse + stringify)",
  figure: ({ parseAndStringify, subjects }) => ratio(difference(subjects.sluice?.cpuPerEvent, subjects.pipe?.cpuPerEvent), parseAndStringify)
}

const ledgerCpu = (key: "cpuPerRequest" | "mainCpuPerRequest", name: string, limit: number): Target => ({
  name,
  limit,
  unit: "× ledger off",
  caveat: "compared with the ledger in memory, because the configuration has none that is off",
  figure: ({ subjects }) => ratio(subjects["sluice+ledger"]?.[key], subjects.sluice?.[key])
})

const grownCpu = (few: SubjectName, many: SubjectName): Target => ({
  name: "CPU per request",
  limit: 1.1,
  unit: `× ${few}`,
  figure: ({ subjects }) => ratio(subjects[many]?.cpuPerRequest, subjects[few]?.cpuPerRequest)
})

const loopDelay: Target = {
  name: "event loop late, p99",
  limit: 20,
  unit: "ms",
  figure: ({ subjects }) => subjects["sluice+ledger"]?.loopDelayP99
}

const firstEventAdded: Target = {
  name: "first event, p99 added",
  limit: 5,
  unit: "ms over pipe",
  figure: ({ subjects }) => difference(subjects.sluice?.firstByte.p99, subjects.pipe?.firstByte.p99)
}

const everybody: ReadonlyArray<SubjectName> = ["pipe", "effect", "sluice"]
const withAndWithout: ReadonlyArray<SubjectName> = ["sluice", "sluice+ledger"]
const saturation: Pace = { kind: "saturation" }
const buffered = { pace: saturation, subjects: everybody, requests: 4000, concurrency: 32 }
const streamed = { pace: saturation, subjects: everybody, concurrency: 8 }

const byte: Pair = { client: "openai-chat", upstream: "openai-chat" }
const crossing: Pair = { client: "openai-chat", upstream: "anthropic-messages" }

const grown = (what: string, title: string, few: SubjectName, many: SubjectName): Case => ({
  ...buffered,
  name: `growth-${what}`,
  title: `growth, buffered byte lane: ${title}`,
  pair: byte,
  subjects: [few, many],
  targets: [grownCpu(few, many)]
})

const stream = (name: string, pair: Pair, perChunk: number, target: Target): Case => ({
  ...streamed,
  name,
  title: `stream of 200 events, ${perChunk} per network chunk, ${pair.client === pair.upstream ? "byte lane" : `crossing (${pair.upstream} → ${pair.client})`}`,
  pair,
  shape: { events: 200, perChunk },
  requests: perChunk === 1 ? 600 : 1500,
  targets: [target]
})

/** Every ordered pair of two protocols but the one measured in full. */
const otherPairs: ReadonlyArray<Pair> = dialects.flatMap((upstream) =>
  dialects.filter((client) => client !== upstream && (client !== crossing.client || upstream !== crossing.upstream)).map((client) => ({ client, upstream }))
)

/** The pair at its dearest per event: sixteen events per chunk, so that little is shared with the network. */
const pairCase = (pair: Pair): Case => ({
  ...stream(`pair-${pair.upstream}-to-${pair.client}`, pair, 16, addedCpuPerEvent),
  subjects: ["pipe", "sluice"],
  requests: 800
})

/** Every case, in the order of the table. */
export const cases: ReadonlyArray<Case> = [
  { ...buffered, name: "buffered-byte", title: "buffered, byte lane, 1 kB in, 1 kB out", pair: byte, targets: [cpuPerRequest("effect", 1.4)] },
  { ...buffered, name: "buffered-crossing", title: "buffered, crossing with tools", pair: crossing, targets: [cpuPerRequest("effect", 1.8)] },
  stream("stream-byte-1", byte, 1, cpuPerEvent),
  stream("stream-byte-16", byte, 16, cpuPerEvent),
  stream("stream-crossing-1", crossing, 1, addedCpuPerEvent),
  stream("stream-crossing-16", crossing, 16, addedCpuPerEvent),
  ...otherPairs.map(pairCase),
  {
    ...streamed,
    name: "first-event",
    title: "first event of a stream at half of saturation, open loop",
    pair: byte,
    shape: { events: 200, perChunk: 16 },
    pace: { kind: "half-saturation" },
    requests: 1500,
    concurrency: 256,
    targets: [firstEventAdded]
  },
  {
    ...buffered,
    name: "ledger-saturation",
    title: "ledger strict, buffered byte lane, at saturation",
    pair: byte,
    subjects: withAndWithout,
    targets: [ledgerCpu("mainCpuPerRequest", "main-thread CPU per request", 1.25), ledgerCpu("cpuPerRequest", "process CPU per request", 1.25)]
  },
  {
    ...buffered,
    name: "ledger-1000",
    title: "ledger strict, buffered byte lane, at 1,000 requests per second",
    pair: byte,
    subjects: withAndWithout,
    pace: { kind: "rate", perSecond: 1000 },
    requests: 2000,
    concurrency: 256,
    targets: [ledgerCpu("mainCpuPerRequest", "main-thread CPU per request", 1.25), ledgerCpu("cpuPerRequest", "process CPU per request", 1.6), loopDelay]
  },
  grown("models", "10 and 10,000 models, half of them globs", "sluice+few", "sluice+models"),
  grown("keys", "1 and 100,000 keys in the configuration", "sluice+few", "sluice+keys"),
  grown("stored-keys", "1 and 100,000 keys in the store, ledger strict", "sluice+stored-key", "sluice+stored-keys")
]

/** CPU seconds from the start of `sluice serve` to its first 200. */
export const startLimitSeconds = 1.5
