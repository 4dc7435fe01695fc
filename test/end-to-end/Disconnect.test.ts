/**
 * A client that leaves, in every phase of an exchange, by FIN and by RST, over real sockets: the upstream connection closes at
 * once and the ledger holds exactly one entry that says so.
 */
import { assert, layer } from "@effect/vitest"
import type { LogEntry } from "@sluice/testing/Simulator"
import { Console, Effect, Schedule } from "effect"
import * as RawClient from "./RawClient.ts"
import * as Rig from "./Rig.ts"

/** Of each way to leave, in each phase. */
const times = 200
const concurrency = 20
const limitMs = 2_000

interface Phase {
  readonly name: string
  readonly scenario: string
  /** When the client leaves: what it must have received, or what the upstream must have done. */
  readonly received?: (text: string) => boolean
  readonly upstream: (entry: LogEntry) => boolean
  readonly outcome: "Cancelled(client)" | "Completed"
}

const phases: ReadonlyArray<Phase> = [
  { name: "while the upstream's head is awaited", scenario: "sim-stall-head", upstream: () => true, outcome: "Cancelled(client)" },
  { name: "while the first event is awaited", scenario: "sim-stall", upstream: (entry) => entry.headAt !== undefined, outcome: "Cancelled(client)" },
  {
    name: "in mid-stream",
    scenario: "sim-long;events=100000;delay=2",
    received: (text) => text.includes("\ndata: ") && text.length > 1_500,
    upstream: () => true,
    outcome: "Cancelled(client)"
  },
  {
    name: "while the upstream stalls",
    scenario: "sim-stall;after=3",
    received: (text) => text.includes("\ndata: "),
    upstream: () => true,
    outcome: "Cancelled(client)"
  },
  {
    name: "after the last finish",
    scenario: "sim-text",
    received: (text) => /"finish_reason":"stop"/.test(text),
    upstream: () => true,
    outcome: "Completed"
  }
]

const percentile = (sorted: ReadonlyArray<number>, share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

/** The upstream's own record of the request with this tag, once it satisfies the condition. */
const upstreamEntry = (tag: string, condition: (entry: LogEntry) => boolean) =>
  Effect.gen(function*() {
    const { simulator } = yield* Rig.Rig
    const entry = (yield* simulator.log).find(({ model }) => model.endsWith(`;tag=${tag}`))
    return entry !== undefined && condition(entry) ? entry : yield* Effect.fail("pending" as const)
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2_000 }), Effect.orDie)

const leaveOnce = Effect.fn(function*(phase: Phase, upstream: string, how: "FIN" | "RST", run: number) {
  const { url } = yield* Rig.Rig
  const tag = `${how}-${run}`
  const request = yield* RawClient.send(url, "/v1/chat/completions", {
    model: `${upstream}/${phase.scenario};tag=${tag}`,
    stream: true,
    messages: [{ role: "user", content: "Count to a hundred." }]
  })
  if (phase.received !== undefined) yield* request.until(phase.received)
  yield* upstreamEntry(tag, phase.upstream)
  const left = yield* request.leave(how)
  const entry = yield* upstreamEntry(tag, ({ ending }) => ending !== undefined)
  return { tag, ending: entry.ending, closedAfterMs: (entry.endedAt ?? Number.POSITIVE_INFINITY) - left }
})

for (const upstream of Rig.upstreams) {
  for (const phase of phases) {
    layer(Rig.layer(), { excludeTestServices: true })(`a client that leaves ${phase.name}, upstream ${upstream}`, (it) => {
      it.effect("closes the upstream and leaves exactly one entry", () =>
        Effect.gen(function*() {
          const runs = (["FIN", "RST"] as const).flatMap((how) => Array.from({ length: times }, (_, run) => ({ how, run })))
          const results = yield* Effect.forEach(runs, ({ how, run }) => leaveOnce(phase, upstream, how, run), { concurrency })
          const entries = yield* Rig.settled(runs.length)
          const byModel = Map.groupBy(entries, ({ model }) => model ?? "")
          for (const { tag, ending } of results) {
            const own = byModel.get(`${upstream}/${phase.scenario};tag=${tag}`) ?? []
            assert.strictEqual(own.length, 1, `entries of ${tag}`)
            assert.strictEqual(own[0]?.outcome, phase.outcome, tag)
            assert.isDefined(own[0]?.usage.input, `input tokens of ${tag}`)
            if (phase.outcome === "Cancelled(client)") assert.strictEqual(ending, "client-closed", tag)
          }
          assert.strictEqual(entries.length, runs.length)
          if (phase.outcome === "Completed") return
          const sorted = results.map(({ closedAfterMs }) => closedAfterMs).sort((left, right) => left - right)
          yield* Console.log(
            `${upstream}, ${phase.name}: ${runs.length} clients left, upstream closed after p50 ${percentile(sorted, 0.5).toFixed(1)} ms, p99 ${
              percentile(sorted, 0.99).toFixed(1)
            } ms`
          )
          assert.isBelow(sorted.at(-1) ?? 0, limitMs)
        }), 120_000)
    })
  }
}
