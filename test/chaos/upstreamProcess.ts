// The scripted upstream as a process of its own: the simulator of the testing package on a socket, which logs every request it
// gets. Asked by Upstream.ts; started by the rig only.
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect } from "effect"
import { answer, monotonic } from "./Channel.ts"
import type { UpstreamCalls, UpstreamEntry } from "./Upstream.ts"

/** What turns times of this process into times all processes share. */
const origin = monotonic() - performance.now()

const shared = (time: number | undefined): number | undefined => time === undefined ? undefined : origin + time

/** How far a request was at which time. */
interface Sample {
  readonly at: number
  readonly events: number
}

const everyMs = 100
const samples = new Map<string, Array<Sample>>()

/** Between two samples events are taken to have come at one pace. */
const sentAt = (tag: string, events: number): number | undefined => {
  const all = samples.get(tag) ?? []
  const next = all.findIndex((sample) => sample.events >= events)
  const [before, after] = [all[next - 1], all[next]]
  if (after === undefined || before === undefined) return after?.at
  return before.at + (after.at - before.at) * (events - before.events) / Math.max(1, after.events - before.events)
}

const tagOf = (model: string): string => /;tag=(.*)$/.exec(model)?.[1] ?? ""

const serve = Effect.gen(function*() {
  const simulator = yield* SimulatorServer
  const log = Effect.map(
    simulator.log,
    (entries) =>
      entries.map(({ bytesSent, ending, endedAt, eventsSent, headAt, model, startedAt, usage }): UpstreamEntry => ({
        tag: tagOf(model),
        model,
        startedAt: origin + startedAt,
        headAt: shared(headAt),
        endedAt: shared(endedAt),
        ending,
        events: eventsSent,
        bytes: bytesSent,
        input: usage?.input,
        output: usage?.output
      }))
  )
  const calls: UpstreamCalls = {
    url: () => simulator.url,
    log: () => Effect.runPromise(log),
    open: () => Effect.runPromise(simulator.open),
    count: () => Effect.runPromise(Effect.map(simulator.log, (entries) => entries.length)),
    watch: () => {
      const note = Effect.map(simulator.log, (entries) => {
        for (const { endedAt, eventsSent, model } of entries) {
          if (endedAt !== undefined) continue
          const own = samples.get(tagOf(model)) ?? []
          samples.set(tagOf(model), own)
          own.push({ at: monotonic(), events: eventsSent })
        }
      })
      setInterval(() => Effect.runSync(note), everyMs)
    },
    sentAt: ({ events, tag }) => sentAt(tag, events),
    clear: () => Effect.runPromise(simulator.clear)
  }
  answer(calls)
  return yield* Effect.never
})

Effect.runFork(serve.pipe(Effect.provide(Simulator.layerServer({ logLimit: 200_000 }))))
