/** G6: a disk whose every sync takes its time. */
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Strace from "../faults/Strace.ts"
import * as UnderFault from "../faults/UnderFault.ts"
import * as Results from "../Results.ts"

const loopLimitMs = 20

/** What is alive follows the number of requests that wait; it must not follow the time. */
const growthLimitKb = 16 * 1024

const slow = async ({ folder, form, say, sizes }: Options, delayMs: number, faultMs: number): Promise<Outcome> => {
  const name = `each sync ${delayMs} ms`
  const outcome = await UnderFault.run({
    name,
    folder: `${folder}/${delayMs}`,
    streams: sizes["streams"] ?? 0,
    perSecond: sizes["perSecond"] ?? 0,
    faultMs,
    ...(form === "short" ? {} : { warmMs: 15_000 }),
    recoveryMs: 5000,
    ...(form === "short" ? { watchedMs: 500 } : {}),
    begin: async ({ gateway }) => {
      const { end } = await Strace.inject(Strace.threadsOf(gateway.pid, "ledger-writer"), [`fsync:delay_exit=${delayMs * 1000}`])
      return end
    }
  }, say)
  if (form === "short") return outcome
  const grown = outcome.worst?.["growth of live memory under the fault kB"] ?? 0
  const failures = grown <= growthLimitKb ? [] : [`${name}: live memory grew by ${grown} kB`]
  return UnderFault.withLoopLimit(name, { ...outcome, failures: [...outcome.failures, ...failures] }, loopLimitMs)
}

const run = async (options: Options): Promise<Outcome> => {
  const notRun = Strace.obstacle()
  if (notRun !== undefined) return { counts: {}, failures: [], notRun }
  return Results.total(
    options.form === "short" ? [await slow(options, 100, 700)] : [await slow(options, 300, 60_000), await slow(options, 3000, 60_000)]
  )
}

/** The experiment. */
export const slowDisk: Experiment = {
  id: "G6",
  title: "A slow disk slows down the opening of requests and nothing else",
  injection:
    "Every sync of the ledger's writer is held back by the system for 300 ms, then for 3 s, a minute each behind 15 s of warming up, under running streams and steady requests.",
  criterion:
    "Requests wait for their opening or are refused with 503, no stream breaks, every request has exactly one row afterwards; the event loop is late by less than 20 ms for 99 % of the time, the time not counted in which the system had no processor for it; what is alive in memory after a whole collection grows by less than 16 MB from the first third of the minute to its end.",
  short: { runs: 1, streams: 5, perSecond: 10 },
  long: { runs: 1, streams: 100, perSecond: 30 },
  run
}
