/**
 * A server of several processes: this one holds the port's number, what the workers share, and the workers; it serves nobody itself.
 * Started by `sluice serve` where the configuration asks for more than one worker.
 */
import { LimitStore } from "@sluice/gateway/LimitStore"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import { ReplayStore } from "@sluice/gateway/ReplayStore"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Context, Duration, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { createServer } from "node:net"
import { listenError } from "../commands/ListenError.ts"
import type { Config } from "../Config.ts"
import * as Idempotency from "../Idempotency.ts"
import * as Fleet from "./Fleet.ts"
import * as SharedLimits from "./SharedLimits.ts"
import * as SharedReplays from "./SharedReplays.ts"
import type { Source, Task } from "./Task.ts"

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

const simulatorUrl = ({ providers }: Config) =>
  providers.some(({ simulator }) => simulator)
    ? Effect.map(Layer.build(Simulator.layerServer()), (services) => Context.get(services, SimulatorServer).url)
    : Effect.undefined

/** Starts the workers, tells the port they listen on, and keeps them running until it is interrupted. */
export const serve = Effect.fn("Several.serve")(function*<E>(
  config: Config,
  told: { readonly source: Source | undefined; readonly madeToken: string | undefined },
  onListening: (port: number) => Effect.Effect<void, E>
) {
  const { drainTimeout, host, lameDuck, workers } = config.server
  const port = yield* freePort(config)
  const simulated = yield* simulatorUrl(config)
  const limits = Context.get(yield* Layer.build(LimitStoreMemory.layer), LimitStore)
  const replays = Context.get(yield* Layer.build(ReplayStoreMemory.layer(Idempotency.bounds(config))), ReplayStore)
  const replaySecret = randomBytes(32).toString("base64url")
  const fleet = yield* Fleet.start({
    count: workers,
    endWithinMs: Duration.toMillis(lameDuck) + Duration.toMillis(drainTimeout) + graceMs,
    shared: { ...SharedLimits.handlers(limits), ...SharedReplays.handlers(replays) },
    task: (number): typeof Task.Type => ({
      number,
      host,
      port,
      replaySecret,
      ...(told.source === undefined ? {} : { source: told.source }),
      ...(told.madeToken === undefined ? {} : { madeToken: told.madeToken }),
      ...(simulated === undefined ? {} : { simulatorUrl: simulated })
    })
  })
  yield* onListening(port)
  return yield* Effect.never.pipe(Effect.onInterrupt(() => fleet.end))
})
