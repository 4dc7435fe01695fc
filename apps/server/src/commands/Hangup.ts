/**
 * What SIGHUP does to a server. From a terminal that was closed it ends the server as SIGTERM does; from anybody else it does nothing
 * but a line in the log, because people send it to have a configuration read again, which must never stop a server.
 */
import { Effect } from "effect"

/** Listens to it while the scope lives. */
export const handled = Effect.gen(function*() {
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const onHangup = (): void => {
    if (process.stdin.isTTY) process.kill(process.pid, "SIGTERM")
    else run(Effect.logWarning("SIGHUP was ignored: the configuration is read at the start; start the server again to change it"))
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", onHangup)),
    () => Effect.sync(() => process.off("SIGHUP", onHangup))
  )
})

/** In a worker nothing happens at all: its primary process decides. */
export const ignored: Effect.Effect<void> = Effect.sync(() => void process.on("SIGHUP", () => {}))
