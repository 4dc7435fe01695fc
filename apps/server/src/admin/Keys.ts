/** Client keys: those of the configuration and those in the ledger's database are listed; the latter are made, shown once, and revoked. */
import { KeyStore, type StoredKey } from "@sluice/gateway/KeyStore"
import { maxBudgetUsd } from "@sluice/gateway/LimitRules"
import * as Money from "@sluice/protocol/Money"
import { Clock, Effect, Option, Redacted, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Shown from "../commands/keys/Shown.ts"
import type { Config } from "../Config.ts"
import * as NewKey from "../NewKey.ts"
import { Configuration } from "../reload/Configuration.ts"
import { finished } from "./Group.ts"
import { Conflict, NotFound, Unavailable, Unprocessable } from "./Problems.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const Limits = Schema.Struct({
  requestsPerMinute: Schema.optionalKey(Schema.Int),
  tokensPerMinute: Schema.optionalKey(Schema.Int),
  concurrency: Schema.optionalKey(Schema.Int),
  budgets: Schema.optionalKey(Schema.Array(Schema.Struct({ usd: Schema.String, period: Schema.String })))
})

const fields = {
  id: Schema.String,
  name: Schema.String,
  status: Schema.Literals(["active", "expired", "revoked"]),
  createdAt: Schema.String,
  expiresAt: Schema.optionalKey(Schema.String),
  revokedAt: Schema.optionalKey(Schema.String),
  tenant: Schema.optionalKey(Schema.String),
  team: Schema.optionalKey(Schema.String),
  priority: Schema.optionalKey(Schema.String),
  models: Schema.optionalKey(Schema.Array(Schema.String)),
  limits: Limits
}

const Key = Schema.Struct(fields).annotate({ identifier: "Key", description: "A key that is kept in the ledger's database." })

const MadeKey = Schema.Struct({ ...fields, secret: Schema.String.annotate({ description: "What its holder sends. Nobody can show it again." }) }).annotate({
  identifier: "MadeKey"
})

const ConfiguredKey = Schema.Struct({
  id: Schema.String,
  tenant: Schema.optionalKey(Schema.String),
  team: Schema.optionalKey(Schema.String),
  priority: Schema.String,
  models: Schema.optionalKey(Schema.Array(Schema.String))
}).annotate({ identifier: "ConfiguredKey", description: "A key of the configuration file; it is changed there." })

const NewKeyBody = Schema.Struct({
  name: Schema.NonEmptyString.annotate({ description: "What people call the key." }),
  tenant: Schema.optionalKey(Schema.String.annotate({ description: "A tenant of the configuration. Absent = that of the team." })),
  team: Schema.optionalKey(Schema.String.annotate({ description: "A team of the configuration." })),
  priority: Schema.optionalKey(Schema.Literals(["interactive", "agent", "batch"])),
  models: Schema.optionalKey(Schema.Array(Schema.NonEmptyString).annotate({ description: "Names or globs of the models it may use. Absent = all." })),
  expires: Schema.optionalKey(
    Schema.String.check(Schema.makeFilter((text: string) => Option.isSome(NewKey.readExpiry(text)) || `Expected ${NewKey.expiryWanted}`))
      .annotate({ description: "When it ends: a date, or how long from now. Absent = never." })
  ),
  requestsPerMinute: Schema.optionalKey(Count),
  tokensPerMinute: Schema.optionalKey(Count),
  concurrency: Schema.optionalKey(Count),
  budget: Schema.optionalKey(Schema.Struct({
    usd: Schema.String.check(
      Schema.makeFilter((text: string) =>
        Option.exists(Money.fromDecimal(text), (money) => money <= Money.fromNanos(BigInt(maxBudgetUsd) * 1_000_000_000n)) ||
        `Expected an amount in US dollars of at most ${maxBudgetUsd}, such as 25.00`
      )
    ),
    period: Schema.Literals(["day", "week", "month", "total"])
  }))
}).annotate({ identifier: "NewKey" })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("keys").add(
    HttpApiEndpoint.get("listKeys", "/keys", {
      success: Schema.Struct({ stored: Schema.Array(Key), configured: Schema.Array(ConfiguredKey) }),
      error: [Unavailable]
    }).annotate(OpenApi.Summary, "List the keys that are stored and those of the configuration"),
    HttpApiEndpoint.post("createKey", "/keys", {
      payload: NewKeyBody,
      success: MadeKey.pipe(HttpApiSchema.status(201)),
      error: [Conflict, Unprocessable, Unavailable]
    }).annotate(OpenApi.Summary, "Make a key; its secret is in the answer and nowhere else"),
    HttpApiEndpoint.delete("revokeKey", "/keys/:id", { params: { id: Schema.String }, success: Key, error: [Conflict, NotFound, Unavailable] }).annotate(
      OpenApi.Summary,
      "End a key, for good"
    )
  ),
  "Keys",
  "Client keys. A secret is shown once, when its key is made; running servers refuse a revoked key after `auth.keysFreshFor` at the latest."
)

