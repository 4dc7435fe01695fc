/**
 * Where keys are kept that are made while the gateway runs: what a key may do, and the digest of its secret, never the secret. The
 * implementations are in the package `ledger`; a gateway without this port knows the keys of its configuration only.
 */
import * as Money from "@sluice/protocol/Money"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type { LimitRules } from "./LimitRules.ts"

/** A key as it is kept. Times are milliseconds since the epoch. */
export interface StoredKey {
  /** Public and short: the principal's id, and part of the secret's text. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** HMAC-SHA-256 of the whole secret under the gateway's own secret, in base64url. */
  readonly digest: string
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  readonly tenant?: string
  readonly team?: string
  readonly priority?: "interactive" | "agent" | "batch"
  /** Names or globs of the models it may use; absent = all. */
  readonly models?: ReadonlyArray<string>
  readonly limits: LimitRules
}

/** The keys cannot be read or written at the moment. */
export class KeyStoreUnavailable extends Schema.TaggedError<KeyStoreUnavailable>()("KeyStoreUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `the store of keys is unavailable: ${this.reason}`
  }
}

/** Keeps keys. */
export class KeyStore extends Context.Service<KeyStore, {
  /** Durable when it succeeds. */
  readonly create: (key: StoredKey) => Effect.Effect<void, KeyStoreUnavailable>
  /** The key with this digest. */
  readonly find: (digest: string) => Effect.Effect<StoredKey | undefined, KeyStoreUnavailable>
  /** All keys, the newest first. */
  readonly list: Effect.Effect<ReadonlyArray<StoredKey>, KeyStoreUnavailable>
  /** Ends a key at a time, for good; `false` where there is none with this id. A key that was revoked before keeps its time. */
  readonly revoke: (id: string, at: number) => Effect.Effect<boolean, KeyStoreUnavailable>
}>()("@sluice/gateway/KeyStore") {}

const money = Schema.String.pipe(Schema.decodeTo(Schema.declare((value): value is Money.Money => typeof value === "bigint"), {
  decode: SchemaGetter.transformOptional(Option.flatMap(Money.fromDecimal)),
  encode: SchemaGetter.transform(Money.toDecimal)
}))

const use = {
  rates: Schema.optionalKey(
    Schema.Array(Schema.Struct({ kind: Schema.Literals(["requests", "tokens"]), limit: Schema.Int, windowMs: Schema.Int }))
  ),
  concurrency: Schema.optionalKey(Schema.Int)
}

/** What limits a key, as plain JSON text. */
export const RulesText = Schema.fromJsonString(Schema.Struct({
  ...use,
  budgets: Schema.optionalKey(Schema.Array(Schema.Struct({ limit: money, period: Schema.Literals(["day", "week", "month", "total"]) }))),
  models: Schema.optionalKey(Schema.Array(Schema.Struct({ model: Schema.String, ...use })))
}))
