/**
 * Refreshes a login once, however many ask: in this process by one flight that all wait for, among processes by a lease of the stored
 * version. Who comes too late takes what the winner stored, so no refresh token is used twice. A flight is nobody's child: no client
 * that leaves can tear it off between the provider's answer and the store.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { type CredentialError, temporary } from "../credentials/CredentialError.ts"
import type { CredentialStore } from "../credentials/CredentialStore.ts"
import { type Material, secretOf } from "../credentials/Material.ts"
import * as Due from "./Due.ts"
import type { Kept } from "./Kept.ts"
import { type Records, unavailable } from "./Records.ts"
import * as RefreshMetrics from "./RefreshMetrics.ts"

/** What a refresh works with. */
export interface Context {
  readonly store: CredentialStore["Service"]
  readonly records: Records
  readonly timing: Due.Timing
  /** Names this process to the store. */
  readonly owner: string
  /** Takes new material over, with the version it is stored as. */
  readonly adopt: (kept: Kept, material: Material, version: number | undefined) => Effect.Effect<void>
  /** Somebody removed it. */
  readonly forget: (kept: Kept) => Effect.Effect<void>
  /** Told when something went wrong, and what is known of it by then. */
  readonly onTrouble: (kept: Kept) => Effect.Effect<void>
}

/** Between two looks at a lease that somebody else has. */
const lookEveryMs = 250

/** Takes what somebody else has stored. */
const takeOver = (context: Context, kept: Kept, record: Parameters<Records["open"]>[0]) =>
  Effect.flatMap(
    context.records.open(record),
    ({ material }) => context.adopt(kept, material, record.version).pipe(Effect.andThen(RefreshMetrics.ended(record.provider, "taken")), Effect.as(true))
  )

/** The provider is asked, and what it gave is stored before it is used; what cannot be stored is used all the same. */
const ask = Effect.fnUntraced(function*(context: Context, kept: Kept, version: number): Effect.fn.Return<boolean, CredentialError> {
  const { owner, records, store } = context
  const { from, like, material, place } = kept
  if (from.refresh === undefined || material === undefined) return false
  const fresh = yield* Effect.andThen(records.ready, from.refresh(material)).pipe(
    Effect.onError(() => Effect.ignore(store.release({ ...place, version, owner })))
  )
  yield* RefreshMetrics.ended(place.provider, "refreshed")
  const record = yield* records.close(place, version + 1, { material: fresh, like })
  const written = yield* Effect.result(records.write(record, version))
  if (written._tag === "Failure") {
    kept.unsaved = { record, after: version }
    yield* Effect.logError(
      `The refreshed credential "${place.id}" of the provider "${place.provider}" could not be stored, and is used from memory`,
      written.failure.message
    )
    yield* context.adopt(kept, fresh, version)
    return true
  }
  if (written.success) {
    yield* context.adopt(kept, fresh, record.version)
    return true
  }
  // Somebody logged in while the provider was asked
  const other = yield* Effect.mapError(store.find(place), unavailable)
  if (other !== undefined) return yield* takeOver(context, kept, other)
  yield* context.forget(kept)
  return false
})

const underLease = Effect.fnUntraced(function*(context: Context, kept: Kept, version: number): Effect.fn.Return<boolean, CredentialError> {
  const { owner, store, timing } = context
  const { place } = kept
  const until = (yield* Clock.currentTimeMillis) + 2 * timing.leaseMs
  for (;;) {
    const lease = yield* Effect.mapError(store.lease({ ...place, version, owner, forMs: timing.leaseMs }), unavailable)
    switch (lease._tag) {
      case "Leased":
        return yield* ask(context, kept, version)
      case "Newer":
        return yield* takeOver(context, kept, lease.record)
      case "Missing":
        yield* context.forget(kept)
        return false
      case "Busy": {
        if ((yield* Clock.currentTimeMillis) >= until) return yield* temporary("Another process has been refreshing the login for too long.")
        yield* Effect.sleep(Math.max(1, Math.min(lookEveryMs, lease.leftMs)))
      }
    }
  }
})

/** What of material makes a difference to whoever uses it. */
const essence = (material: Material): ReadonlyArray<unknown> => [
  material._tag,
  Redacted.value(secretOf(material)),
  material._tag === "OAuth" ? material.expiresAt : undefined
]

const isSame = (before: Material | undefined, now: Material): boolean =>
  before !== undefined && essence(before).every((part, index) => part === essence(now)[index])

const reload = Effect.fnUntraced(function*(context: Context, kept: Kept): Effect.fn.Return<boolean, CredentialError> {
  const { load } = kept.from
  if (load === undefined) return false
  const material = yield* load
  const isNew = !isSame(kept.material, material)
  if (isNew || kept.trouble !== undefined) yield* context.adopt(kept, material, undefined)
  return isNew
})

const act = (context: Context, kept: Kept): Effect.Effect<boolean, CredentialError> => {
  if (kept.from.load !== undefined) return reload(context, kept)
  const { material, version } = kept
  if (material?._tag !== "OAuth" || material.refreshToken === undefined || version === undefined) return Effect.succeed(false)
  return underLease(context, kept, version)
}

/** What went wrong is noted on the credential: it is told by its status, and decides when it is tried again. */
const note = Effect.fnUntraced(function*(context: Context, kept: Kept, { isTemporary, reason }: CredentialError) {
  const now = yield* Clock.currentTimeMillis
  kept.trouble = { reason: reason.message, isForGood: !isTemporary }
  kept.failures += 1
  const wait = reason._tag === "Temporary" ? reason.retryAfterMs : undefined
  kept.retryAt = isTemporary ? Due.again(kept.failures, now, yield* Random.next, wait, context.timing) : undefined
  yield* RefreshMetrics.ended(kept.place.provider, isTemporary ? "failed" : "over")
  yield* context.onTrouble(kept)
  return false
})

/** The refresh that runs, or a new one; says whether there is something new. It goes on when whoever waits for it leaves. */
export const join = (context: Context, kept: Kept): Effect.Effect<boolean> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      if (kept.flight !== undefined) return restore(Deferred.await(kept.flight))
      const flight = Deferred.makeUnsafe<boolean>()
      kept.flight = flight
      const run = act(context, kept).pipe(
        Effect.catch((error) => note(context, kept, error)),
        Effect.catchCause((cause) =>
          Effect.andThen(
            Effect.logError("Refreshing a credential failed by a fault", Cause.pretty(cause)),
            note(
              context,
              kept,
              Cause.hasInterruptsOnly(cause) ? temporary("The refresh was interrupted.") : temporary("The refresh failed by a fault; the log says more.")
            )
          )
        ),
        Effect.onExit(() => Effect.sync(() => void (kept.flight = undefined))),
        Effect.flatMap((isNew) => Deferred.succeed(flight, isNew))
      )
      return Effect.andThen(Effect.forkDetach(run), restore(Deferred.await(flight)))
    })
  )

/**
 * What an attempt that was refused asks for: whether it may be tried again. What was refreshed a moment ago is the answer to everybody
 * who was refused before it, and what has just failed is not asked again.
 */
export const renew = (context: Context, kept: Kept): Effect.Effect<boolean> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    if (kept.flight !== undefined) return join(context, kept)
    if (kept.trouble?.isForGood === true && kept.from.load === undefined) return Effect.succeed(false)
    if (kept.lastRefresh !== undefined && now - kept.lastRefresh < context.timing.settleMs) return Effect.succeed(kept.trouble === undefined)
    if (kept.retryAt !== undefined && kept.retryAt > now) return Effect.succeed(false)
    return join(context, kept)
  })
