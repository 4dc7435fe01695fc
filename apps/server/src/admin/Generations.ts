/** The configurations that are served at the moment: the current one, and those before it whose last exchanges still run. */
import { Generations } from "@sluice/gateway/Generations"
import { Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { finished } from "./Group.ts"

const Generation = Schema.Struct({
  number: Schema.Int,
  startedAt: Schema.String,
  replacedAt: Schema.optionalKey(Schema.String.annotate({ description: "Absent = it is the current one." })),
  exchanges: Schema.Int.annotate({ description: "Exchanges that run with it." })
}).annotate({ identifier: "Generation" })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("generations").add(
    HttpApiEndpoint.get("listGenerations", "/generations", { success: Schema.Struct({ generations: Schema.Array(Generation) }) }).annotate(
      OpenApi.Summary,
      "List the configurations that are served"
    )
  ),
  "Generations",
  "An exchange keeps the configuration it began with: after a reload the one before it lives until its last exchange has ended."
)

const iso = (time: number): string => new Date(time).toISOString()

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "generations",
  Effect.fnUntraced(function*(handlers) {
    const { status } = yield* Generations
    return handlers.handleAll({
      listGenerations: Effect.fn("admin.listGenerations")(() =>
        Effect.sync(() => ({
          generations: status().map(({ exchanges, number, replacedAt, startedAt }) => ({
            number,
            startedAt: iso(startedAt),
            ...(replacedAt === undefined ? {} : { replacedAt: iso(replacedAt) }),
            exchanges
          }))
        }))
      )
    })
  })
)
