/**
 * A server of several processes: this one holds the port's number, what the workers share, and the workers; it serves nobody itself.
 * Started by `sluice serve` where the configuration asks for more than one worker.
 */
import { CacheStore } from "@sluice/gateway/CacheStore"
import * as CacheStoreMemory from "@sluice/gateway/CacheStoreMemory"
import { LimitStore } from "@sluice/gateway/LimitStore"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import { ReplayStore } from "@sluice/gateway/ReplayStore"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import { Context, Duration, Effect, Layer, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { createServer } from "node:net"
import * as BuiltIns from "../BuiltIns.ts"
import { listenError } from "../commands/ListenError.ts"
import type { Config } from "../Config.ts"
import * as Idempotency from "../Idempotency.ts"
import type { Loaded, Origin } from "../reload/Origin.ts"
import * as Plan from "../reload/Plan.ts"
import { type Reload, ReloadFailure, Trigger } from "../reload/Reload.ts"
import * as Reloading from "../reload/Reloading.ts"
import type { Report } from "../reload/Report.ts"
import * as SimulatedProvider from "../SimulatedProvider.ts"
import * as Fleet from "./Fleet.ts"
import * as SharedAnswers from "./SharedAnswers.ts"
import * as SharedLimits from "./SharedLimits.ts"
import * as SharedOperations from "./SharedOperations.ts"
import * as SharedReload from "./SharedReload.ts"
import * as SharedReplays from "./SharedReplays.ts"
import * as Task from "./Task.ts"
import type { WorkerProcess } from "./WorkerProcess.ts"

const decodeTrigger = Schema.decodeUnknownEffect(Trigger)

/** What the process adds to the time its workers may take to end. */
const graceMs = 10_000

/**
 * The port, free at this moment: workers share it with each other, which would hide that somebody else has it, and all of them must
 * get the same one.
 */
const freePort = ({ server: { host, port } }: Config) =>
  Effect.callback<number, ReturnType<typeof listenError>>((resume) => {
    const server = createServer()
    server.once("error", (cause) => resume(Effect.fail(listenError({ host, port }, cause))))
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      const found = typeof address === "object" && address !== null ? address.port : port
      server.close(() => resume(Effect.succeed(found)))
    })
  })

/** What a change means for all processes together, by this one's own configuration; the generation is the workers' to say. */
const planning = (started: Config) => {
  let current = started
  return {
    planned: ({ config }: Loaded): Effect.Effect<Report, ReloadFailure> => {
      const { changes, needRestart, problems } = Plan.of(started, current, config)
      return problems.length > 0
        ? new ReloadFailure({ step: "check", problems })
        : Effect.succeed({ result: changes.length === 0 ? "unchanged" : "applied", generation: 0, changes, needRestart })
    },
    onApplied: ({ config }: Loaded): void => {
      current = Plan.of(started, current, config).next
    }
  }
}

/** Starts the workers, tells the port they listen on and how the configuration is read again, and keeps them running until it is interrupted. */
export const serve = Effect.fn("Several.serve")(function*<E, R>(
  origin: Origin,
  started: Loaded,
  onListening: (port: number, reload: Reload["Service"]) => Effect.Effect<void, E, R>
) {
  const { config } = started
  const { drainTimeout, host, lameDuck, workers } = config.server
  const port = yield* freePort(config)
  const simulator = Context.get(yield* Layer.build(SimulatedProvider.layer), SimulatedProvider.SimulatedProvider)
  const limits = Context.get(yield* Layer.build(LimitStoreMemory.layer), LimitStore)
  const replays = Context.get(yield* Layer.build(ReplayStoreMemory.layer(Idempotency.bounds(config))), ReplayStore)
  const answers = Context.get(yield* Layer.build(CacheStoreMemory.layer(BuiltIns.bounds(config))), CacheStore)
  const replaySecret = randomBytes(32).toString("base64url")
  let running: () => ReadonlyArray<WorkerProcess> = () => []
  let served = started
  const { onApplied, planned } = planning(config)
  const shared = SharedReload.make(() => running(), planned, (loaded) => {
    served = loaded
    onApplied(loaded)
  })
  const reload = yield* Reloading.make({ origin, started, apply: shared.apply, workers: shared.status, onStatus: shared.tell })
  const fleet = yield* Fleet.start({
    count: workers,
    endWithinMs: Duration.toMillis(lameDuck) + Duration.toMillis(drainTimeout) + graceMs,
    shared: {
      ...SharedLimits.handlers(limits),
      ...SharedReplays.handlers(replays),
      ...SharedAnswers.handlers(answers),
      ...SharedOperations.handlers(() => running()),
      simulator: () => simulator.url,
      reload: (trigger) => Effect.flatMap(decodeTrigger(trigger), (wanted) => SharedReload.outcomeOf(reload.reload(wanted)))
    },
    task: (number) =>
      Task.encode(
        {
          number,
          host,
          port,
          replaySecret,
          madeToken: origin.madeToken,
          status: reload.status(),
          ...(served.source === undefined ? {} : { source: served.source })
        } satisfies typeof Task.Task.Type
      )
  })
  running = fleet.workers
  yield* onListening(port, reload)
  return yield* Effect.never.pipe(Effect.onInterrupt(() => fleet.end))
})
