/** What rests and what is left out at the moment: credentials, models and providers that failed, and the end of it by an operator's word. */
import { Generations } from "@sluice/gateway/Generations"
import { Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { finished } from "./Group.ts"
import { everywhere } from "./Operation.ts"
import { Unavailable } from "./Problems.ts"

const Text = Schema.optionalKey(Schema.String)

const Circuit = Schema.Struct({
  provider: Schema.String,
  credential: Text,
  model: Text,
  kind: Schema.Literals(["cooldown", "breaker"]).annotate({ description: "Told to rest, or left out because it failed too often." }),
  state: Schema.Literals(["counting", "resting", "due", "probing"]),
  class: Schema.String.annotate({ description: "The class of the failure." }),
  remainingMs: Schema.Finite,
  failures: Schema.Int,
  openings: Schema.Int
}).annotate({ identifier: "Circuit" })

const Which = Schema.Struct({ provider: Text, credential: Text, model: Text }).annotate({
  identifier: "WhichCircuits",
  description: "Which are meant; absent = whatever it is."
})

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("cooldowns").add(
    HttpApiEndpoint.get("listCooldowns", "/cooldowns", {
      success: Schema.Struct({
        circuits: Schema.Array(Circuit),
        sessions: Schema.Int.annotate({ description: "Conversations that are with a credential." }),
        retries: Schema.Struct({ used: Schema.Finite, allowed: Schema.Finite })
      })
    }).annotate(OpenApi.Summary, "List what rests and what is left out"),
    HttpApiEndpoint.post("resetCooldowns", "/cooldowns/reset", {
      payload: Which,
      success: Schema.Struct({ reset: Schema.Int.annotate({ description: "In the process that was asked." }) }),
      error: [Unavailable]
    })
      .annotate(OpenApi.Summary, "Forget what rests and what is left out, as far as it is meant")
  ),
  "Cooldowns",
  "What is not asked at the moment because it failed. Of several workers, each has its own; what is reset is reset in all of them."
)

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "cooldowns",
  Effect.fnUntraced(function*(handlers) {
    const { current } = yield* Generations
    const perform = yield* everywhere
    return handlers.handleAll({
      listCooldowns: Effect.fn("admin.listCooldowns")(() =>
        Effect.sync(() => {
          const { circuits, retries, sessions } = current().scheduling.status()
          return { circuits, retries, sessions }
        })
      ),
      resetCooldowns: Effect.fn("admin.resetCooldowns")(({ payload }) =>
        Effect.suspend(() => {
          const isMeant = (wanted: string | undefined, found: string | undefined) => wanted === undefined || wanted === found
          const { credential, model, provider } = payload
          const reset = current().scheduling.status().circuits.filter((each) =>
            isMeant(provider, each.provider) && isMeant(credential, each.credential) && isMeant(model, each.model)
          ).length
          return Effect.as(perform({ _tag: "ResetCooldowns", which: payload }), { reset })
        })
      )
    })
  })
)
