/**
 * Makes a client key that is kept in the ledger's database: checks whose it is to be, draws its secret, and gives both the record and the
 * secret, which nobody can show again. Used by the command line and by the management API.
 */
import type { StoredKey } from "@sluice/gateway/KeyStore"
import { type LimitRules, perMinute } from "@sluice/gateway/LimitRules"
import * as VirtualKeys from "@sluice/gateway/VirtualKeys"
import { present } from "@sluice/protocol/Json"
import type * as Money from "@sluice/protocol/Money"
import { Clock, Duration, Effect, Option, Redacted, Schema } from "effect"
import { type Config, tenantOf } from "./Config.ts"
import * as KeySecret from "./KeySecret.ts"

/** The key would belong to somebody the configuration does not know, and its limits would hold for nobody. */
export class OwnerUnknown extends Schema.TaggedError<OwnerUnknown>()("OwnerUnknown", {
  /** Which of the two was said wrong. */
  field: Schema.Literals(["team", "tenant"]),
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.field}: ${this.reason}`
  }
}

const expiry = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/

/** What is accepted as the end of a key, for messages. */
export const expiryWanted = "a time such as 2027-01-31, 2027-01-31T12:00:00Z or \"90 days\" (from now)"

/** A time to come: a date, or how long from now. */
export const readExpiry = (written: string): Option.Option<(now: number) => number> => {
  if (expiry.test(written)) {
    const time = Date.parse(written)
    return Number.isNaN(time) ? Option.none() : Option.some(() => time)
  }
  return Schema.decodeOption(Schema.DurationFromString)(written).pipe(
    Option.filter((length) => Duration.isFinite(length) && Duration.isPositive(length)),
    Option.map((length) => (now) => now + Duration.toMillis(length))
  )
}

/** What is asked for; absent = not limited, no owner. */
export interface Asked {
  readonly name: string
  readonly tenant?: string | undefined
  readonly team?: string | undefined
  readonly priority?: "interactive" | "agent" | "batch" | undefined
  readonly models?: ReadonlyArray<string> | undefined
  /** Milliseconds since the epoch, given what is now. */
  readonly expires?: ((now: number) => number) | undefined
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
  readonly concurrency?: number | undefined
  readonly budget?: { readonly limit: Money.Money; readonly period: "day" | "week" | "month" | "total" } | undefined
}

/** A key and its secret. */
export interface Made {
  readonly key: StoredKey
  readonly secret: Redacted.Redacted<string>
}

const ownersOf = Effect.fnUntraced(function*(config: Config, { team, tenant }: Asked) {
  const found = config.teams.find(({ id }) => id === team)
  if (team !== undefined && found === undefined) {
    return yield* new OwnerUnknown({ field: "team", reason: `no team of the configuration has the id "${team}"` })
  }
  const owner = tenantOf(config, { team, tenant })
  if (owner !== undefined && config.tenants.every(({ id }) => id !== owner)) {
    return yield* new OwnerUnknown({ field: "tenant", reason: `no tenant of the configuration has the id "${owner}"` })
  }
  if (found !== undefined && owner !== found.tenant) {
    const whose = found.tenant === undefined ? "to no tenant" : `to the tenant "${found.tenant}"`
    return yield* new OwnerUnknown({ field: "tenant", reason: `the team "${found.id}" belongs ${whose}; leave it out` })
  }
  return present({ team, tenant: owner })
})

const limitsOf = ({ budget, concurrency, requestsPerMinute, tokensPerMinute }: Asked): LimitRules => ({
  rates: [
    ...(requestsPerMinute === undefined ? [] : [perMinute("requests", requestsPerMinute)]),
    ...(tokensPerMinute === undefined ? [] : [perMinute("tokens", tokensPerMinute)])
  ],
  ...(concurrency === undefined ? {} : { concurrency }),
  budgets: budget === undefined ? [] : [budget]
})

/** Makes a key; keeping it is the caller's. */
export const make = Effect.fn("NewKey.make")(function*(config: Config, asked: Asked): Effect.fn.Return<Made, OwnerUnknown | KeySecret.KeySecretError> {
  const owners = yield* ownersOf(config, asked)
  const now = yield* Clock.currentTimeMillis
  const pepper = yield* KeySecret.ensure(config)
  const { id, secret } = yield* VirtualKeys.generate
  const key: StoredKey = present({
    id,
    name: asked.name,
    digest: VirtualKeys.digest(Redacted.value(secret), pepper),
    createdAt: now,
    expiresAt: asked.expires?.(now),
    ...owners,
    priority: asked.priority,
    models: asked.models,
    limits: limitsOf(asked)
  })
  return { key, secret }
})
