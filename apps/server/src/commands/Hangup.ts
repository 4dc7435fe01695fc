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
  let asked = 0
  // What came of it is in the log
  const reload = Effect.flatMap(Deferred.await(ready), (service) => Effect.ignore(service.reload("signal"))).pipe(
    Effect.ensuring(Effect.sync(() => void asked--))
  )
  const onHangup = (): void => {
    if (process.stdin.isTTY) return void process.kill(process.pid, "SIGTERM")
    // One may be at it while the file changes again; whoever comes third is served by the second
    if (asked >= 2) return
    asked++
    run(reload)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", onHangup)),
    () => Effect.sync(() => process.off("SIGHUP", onHangup))
  )
  return (reload: Reload["Service"]): Effect.Effect<void> => Effect.asVoid(Deferred.succeed(ready, reload))
})

/** In a worker nothing happens at all: its primary process decides. */
export const ignored: Effect.Effect<void> = Effect.sync(() => void process.on("SIGHUP", () => {}))
