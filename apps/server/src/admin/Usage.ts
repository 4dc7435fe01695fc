/** What was asked and what it cost: points of charts by hour or day, and what an account has spent. */
import { dayOf } from "@sluice/gateway/Accounts"
import { dimensions } from "@sluice/gateway/Charts"
import { Ledger } from "@sluice/gateway/Ledger"
import { present } from "@sluice/protocol/Json"
import * as Money from "@sluice/protocol/Money"
import { Clock, Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Time, timeOf, Usage } from "./Exchanges.ts"
import { finished } from "./Group.ts"
import { Unavailable } from "./Problems.ts"

const Text = Schema.optionalKey(Schema.String)

const Point = Schema.Struct({
  at: Schema.String.annotate({ description: "The beginning of the hour or day." }),
  of: Text.annotate({ description: "The value it is split by; absent where the exchanges have none." }),
  requests: Schema.Int,
  usage: Usage,
  costUsd: Schema.String
}).annotate({ identifier: "UsagePoint" })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("usage").add(
    HttpApiEndpoint.get("chart", "/usage", {
      query: {
        from: Schema.optionalKey(Time.annotate({ description: "Absent = a day ago by hour, 30 days ago by day." })),
        until: Schema.optionalKey(Time),
        step: Schema.optionalKey(Schema.Literals(["hour", "day"]).annotate({ description: "Absent = `hour`." })),
        by: Schema.optionalKey(Schema.Literals(dimensions).annotate({ description: "One point for each value." })),
        tenant: Text,
        team: Text,
        principal: Text,
        model: Text,
        provider: Text,
        status: Text
      },
      success: Schema.Struct({ points: Schema.Array(Point) }),
      error: [Unavailable]
    }).annotate(OpenApi.Summary, "Add up ended exchanges by hour or day"),
    HttpApiEndpoint.get("spent", "/usage/:kind/:id", {
      params: { kind: Schema.Literals(["key", "team", "tenant"]), id: Schema.String },
      query: { from: Schema.optionalKey(Time.annotate({ description: "The UTC day it lies in is included. Absent = all time." })) },
      success: Schema.Struct({ requests: Schema.Int, tokens: Schema.Int, usd: Schema.String }),
      error: [Unavailable]
    }).annotate(OpenApi.Summary, "Say what an account has spent")
  ),
  "Usage",
  "Ended exchanges added up. Charts may be some seconds behind; what an account has spent is exact."
)

const unavailable = ({ message }: { readonly message: string }) => new Unavailable({ detail: message })

const dayMs = 86_400_000

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "usage",
  Effect.fnUntraced(function*(handlers) {
    const ledger = yield* Ledger
    return handlers.handleAll({
      chart: Effect.fn("admin.chart")(function*({ query: { by, from, step = "hour", until, ...where } }) {
        const now = yield* Clock.currentTimeMillis
        const wanted = present({
          from: timeOf(from, now) ?? now - (step === "hour" ? dayMs : 30 * dayMs),
          until: timeOf(until, now) ?? now + 1,
          step,
          by,
          where
        })
        return { points: yield* Effect.mapError(ledger.chart(wanted), unavailable) }
      }),
      spent: Effect.fn("admin.spent")(function*({ params, query: { from } }) {
        const at = timeOf(from, yield* Clock.currentTimeMillis)
        const { requests, spent, tokens } = yield* Effect.mapError(ledger.spent(params, at === undefined ? 0 : dayOf(at)), unavailable)
        return { requests, tokens, usd: Money.toDecimal(spent) }
      })
    })
  })
)
