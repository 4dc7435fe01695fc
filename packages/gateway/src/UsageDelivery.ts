/**
 * Delivers what has ended to the sinks of usage: a fiber for each, off the way of requests. Takes pages from the ledger behind where the
 * sink has got, and notes how far it is now. A sink that fails is tried again, ever more slowly; a record that it refuses for good is left
 * out, counted and logged. Nothing waits in memory: what was not delivered is in the ledger, as long as that keeps it.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { generate } from "./ExchangeId.ts"
import type { Gateway } from "./Gateway.ts"
import * as Metrics from "./Metrics.ts"
import type { Places } from "./UsageOutbox.ts"
import { type UsageRecord, type UsageSink, UsageSinkError } from "./UsageSink.ts"

/** How it stands with a sink. Times are milliseconds since the epoch. */
export interface SinkStatus {
  readonly id: string
  /** `elsewhere`: another process, or another generation of this one, delivers to it. */
  readonly state: "delivering" | "failing" | "elsewhere"
  /** Since this process began. */
  readonly delivered: number
  /** Refused for good. */
  readonly rejected: number
  /** Gone from the ledger before they could be delivered. */
  readonly missed: number
  readonly lastDeliveredAt?: number
  readonly failing?: { readonly since: number; readonly reason: string }
}

/** The deliveries of a generation. */
export interface UsageDelivery {
  readonly status: () => ReadonlyArray<SinkStatus>
}

const defaultPageSize = 100
/** How often is looked for what has ended, where there was nothing, or another delivers. */
const idle = Duration.seconds(1)
const deliverWithin = Duration.minutes(1)
const firstWaitMs = 1_000
const longestWaitMs = 60_000

type Needs = Pick<Gateway, "ledger" | "outbox" | "clock" | "random">

type Mutable = { -readonly [K in keyof SinkStatus]: SinkStatus[K] }

/** Whatever goes wrong in a sink is a failure of it; what is no word of its own may pass. */
const attempt = (sink: UsageSink, records: ReadonlyArray<UsageRecord>): Effect.Effect<Result.Result<void, UsageSinkError>> =>
  sink.deliver(records).pipe(
    Effect.timeoutOrElse({
      duration: deliverWithin,
      orElse: () => new UsageSinkError({ reason: "it took longer than a minute", isTemporary: true })
    }),
    Effect.catchCause((cause) => {
      const error = Option.getOrUndefined(Cause.findErrorOption(cause))
      if (error !== undefined) return error
      return Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : new UsageSinkError({ reason: `it failed unexpectedly: ${Cause.pretty(cause)}`, isTemporary: true })
    }),
    Effect.result
  )

/** One by one, where a page as a whole is refused for good: gives those that are refused alone, and where it fails for now it fails. */
const oneByOne = Effect.fnUntraced(function*(sink: UsageSink, records: ReadonlyArray<UsageRecord>) {
  const rejected: Array<{ readonly id: string; readonly reason: string }> = []
  for (const record of records) {
    const result = yield* attempt(sink, [record])
    if (Result.isSuccess(result)) continue
    if (result.failure.isTemporary) return yield* result.failure
    rejected.push({ id: record.id, reason: result.failure.reason })
  }
  return rejected
})

const deliver = Effect.fnUntraced(function*(sink: UsageSink, records: ReadonlyArray<UsageRecord>) {
  if (records.length === 0) return []
  const result = yield* attempt(sink, records)
  if (Result.isSuccess(result)) return []
  if (result.failure.isTemporary) return yield* result.failure
  return records.length === 1 ? records.map(({ id }) => ({ id, reason: result.failure.reason })) : yield* oneByOne(sink, records)
})

/** Delivers for ever. */
const run = (needs: Needs, sink: UsageSink, holder: string, status: Mutable): Effect.Effect<never> => {
  const { outbox } = needs
  const now = () => needs.clock.currentTimeMillisUnsafe()

  const page = Effect.fnUntraced(function*(places: Places | undefined) {
    const { missed, places: end, records } = yield* needs.ledger.settled(places, sink.pageSize ?? defaultPageSize)
    const rejected = yield* deliver(sink, records)
    for (const { id, reason } of rejected) yield* Effect.logError("A sink of usage refused a record for good", { sink: sink.id, id, reason })
    status.delivered += records.length - rejected.length
    status.rejected += rejected.length
    status.missed += missed
    Metrics.usageDelivered(sink.id, records.length - rejected.length, rejected.length, missed)
    if (missed > 0) yield* Effect.logWarning("Records of usage were removed before they could be delivered", { sink: sink.id, missed })
    if (records.length > 0) status.lastDeliveredAt = now()
    const isNew = places === undefined || records.length > 0 || missed > 0
    const isOurs = !isNew || (yield* outbox.confirm(sink.id, holder, end))
    return { end, isOurs, isDone: records.length === 0 }
  })

  /** From the claim until there is nothing more, or it is lost. */
  const round = Effect.gen(function*() {
    const claim = yield* outbox.claim(sink.id, holder)
    if (Option.isNone(claim)) {
      status.state = "elsewhere"
      return
    }
    let places = claim.value.places
    while (true) {
      const { end, isDone, isOurs } = yield* page(places)
      status.state = "delivering"
      delete status.failing
      if (isDone || !isOurs) return
      places = end
    }
  })

  let wait = firstWaitMs
  const step = round.pipe(
    // A defect would end the delivery for good, and nobody would hear of it
    Effect.catchDefect((defect) => Effect.fail({ message: `it failed unexpectedly: ${Cause.pretty(Cause.die(defect))}` })),
    Effect.matchEffect({
      onSuccess: () => {
        wait = firstWaitMs
        return Effect.sleep(idle)
      },
      onFailure: ({ message }) => {
        const isFirst = status.failing === undefined
        status.state = "failing"
        status.failing = { since: status.failing?.since ?? now(), reason: message }
        const pause = Duration.millis(wait / 2 + needs.random() * wait / 2)
        wait = Math.min(wait * 2, longestWaitMs)
        const told = isFirst ? Effect.logWarning("Usage cannot be delivered for now; it waits in the ledger", { sink: sink.id, reason: message }) : Effect.void
        return Effect.andThen(told, Effect.sleep(pause))
      }
    })
  )
  return Effect.forever(step)
}

/** Starts the deliveries to all sinks, as those of one generation; they end with the scope, and let go of their sinks. */
export const start = Effect.fnUntraced(
  function*(needs: Needs, sinks: ReadonlyArray<UsageSink>, generation: number): Effect.fn.Return<UsageDelivery, never, Scope.Scope> {
    const holder = `${generate(needs.clock.currentTimeMillisUnsafe(), needs.random)}/${generation}`
    const statuses = sinks.map((sink): Mutable => ({ id: sink.id, state: "elsewhere", delivered: 0, rejected: 0, missed: 0 }))
    for (const [index, sink] of sinks.entries()) {
      const status = statuses[index]
      if (status === undefined) continue
      yield* Effect.addFinalizer(() =>
        Effect.catch(
          needs.outbox.release(sink.id, holder),
          ({ message }) =>
            Effect.logWarning("A sink of usage could not be let go of: another delivers to it when the claim has run out", { sink: sink.id, reason: message })
        )
      )
      yield* Effect.forkScoped(run(needs, sink, holder, status))
    }
    return { status: () => statuses.map((status) => ({ ...status })) }
  }
)
