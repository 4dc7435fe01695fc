/**
 * Keys that are made and revoked while the gateway runs, beside those of its configuration. A secret is 256 random bits behind a public
 * id and is shown once; what is kept is its keyed digest, by which it is found. A key that was found is remembered for a moment, so that a
 * revoked one is refused within that time everywhere.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { type ApiKey, known, type Place } from "./ApiKeys.ts"
import { unknown } from "./authentication/Refusal.ts"
import * as Authenticator from "./Authenticator.ts"
import * as PrincipalMemory from "./internal/principalMemory.ts"
import { KeyStore, type StoredKey } from "./KeyStore.ts"
import type { Principal } from "./Principal.ts"

/** What every such secret begins with, so that a scanner of code and logs can tell one. */
export const prefix = "sk-sluice-"

/** 32 letters and digits, without those that are taken for one another. */
const alphabet = "abcdefghijkmnpqrstuvwxyz23456789"

const publicIdLength = 12
const secretBytes = 32

/** A new key: its public id, and the secret its holder is shown once. */
export interface Made {
  readonly id: string
  readonly secret: Redacted.Redacted<string>
}

/** Makes one: 60 random bits that are public, 256 that are not. */
export const generate: Effect.Effect<Made> = Effect.sync(() => {
  const id = Array.from(randomBytes(publicIdLength), (byte) => alphabet[byte % alphabet.length]).join("")
  return { id, secret: Redacted.make(`${prefix}${id}-${randomBytes(secretBytes).toString("base64url")}`) }
})

/** What is kept of a secret: without the gateway's own secret it cannot be tried out. */
export const digest = (secret: string, pepper: Redacted.Redacted<string>): string =>
  createHmac("sha256", Redacted.value(pepper)).update(secret).digest("base64url")

/** How keys are known. */
export interface Options {
  /** The keys of the configuration; they go before the others. */
  readonly keys: ReadonlyArray<ApiKey>
  /** The gateway's own secret; undefined while none was made, and so no key either. */
  readonly pepper: Effect.Effect<Redacted.Redacted<string> | undefined, GatewayError>
  /** How long a key that was found is not looked for again: a revoked one is refused after it at the latest. */
  readonly freshFor: Duration.Duration
}

/** Secrets that are remembered, at most, whether they lead to a key or not. */
const remembered = 10_000

/** Who asks with a stored key. */
export const principalOf = ({ id, limits, models, priority, team, tenant }: StoredKey): Principal => present({ id, tenant, team, priority, models, limits })

const isSame = (left: string, right: string): boolean => left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))

/** Why is the operator's business: it is in the log. */
const unavailable = (reason: string): Effect.Effect<never, GatewayError> =>
  Effect.andThen(
    Effect.logWarning("Stored keys could not be looked up", reason),
    fail({
      class: "unavailable",
      message: "Whether the key is known could not be found out at the moment. Try again.",
      retryAfterMs: 1000,
      code: "keys_unavailable"
    })
  )

const ended = (what: "expired" | "revoked"): GatewayError =>
  fail({
    class: "unauthenticated",
    message: `The API key was ${what === "expired" ? "valid until a while ago and has expired" : "revoked"}.`,
    code: `${what}_api_key`
  })

interface Found {
  readonly key: StoredKey
  readonly principal: Principal
}

/** Knows the keys of the configuration and those of the store, as a scheme of a chain: what does not look like one of them is for the next to judge. */
export const scheme = ({ freshFor, keys, pepper }: Options, place?: Place): Layer.Layer<never, never, KeyStore | Authenticator.Schemes> =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      const store = yield* KeyStore
      const clock = yield* Clock.Clock
      const configured = known(keys)
      const same = PrincipalMemory.make(remembered)
      const found = (key: StoredKey): Found => ({ key, principal: same(principalOf(key)) })

      const cache = yield* Cache.makeWith(
        (wanted: string) =>
          Effect.map(store.find(wanted), (key): Found | undefined => key === undefined || !isSame(key.digest, wanted) ? undefined : found(key)),
        { capacity: remembered, timeToLive: (exit) => Exit.isSuccess(exit) ? freshFor : Duration.zero }
      )

      const stored = Effect.fnUntraced(function*(secret: string): Effect.fn.Return<Principal, GatewayError> {
        const own = yield* pepper
        if (own === undefined) return yield* unknown
        const entry = yield* Effect.catch(Cache.get(cache, digest(secret, own)), ({ reason }) => unavailable(reason))
        if (entry === undefined) return yield* unknown
        const { key, principal } = entry
        if (key.revokedAt !== undefined) return yield* ended("revoked")
        if (key.expiresAt !== undefined && key.expiresAt <= clock.currentTimeMillisUnsafe()) return yield* ended("expired")
        return principal
      })

      const authenticate: Authenticator.Scheme["authenticate"] = ({ secret }) => {
        if (secret === undefined) return Effect.succeedNone
        const principal = configured(secret)
        if (principal !== undefined) return Effect.succeedSome(principal)
        return secret.startsWith(prefix) ? Effect.asSome(stored(secret)) : Effect.succeedNone
      }
      yield* Authenticator.Schemes.use((schemes) => schemes.register({ id: "keys", ...place, authenticate }))
    })
  )

/** Knows the keys of the configuration and those of the store, and nobody else. */
export const layer = (options: Options): Layer.Layer<Authenticator.Authenticator, never, KeyStore> => Authenticator.chain(scheme(options))
