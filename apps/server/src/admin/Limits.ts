/** How full the limits of a key, a team or a tenant are at the moment. Looking counts nothing. */
import { Generations } from "@sluice/gateway/Generations"
import { KeyStore } from "@sluice/gateway/KeyStore"
import type { LimitLevel } from "@sluice/gateway/Limits"
import type { Principal } from "@sluice/gateway/Principal"
import * as VirtualKeys from "@sluice/gateway/VirtualKeys"
import { present } from "@sluice/protocol/Json"
import * as Money from "@sluice/protocol/Money"
import { Effect, Option, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { type Config, toApiKeys } from "../Config.ts"
import { Configuration } from "../reload/Configuration.ts"
import { finished } from "./Group.ts"
import { NotFound, Unavailable } from "./Problems.ts"

const Level = Schema.Struct({
  kind: Schema.Literals(["requests", "tokens", "concurrency", "budget"]),
  account: Schema.Struct({ kind: Schema.Literals(["key", "team", "tenant"]), id: Schema.String }),
  model: Schema.optionalKey(Schema.String.annotate({ description: "The name or glob of models it is for; absent = all." })),
  limit: Schema.String.annotate({ description: "A count, or US dollars of a budget." }),
  used: Schema.String,
  windowMs: Schema.optionalKey(Schema.Int.annotate({ description: "Of a rate." })),
  endsAt: Schema.optionalKey(Schema.String.annotate({ description: "When the period of a budget ends." }))
}).annotate({ identifier: "LimitLevel" })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("limits").add(
    HttpApiEndpoint.get("getLimits", "/limits/:kind/:id", {
      params: { kind: Schema.Literals(["key", "team", "tenant"]), id: Schema.String },
      success: Schema.Struct({ levels: Schema.Array(Level) }),
      error: [NotFound, Unavailable]
    }).annotate(OpenApi.Summary, "Say how full the limits of an account are")
  ),
  "Limits",
  "What limits an account, and how full it is: a key meets its own limits and those of its team and its tenant."
)

const amount = (kind: LimitLevel["kind"], value: number): string => kind === "budget" ? Money.toDecimal(Money.fromNanos(BigInt(value))) : String(value)

const shown = ({ endsAt, kind, limit, used, ...rest }: LimitLevel): typeof Level.Type => ({
  ...rest,
  kind,
  limit: amount(kind, limit),
  used: amount(kind, used),
  ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() })
})

/** Somebody who belongs to a team or a tenant and has no limits of his own. */
const member = (config: Config, kind: "team" | "tenant", id: string): Principal | undefined => {
  if (kind === "tenant") return config.tenants.some((each) => each.id === id) ? { id: "", tenant: id } : undefined
  const team = config.teams.find((each) => each.id === id)
  return team === undefined ? undefined : { id: "", team: id, ...present({ tenant: team.tenant }) }
}

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "limits",
  Effect.fnUntraced(function*(handlers) {
    const { current: config } = yield* Configuration
    const { enter } = yield* Generations
    const keys = yield* Effect.serviceOption(KeyStore)

    const keyOf = Effect.fnUntraced(function*(id: string) {
      const configured = toApiKeys(config()).find(({ principal }) => principal.id === id)
      if (configured !== undefined || Option.isNone(keys)) return configured?.principal
      const stored = yield* Effect.mapError(keys.value.list, ({ message }) => new Unavailable({ detail: message }))
      const found = stored.find((key) => key.id === id)
      return found === undefined ? undefined : VirtualKeys.principalOf(found)
    })

    return handlers.handleAll({
      getLimits: Effect.fn("admin.getLimits")(function*({ params: { id, kind } }) {
        const principal = kind === "key" ? yield* keyOf(id) : member(config(), kind, id)
        if (principal === undefined) return yield* new NotFound({ detail: `There is no ${kind} "${id}".` })
        const { limits } = yield* enter
        const levels = limits === undefined ? [] : yield* Effect.mapError(limits.levels(principal), ({ message }) => new Unavailable({ detail: message }))
        return { levels: levels.map(shown) }
      }, Effect.scoped)
    })
  })
)
