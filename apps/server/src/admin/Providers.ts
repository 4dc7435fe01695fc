/** The providers that requests can be sent to: what they are, whether an operator has taken one out, and taking it out and back in. */
import type { Gateway } from "@sluice/gateway/Gateway"
import { Generations } from "@sluice/gateway/Generations"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Configuration } from "../reload/Configuration.ts"
import { finished } from "./Group.ts"
import * as Operation from "./Operation.ts"
import { NotFound, Unavailable } from "./Problems.ts"

const Provider = Schema.Struct({
  id: Schema.String,
  dialect: Schema.String,
  baseUrl: Schema.optionalKey(Schema.String.annotate({ description: "Absent = it is simulated, or comes with a part." })),
  simulator: Schema.Boolean,
  isDrained: Schema.Boolean.annotate({ description: "An operator has taken it out: nothing new is sent to it." }),
  inFlight: Schema.Int.annotate({ description: "Attempts under way, where it has several credentials." }),
  retries: Schema.Int,
  timeouts: Schema.Struct({ connectMs: Schema.Finite, firstEventMs: Schema.Finite, idleMs: Schema.Finite, totalMs: Schema.Finite }),
  credentials: Schema.Array(Schema.Struct({
    id: Schema.String,
    kind: Schema.Literals(["key", "oauth", "none"]),
    priority: Schema.Finite,
    weight: Schema.Finite,
    isUsable: Schema.Boolean
  }))
}).annotate({ identifier: "Provider" })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("providers").add(
    HttpApiEndpoint.get("listProviders", "/providers", { success: Schema.Struct({ providers: Schema.Array(Provider) }) })
      .annotate(OpenApi.Summary, "List the providers and how they stand"),
    HttpApiEndpoint.post("drainProvider", "/providers/:id/drain", { params: { id: ProviderId }, success: Provider, error: [NotFound, Unavailable] })
      .annotate(OpenApi.Summary, "Take a provider out: what is under way goes on, nothing new is sent to it"),
    HttpApiEndpoint.post("undrainProvider", "/providers/:id/undrain", { params: { id: ProviderId }, success: Provider, error: [NotFound, Unavailable] })
      .annotate(OpenApi.Summary, "Let a provider back in that was taken out")
  ),
  "Providers",
  "Where requests can be sent. A provider that was taken out stays out through every reload, until it is let back in or the server is started again. It is taken out of all workers; what is shown is of the one that was asked."
)

const shown = ({ executors, scheduling }: Gateway, config: ReturnType<Configuration["Service"]["current"]>): ReadonlyArray<typeof Provider.Type> => {
  const { inFlight } = scheduling.status()
  return Array.from(executors.values(), ({ credentials, dialect, id, limits, retries }) => {
    const configured = config.providers.find((each) => each.id === id)
    return {
      id,
      dialect: dialect.id,
      ...(configured?.baseUrl === undefined ? {} : { baseUrl: configured.baseUrl }),
      simulator: configured?.simulator ?? false,
      isDrained: scheduling.isDrained(id),
      inFlight: inFlight.reduce((sum, { count, provider }) => provider === id ? sum + count : sum, 0),
      retries,
      timeouts: { connectMs: limits.connectMs, firstEventMs: limits.firstEventMs, idleMs: limits.idleMs, totalMs: limits.totalMs },
      credentials: (credentials?.() ?? []).map((each) => ({
        id: each.id,
        kind: each.kind,
        priority: each.priority,
        weight: each.weight,
        isUsable: each.isUsable?.() ?? true
      }))
    }
  })
}

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "providers",
  Effect.fnUntraced(function*(handlers) {
    const { current } = yield* Generations
    const { current: config } = yield* Configuration
    const perform = yield* Operation.everywhere
    const changed = Effect.fnUntraced(function*(operation: Operation.Operation & { readonly provider: ProviderId }) {
      const { provider: id } = operation
      if (!current().executors.has(id)) return yield* new NotFound({ detail: `There is no provider "${id}".` })
      yield* perform(operation)
      const found = shown(current(), config()).find((each) => each.id === id)
      return found ?? (yield* new NotFound({ detail: `There is no provider "${id}".` }))
    })
    return handlers.handleAll({
      listProviders: Effect.fn("admin.listProviders")(() => Effect.sync(() => ({ providers: shown(current(), config()) }))),
      drainProvider: Effect.fn("admin.drainProvider")(({ params: { id } }) => changed({ _tag: "Drain", provider: id })),
      undrainProvider: Effect.fn("admin.undrainProvider")(({ params: { id } }) => changed({ _tag: "Undrain", provider: id }))
    })
  })
)
