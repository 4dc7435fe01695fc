/** G5: another process holds the write lock of the ledger's file, for moments or for longer than the gateway lives. */
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Holder from "../faults/Holder.ts"
import * as UnderFault from "../faults/UnderFault.ts"
import * as Results from "../Results.ts"

const loopLimitMs = 20

const hold = async ({ folder, form, say, sizes }: Options, name: string, faultMs: number, restart: boolean): Promise<Outcome> => {
  const holder = Holder.start()
  const outcome = await UnderFault.run({
    name,
    folder: `${folder}/${name.replaceAll(" ", "-")}`,
    streams: sizes["streams"] ?? 0,
    perSecond: sizes["perSecond"] ?? 0,
    faultMs,
    restart,
    recoveryMs: 5000,
    ...(form === "short" ? { watchedMs: 500 } : {}),
    begin: async ({ rig }) => {
      await holder.ask("lock", rig.database)
      return () => holder.ask("release")
    }
  }, say)
  holder.stop()
  if (form === "short") return outcome
  // Longer than anything waits for the lock: the rows must have gone somewhere
  const spilled = faultMs < 30_000 || (outcome.counts["spill files during the fault"] ?? 0) > 0 ? [] : [`${name}: nothing was spilled`]
  return UnderFault.withLoopLimit(name, { ...outcome, failures: [...outcome.failures, ...spilled] }, loopLimitMs)
}

const run = async (options: Options): Promise<Outcome> => {
  const holds = options.form === "short"
    ? [await hold(options, "locked for a moment", 700, false)]
    : [
      await hold(options, "locked for 2 s", 2000, false),
      await hold(options, "locked for 30 s", 30_000, false),
      await hold(options, "locked until the gateway has ended", 40_000, true)
    ]
  return Results.total(holds)
}

/** The experiment. */
export const lockedDatabase: Experiment = {
  id: "G5",
  title: "A locked database stops neither streams nor the event loop, and costs no row",
  injection:
    "Another process takes the write lock of the ledger's file under running streams and steady requests: for 2 s, for 30 s, and until after the gateway was told to end.",
  criterion:
    "No stream breaks; what cannot be opened is refused with 503 before any upstream byte; rows wait in spill files; once the lock is gone every request has exactly one row, without a restart or behind one; the event loop is late by less than 20 ms for 99 % of the time, the time not counted in which the system had no processor for it.",
  short: { runs: 1, streams: 5, perSecond: 10 },
  long: { runs: 1, streams: 100, perSecond: 50 },
  run
}