const nowhereKept = () => new Conflict({ detail: "The configured ledger keeps nothing outside the server's memory, and no keys either: set ledger.url." })

const unavailable = ({ message }: { readonly message: string }) => new Unavailable({ detail: message })

const configured = ({ keys }: Config): ReadonlyArray<typeof ConfiguredKey.Type> =>
  keys.map(({ id, models, priority, team, tenant }) => ({
    id,
    priority,
    ...(tenant === undefined ? {} : { tenant }),
    ...(team === undefined ? {} : { team }),
    ...(models === undefined ? {} : { models })
  }))

const shown = (key: StoredKey) => Effect.map(Clock.currentTimeMillis, (now) => Shown.toData(key, now))

const toAsked = ({ budget, expires, ...rest }: typeof NewKeyBody.Type): NewKey.Asked => ({
  ...rest,
  expires: expires === undefined ? undefined : Option.getOrUndefined(NewKey.readExpiry(expires)),
  budget: budget === undefined
    ? undefined
    : Option.getOrUndefined(Option.map(Money.fromDecimal(budget.usd), (limit) => ({ limit, period: budget.period })))
})

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "keys",
  Effect.fnUntraced(function*(handlers) {
    const { current: config } = yield* Configuration
    const found = yield* Effect.serviceOption(KeyStore)
    const store = Effect.fromOption(found).pipe(Effect.mapError(nowhereKept))
    return handlers.handleAll({
      listKeys: Effect.fn("admin.listKeys")(function*() {
        const stored = Option.isNone(found) ? [] : yield* Effect.mapError(found.value.list, unavailable)
        return { stored: yield* Effect.forEach(stored, shown), configured: configured(config()) }
      }),
      createKey: Effect.fn("admin.createKey")(function*({ payload }) {
        const { create } = yield* store
        const { key, secret } = yield* NewKey.make(config(), toAsked(payload)).pipe(
          Effect.catchTags({
            OwnerUnknown: ({ field, reason }) => new Unprocessable({ detail: `${field}: ${reason}`, problems: [{ path: field, message: reason }] }),
            KeySecretError: ({ message }) => new Conflict({ detail: message })
          })
        )
        yield* Effect.mapError(create(key), unavailable)
        // The one place where a secret leaves through the management surface
        return { ...(yield* shown(key)), secret: Redacted.value(secret) }
      }),
      revokeKey: Effect.fn("admin.revokeKey")(function*({ params: { id } }) {
        const { list, revoke } = yield* store
        const now = yield* Clock.currentTimeMillis
        const isThere = yield* Effect.mapError(revoke(id, now), unavailable)
        const key = isThere ? (yield* Effect.mapError(list, unavailable)).find((each) => each.id === id) : undefined
        return key === undefined ? yield* new NotFound({ detail: `No stored key has the id "${id}".` }) : yield* shown(key)
      })
    })
  })
)
