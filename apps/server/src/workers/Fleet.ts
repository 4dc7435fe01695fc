/**
 * The workers of a server, kept running by its primary process: the first one is started alone, so that what is wrong is said once;
 * one that ends is started again, later and later where it ends again and again; all end when the server does.
 */
import { Effect, Random, Ref } from "effect"
import { PrometheusMetrics } from "effect/observability"
import cluster from "node:cluster"
import { fileURLToPath } from "node:url"
import * as MetricsSum from "./MetricsSum.ts"
import type { Handlers } from "./Peer.ts"
import * as Restarts from "./Restarts.ts"
import * as WorkerProcess from "./WorkerProcess.ts"

/** What the workers are told and given. */
export interface Options {
  readonly count: number
  /** What a worker is asked to do. */
  readonly task: (number: number) => unknown
  /** What workers may ask for beside their task. */
  readonly shared: Handlers
  /** Milliseconds a worker may take to end after it was told to. */
  readonly endWithinMs: number
}

/** What this process counts itself. */
const ownMetrics = "sluice_config_"

/** The running workers. */
export interface Fleet {
  /** Those that run now, whether they serve yet or not. */
  readonly workers: () => ReadonlyArray<WorkerProcess.WorkerProcess>
  /** Ends all workers as a server ends: open streams may finish. */
  readonly end: Effect.Effect<void>
}

/** The program a worker runs: this one, in development as after the build. */
const program = fileURLToPath(new URL(`../main${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url))

/** Starts the workers and keeps them running while the scope lives. Fails with what the first of them says that cannot serve. */
export const start = Effect.fn("Fleet.start")(function*({ count, endWithinMs, shared, task }: Options) {
  cluster.setupPrimary({ exec: program, args: ["serve"] })
  const workers = new Map<number, WorkerProcess.WorkerProcess>()
  const pages = new Map<number, string>()
  const gone = yield* Ref.make(MetricsSum.none)
  let restarts = 0
  let isEnding = false

  const killAll = (signal: NodeJS.Signals): void => {
    for (const worker of workers.values()) worker.kill(signal)
  }
  // A primary that is ended at once takes its workers along
  const onExit = () => killAll("SIGKILL")
  yield* Effect.acquireRelease(Effect.sync(() => process.on("exit", onExit)), () =>
    Effect.sync(() => {
      onExit()
      process.off("exit", onExit)
    }))

  const metrics = Effect.gen(function*() {
    yield* Effect.forEach(workers, ([number, { ask }]) => Effect.ignore(Effect.map(ask("metrics"), (text) => pages.set(number, String(text)))), {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.timeoutOption("1 second"))
    const own = [
      "# HELP sluice_workers Processes that serve",
      "# TYPE sluice_workers gauge",
      `sluice_workers ${workers.size}`,
      "# HELP sluice_worker_restarts_total Processes started again because one had ended",
      "# TYPE sluice_worker_restarts_total counter",
      `sluice_worker_restarts_total ${restarts}`,
      ...MetricsSum.families(yield* PrometheusMetrics.format(), ownMetrics)
    ]
    return `${MetricsSum.page(yield* Ref.get(gone), [...pages].map(([worker, text]) => ({ worker, text })))}${own.join("\n")}\n`
  })

  const launch = Effect.fnUntraced(function*(number: number) {
    const worker = yield* WorkerProcess.start(number, {
      ...shared,
      task: () => Effect.sync(() => task(number)),
      metrics: () => metrics,
      counted: (text) => Effect.sync(() => void pages.set(number, String(text)))
    })
    workers.set(number, worker)
    return worker
  })

  /** Waits for the end, and keeps what was counted. */
  const buried = Effect.fnUntraced(function*({ ended, number }: WorkerProcess.WorkerProcess) {
    const ending = yield* ended
    workers.delete(number)
    const page = pages.get(number)
    pages.delete(number)
    if (page !== undefined) yield* Ref.update(gone, (sums) => MetricsSum.add(sums, page))
    return ending
  })

  const keep = Effect.fnUntraced(function*(first: WorkerProcess.WorkerProcess) {
    const { number } = first
    let worker = first
    let past = Restarts.fresh
    while (true) {
      const { code, livedMs, signal } = yield* buried(worker)
      if (isEnding) return
      const next = Restarts.after(past, livedMs, yield* Random.next)
      past = next.past
      yield* Effect.logWarning(`worker ${number} ended ${signal === null ? `with code ${code}` : `by ${signal}`}; it is started again in ${next.waitMs} ms`)
      yield* Effect.sleep(next.waitMs)
      if (isEnding) return
      restarts++
      worker = yield* launch(number)
      yield* Effect.matchEffect(worker.started, {
        onSuccess: () => Effect.logInfo(`worker ${number} serves again`),
        onFailure: ({ message }) => isEnding ? Effect.void : Effect.logError(`worker ${number} could not be started again`, { reason: message })
      }).pipe(Effect.forkChild)
    }
  })

  const serving = (number: number) => Effect.tap(launch(number), ({ started }) => started)
  const first = yield* serving(1)
  const others = yield* Effect.forEach(Array.from({ length: count - 1 }, (_, at) => at + 2), serving, { concurrency: "unbounded" })
  for (const worker of [first, ...others]) yield* Effect.forkScoped(keep(worker))

  const end = Effect.gen(function*() {
    isEnding = true
    const all = [...workers.values()]
    killAll("SIGTERM")
    const inTime = yield* Effect.forEach(all, ({ ended }) => ended, { concurrency: "unbounded", discard: true }).pipe(Effect.timeoutOption(endWithinMs))
    if (inTime._tag === "Some") return
    yield* Effect.logError("workers that did not end in time were killed", { workers: [...workers.keys()] })
    killAll("SIGKILL")
  })
  return { end, workers: () => [...workers.values()] } satisfies Fleet
})
