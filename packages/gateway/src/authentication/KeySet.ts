/**
 * The keys an issuer signs tokens with, kept in memory and fetched again when they are old or a token names one that is not among
 * them. However many tokens come, and whatever they claim, keys are asked for one at a time and at most once per cooldown. Keys
 * that cannot be renewed are used for a while longer, and then nobody is let in.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose"

/** The issuer's keys are not known. */
export class KeySetUnavailable extends Schema.TaggedError<KeySetUnavailable>()("KeySetUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `the keys of the issuer cannot be had: ${this.reason}`
  }
}

/** How keys are kept. Times are milliseconds. */
export interface Bounds {
  /** How old keys may become before they are asked for again. */
  readonly freshMs: number
  /** How old they may become while they cannot be renewed. */
  readonly keptMs: number
  /** The least time between two askings, successful or not. */
  readonly cooldownMs: number
}

/** Keys by what a token's head says. */
export interface KeySet {
  /** The keys as they are known, asked for where they are too old. */
  readonly keys: Effect.Effect<JWTVerifyGetKey, KeySetUnavailable>
  /** The keys after another asking; none where it is too early for one, or where nothing came of it. */
  readonly renewed: Effect.Effect<Option.Option<JWTVerifyGetKey>>
}

interface Held {
  readonly keys: JWTVerifyGetKey
  readonly since: number
}

const local = (set: JSONWebKeySet): Effect.Effect<JWTVerifyGetKey, KeySetUnavailable> =>
  Effect.try({ try: () => createLocalJWKSet(set), catch: () => new KeySetUnavailable({ reason: "what came is no key set" }) })

/** Keeps what `load` brings. Loads run in the scope: a caller that leaves does not stop them. */
export const make = Effect.fnUntraced(function*(
  load: Effect.Effect<JSONWebKeySet, KeySetUnavailable>,
  bounds: Bounds,
  now: () => number
): Effect.fn.Return<KeySet, never, Scope.Scope> {
  const scope = yield* Scope.Scope
  let held: Held | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let failure = new KeySetUnavailable({ reason: "they were not asked for" })
  let running: Deferred.Deferred<JWTVerifyGetKey, KeySetUnavailable> | undefined

  const loaded = (done: Deferred.Deferred<JWTVerifyGetKey, KeySetUnavailable>) =>
    Effect.onExit(Effect.flatMap(load, local), (exit) => {
      running = undefined
      if (Exit.isSuccess(exit)) held = { keys: exit.value, since: now() }
      else failure = Option.getOrElse(Exit.findErrorOption(exit), () => new KeySetUnavailable({ reason: "asking for them broke off" }))
      return Deferred.done(done, Exit.isSuccess(exit) ? exit : Exit.fail(failure))
    })

  const asking = Effect.suspend(() => {
    if (running !== undefined) return Deferred.await(running)
    if (now() - triedAt < bounds.cooldownMs) return failure
    triedAt = now()
    const done = Deferred.makeUnsafe<JWTVerifyGetKey, KeySetUnavailable>()
    running = done
    return Effect.andThen(Effect.forkIn(Effect.ignoreCause(loaded(done)), scope), Deferred.await(done))
  })

  const orHeld = (error: KeySetUnavailable): Effect.Effect<JWTVerifyGetKey, KeySetUnavailable> =>
    held === undefined || now() - held.since > bounds.keptMs
      ? error
      : Effect.as(Effect.logWarning("The keys of an issuer could not be renewed; the ones before are used on", error.reason), held.keys)

  return {
    keys: Effect.suspend(() => held !== undefined && now() - held.since <= bounds.freshMs ? Effect.succeed(held.keys) : Effect.catch(asking, orHeld)),
    renewed: Effect.suspend(() => running === undefined && now() - triedAt < bounds.cooldownMs ? Effect.succeedNone : Effect.option(asking))
  }
})
