/**
 * Reading the configuration again with several workers: the primary process reads and checks it once and sends its text to all of them.
 * One worker tries it first, so that what cannot be built is refused before anybody else has changed. One that fails afterwards serves
 * on what it had, and says so; one that is started later gets the last text that was applied.
 */
import { Effect, Schema } from "effect"
import type { Loaded } from "../reload/Origin.ts"
import { Outcome, ReloadFailure, Status, type WorkerStatus } from "../reload/Reload.ts"
import type { Report } from "../reload/Report.ts"
import type { PeerFailed } from "./Peer.ts"
import type { WorkerProcess } from "./WorkerProcess.ts"

/** Milliseconds a worker may take to apply a configuration; building one has a shorter time of its own. */
export const withinMs = 40_000

const decodeOutcome = Schema.decodeUnknownEffect(Outcome)
const encodeStatus = Schema.encodeUnknownSync(Status)
const encodeOutcome = Schema.encodeUnknownSync(Outcome)

/** How one attempt went, for a message. */
export const outcomeOf = (attempt: Effect.Effect<Report, ReloadFailure>): Effect.Effect<unknown> =>
  Effect.map(
    Effect.match(attempt, {
      onSuccess: (report): typeof Outcome.Type => ({ _tag: "Succeeded", report }),
      onFailure: (failure): typeof Outcome.Type => ({ _tag: "Failed", failure })
    }),
    (outcome) => encodeOutcome(outcome)
  )

const unanswered = (reason: string): ReloadFailure => new ReloadFailure({ step: "build", problems: [{ path: "", message: reason }] })

/** What the other side answers to {@link outcomeOf}. */
export const reportOf = (answer: Effect.Effect<unknown, PeerFailed>): Effect.Effect<Report, ReloadFailure> =>
  answer.pipe(
    Effect.flatMap(decodeOutcome),
    Effect.mapError(({ message }) => unanswered(message)),
    Effect.flatMap((outcome) => outcome._tag === "Succeeded" ? Effect.succeed(outcome.report) : outcome.failure)
  )

/** The workers as they stand, and how a configuration is given to all of them. */
export interface SharedReload {
  readonly apply: (loaded: Loaded) => Effect.Effect<Report, ReloadFailure>
  readonly status: () => ReadonlyArray<WorkerStatus>
  /** Tells all of them how the server stands. */
  readonly tell: (status: Status) => Effect.Effect<void>
}

/** Spreads over the workers there are; `onApplied` is told as soon as one of them serves it, and `planned` says what changes for all. */
export const make = (
  workers: () => ReadonlyArray<WorkerProcess>,
  planned: (loaded: Loaded) => Effect.Effect<Report, ReloadFailure>,
  onApplied: (loaded: Loaded) => void
): SharedReload => {
  // Of a process, not of its number: one that is started again serves what was applied last
  const known = new WeakMap<WorkerProcess, WorkerStatus>()

  const note = (worker: WorkerProcess, facts: Omit<WorkerStatus, "worker">): void => void known.set(worker, { ...facts, worker: worker.number })

  const give = (worker: WorkerProcess, { source }: Loaded): Effect.Effect<Report, ReloadFailure> =>
    reportOf(worker.ask("apply", source, withinMs)).pipe(
      Effect.tap(({ generation }) => Effect.sync(() => note(worker, { generation }))),
      Effect.tapError((failure) => Effect.sync(() => note(worker, { ...known.get(worker), failure: failure.message })))
    )

  return {
    apply: Effect.fnUntraced(function*(loaded: Loaded) {
      const report = yield* planned(loaded)
      const serving = workers().find(({ isServing }) => isServing())
      const first = serving === undefined ? undefined : yield* give(serving, loaded)
      onApplied(loaded)
      const others = workers().filter((worker) => worker !== serving)
      yield* Effect.forEach(
        others,
        (worker) =>
          Effect.catch(
            give(worker, loaded),
            (failure) =>
              Effect.logError("a worker could not apply the configuration and serves the one before", { worker: worker.number, reason: failure.message })
          ),
        {
          concurrency: "unbounded",
          discard: true
        }
      )
      return first === undefined ? report : { ...report, result: first.result, generation: first.generation }
    }),
    status: () => workers().map((worker) => known.get(worker) ?? { worker: worker.number }),
    tell: (status) => Effect.forEach(workers(), ({ ask }) => Effect.ignore(ask("status", encodeStatus(status))), { concurrency: "unbounded", discard: true })
  }
}
