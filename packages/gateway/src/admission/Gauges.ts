/** What an operator sees of admission in the metrics: how full each bound is, how the process feels, and who was refused why. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Priority } from "../Principal.ts"
import type { Bounds, Reason } from "./Bounds.ts"
import type { Load, State } from "./Gate.ts"

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const admitted = gauge("sluice_admitted", "Requests that are running, by priority")
const limit = gauge(
  "sluice_admission_limit",
  "Requests that may run: all, all but the interactive (agent), and batches; lower than configured while the event loop is late"
)
const bytes = gauge("sluice_admission_bytes", "Bytes of request bodies and buffered answers that are held")
const bytesLimit = gauge("sluice_admission_bytes_limit", "Bytes of request bodies and buffered answers that may be held")
const waiting = gauge("sluice_admission_waiting", "Requests that wait to be admitted")
const waitingLimit = gauge("sluice_admission_waiting_limit", "Requests that may wait to be admitted")
const loopDelay = gauge("sluice_event_loop_delay_p99_seconds", "The 99th percentile of the event loop's delay in the last half second")
const heap = gauge("sluice_heap_used_ratio", "The used share of the heap")
const refusedTotal = Metric.counter("sluice_refused_total", { description: "Requests refused because of overload, by reason and priority", incremental: true })
const endedTotal = Metric.counter("sluice_shed_total", { description: "Running requests marked to end because memory ran out", incremental: true })

const priorities: ReadonlyArray<Priority> = ["interactive", "agent", "batch"]
const reasons: ReadonlyArray<Reason> = ["streams", "bytes", "loop", "heap"]

/** The gauges, bound once. */
export const make = Effect.contextWith((context: Context.Context<never>) =>
  Effect.sync(() => {
    const bind = <A, B>(metric: Metric.Metric<A, B>, attributes: Readonly<Record<string, string>> = {}) => {
      const bound = Metric.withAttributes(metric, attributes)
      return (value: A): void => bound.updateUnsafe(value, context)
    }
    const perPriority = priorities.map((priority) => [priority, bind(admitted, { priority })] as const)
    const limits = {
      interactive: bind(limit, { priority: "interactive" }),
      agent: bind(limit, { priority: "agent" }),
      batch: bind(limit, { priority: "batch" })
    }
    const refused = new Map(
      priorities.flatMap((priority) => reasons.map((reason) => [`${priority} ${reason}`, bind(refusedTotal, { priority, reason })] as const))
    )
    const [setBytes, setBytesLimit, setWaiting, setWaitingLimit, setDelay, setHeap] = [
      bind(bytes),
      bind(bytesLimit),
      bind(waiting),
      bind(waitingLimit),
      bind(loopDelay),
      bind(heap)
    ]
    const addEnded = bind(endedTotal)
    return {
      /** How full it is. */
      state: (state: State, bounds: Bounds): void => {
        for (const [priority, set] of perPriority) set(state.admitted[priority])
        limits.interactive(state.limits.total)
        limits.agent(state.limits.shared)
        limits.batch(state.limits.batch)
        setBytes(state.bytes)
        setBytesLimit(bounds.bytes)
        setWaiting(state.waiting)
        setWaitingLimit(bounds.waiting)
      },
      /** How the process feels, and how many requests had to be ended for it. */
      measured: (load: Load, ended: number): void => {
        setDelay(load.loopDelayMs / 1000)
        setHeap(load.heap)
        if (ended > 0) addEnded(ended)
      },
      /** One more was refused. */
      refused: (priority: Priority, reason: Reason): void => refused.get(`${priority} ${reason}`)?.(1)
    }
  })
)
