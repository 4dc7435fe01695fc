/**
 * What SIGHUP does to a server. From a terminal that was closed it ends the server as SIGTERM does; from anybody else it has the
 * configuration read again. It never stops a server otherwise, at no moment of its life.
 */
import { Deferred, Effect } from "effect"
import type { Reload } from "../reload/Reload.ts"

/** Listens to it while the scope lives; a signal that comes before there is anything to reload waits for it. */
export const handled = Effect.gen(function*() {
  const ready = yield* Deferred.make<Reload["Service"]>()
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const onHangup = (): void => {
    if (process.stdin.isTTY) process.kill(process.pid, "SIGTERM")
    // What came of it is in the log
    else run(Effect.ignore(Effect.flatMap(Deferred.await(ready), ({ reload }) => reload("signal"))))
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", onHangup)),
    () => Effect.sync(() => process.off("SIGHUP", onHangup))
  )
  return (reload: Reload["Service"]): Effect.Effect<void> => Effect.asVoid(Deferred.succeed(ready, reload))
})

/** In a worker nothing happens at all: its primary process decides. */
export const ignored: Effect.Effect<void> = Effect.sync(() => void process.on("SIGHUP", () => {}))
