/** Recorded answers with usage, as both lanes of the gateway meter them, for the suites that compare what was counted and what it costs. */
import * as Lane from "@sluice/gateway/Lane"
import * as StreamTap from "@sluice/gateway/StreamTap"
import { OpenAiChat } from "@sluice/openai"
import { type Frame, frame } from "@sluice/protocol/CanonicalEvent"
import type { Usage } from "@sluice/protocol/CanonicalUsage"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Framing from "@sluice/protocol/Framing"
import { present } from "@sluice/protocol/Json"
import * as Sse from "@sluice/protocol/Sse"
import { Result } from "effect"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import * as Fixtures from "../conformance/Fixtures.ts"
import { parsed } from "../conformance/RawFacts.ts"
import { subjects } from "../conformance/Subjects.ts"
import * as RawUsage from "./RawUsage.ts"

/** A recorded answer and what was read of it. */
export interface Recording {
  readonly id: string
  readonly protocol: string
  readonly provider: string
  readonly model: string
  readonly dialect: Dialect
  readonly isStream: boolean
  /** What the provider said, read by hand. */
  readonly stated: RawUsage.Stated
  /** What the provider answered, as frames. */
  readonly frames: ReadonlyArray<Frame>
  /** What each lane of the gateway metered. */
  readonly metered: ReadonlyArray<{ readonly lane: string; readonly facts: StreamTap.TapFacts }>
}

/** Runs the bytes of a stream through a lane between two ends of one protocol. */
const through = (dialect: Dialect, kind: "bytes" | "typed", bytes: Uint8Array): StreamTap.TapFacts => {
  const tap = StreamTap.make()
  const lane = (kind === "bytes" ? Lane.bytes : Lane.typed)({
    upstream: dialect,
    client: dialect,
    tap,
    context: Codec.contextFor(Codec.plainRequest),
    tools: new Map(),
    frames: Framing.writer("sse"),
    hideUsage: false
  })
  const splitter = Sse.splitter({ maxEventBytes: 64 * 1024 * 1024 })
  lane.push(splitter.push(bytes), 1)
  lane.push(splitter.end({ tolerant: true }), 1)
  lane.end("eof", 1)
  return tap.facts()
}

const whole = (dialect: Dialect, text: string): StreamTap.TapFacts => {
  const tap = StreamTap.make()
  tap.observe(dialect.response.decode(JSON.parse(text)).events, 1)
  return tap.facts()
}

const of = (subject: (typeof subjects)[number], recorded: Fixtures.Case): ReadonlyArray<Recording> => {
  const { dialect, protocol } = subject
  const { answer, id, model, provider } = recorded
  const known = { id, protocol, provider, model, dialect }
  if (answer === undefined || (answer.type === "body" && answer.status !== 200)) return []
  if (answer.type === "body") {
    const stated = RawUsage.ofBody(protocol, provider, parsed(answer.text))
    return stated === undefined ? [] : [{
      ...known,
      isStream: false,
      stated,
      frames: [dialect.response.decode(answer.json)],
      metered: [{ lane: "body", facts: whole(dialect, answer.text) }]
    }]
  }
  return answer.answers.flatMap((bytes) => {
    const events = Codec.splitBytes([bytes])
    const stated = RawUsage.ofStream(protocol, provider, events)
    const metered = (["bytes", "typed"] as const).map((lane) => ({ lane, facts: through(dialect, lane, bytes) }))
    return stated === undefined ? [] : [{ ...known, isStream: true, stated, metered, frames: Codec.decodeStream(dialect, events) }]
  })
}

/** Vectors, of providers that answer in OpenAI's form. */
const embedded = ({ answer, id, model, provider }: Fixtures.Case): ReadonlyArray<Recording> => {
  const { dialect } = OpenAiChat
  if (answer?.type !== "body" || answer.status !== 200) return []
  const decoded = dialect.embed?.response.decode(answer.json)
  if (decoded === undefined || Result.isFailure(decoded)) return []
  const stated = RawUsage.ofBody("embeddings", provider, parsed(answer.text))
  if (stated === undefined) return []
  const tap = StreamTap.make()
  tap.observe([{ type: "start", ...present({ model: decoded.success.model }) }, { type: "usage", usage: decoded.success.usage ?? {} }], 1)
  return [{ id, protocol: "embeddings", provider, model, dialect, isStream: false, stated, frames: [frame()], metered: [{ lane: "body", facts: tap.facts() }] }]
}

/** All recorded answers that state usage; none where the recordings are absent. */
export const recordings = (): ReadonlyArray<Recording> => [
  ...subjects.flatMap((subject) => Fixtures.casesOf(subject.protocol).flatMap((recorded) => of(subject, recorded))),
  ...Fixtures.casesOf("embeddings").flatMap(embedded)
]

/** Counts above zero: zero and absent are the same to a sum. */
export const aboveZero = (usage: Usage): Usage => Object.fromEntries(Object.entries(usage).filter(([, count]) => count > 0))
