/** The names clients may use and where they lead: the list, the plan for one name, and what would become of a whole request. */
import { Generations } from "@sluice/gateway/Generations"
import { fallbackName, type ModelEntry } from "@sluice/gateway/ModelEntry"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import type { ProviderLists } from "@sluice/gateway/models/Sources"
import * as Planner from "@sluice/gateway/Planner"
import { parse } from "@sluice/protocol/Json"
import { present } from "@sluice/protocol/Json"
import { Clock, Effect, Option, Result, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { explain } from "../commands/explain/Explanation.ts"
import { dialects } from "../Dialects.ts"
import { Configuration } from "../reload/Configuration.ts"
import { finished } from "./Group.ts"
import { NotFound, Unprocessable } from "./Problems.ts"

const Text = Schema.optionalKey(Schema.String)

const Target = Schema.Struct({ provider: Schema.String, model: Text, weight: Schema.optionalKey(Schema.Finite) })

const Model = Schema.Struct({
  id: Schema.String.annotate({ description: "The name, or a glob of names." }),
  entry: Schema.String.annotate({ description: "The id of the entry that serves it." }),
  origin: Schema.Literals(["configured", "part", "discovered", "alias", "prefix"]),
  targets: Schema.Array(Target),
  fallbacks: Schema.Array(Schema.String),
  order: Schema.Literals(["weighted", "turn", "listed"]),
  fidelity: Schema.Literals(["default", "strict", "lenient"]),
  operations: Schema.optionalKey(Schema.Array(Schema.String))
}).annotate({ identifier: "Model" })

const Plan = Schema.Struct({
  model: Schema.String.annotate({ description: "The name without what a client added to it." }),
  entry: Schema.String,
  star: Schema.optionalKey(Schema.String.annotate({ description: "What the `*` of the entry matched." })),
  candidates: Schema.Array(Schema.Struct({ provider: Schema.String, model: Schema.String, entry: Schema.String }))
}).annotate({ identifier: "Plan", description: "The targets in the likeliest order; weights and turns are drawn anew for each request." })

const Asked = Schema.Struct({
  from: Schema.Literals(dialects.map(({ id }) => id)).annotate({ description: "The protocol the request is in." }),
  request: Schema.Json.annotate({ description: "The body of the request." }),
  model: Schema.optionalKey(Schema.String.annotate({ description: "Where the protocol names it in the path." })),
  stream: Schema.optionalKey(Schema.Boolean.annotate({ description: "Where the protocol says it in the path." }))
}).annotate({ identifier: "ExplainRequest" })

const List = Schema.Struct({
  provider: Schema.String,
  credential: Schema.optionalKey(Schema.String.annotate({ description: "Absent = the provider takes none." })),
  models: Schema.optionalKey(Schema.Int.annotate({ description: "How many models the last good list has. Absent = there was none." })),
  readAt: Schema.optionalKey(Schema.String.annotate({ description: "When the last good list was read." })),
  triedAt: Schema.optionalKey(Schema.String.annotate({ description: "When it was last tried." })),
  failures: Schema.Int.annotate({ description: "How many tries in a row have failed." }),
  failure: Schema.optionalKey(Schema.Struct({ class: Schema.String, message: Schema.String, status: Schema.optionalKey(Schema.Int) }))
}).annotate({ identifier: "ModelList", description: "The list of one provider's models, as it was read with one credential." })

const Lists = Schema.Struct({ lists: Schema.Array(List) })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("models").add(
    HttpApiEndpoint.get("listModels", "/models", { success: Schema.Struct({ models: Schema.Array(Model) }) }).annotate(
      OpenApi.Summary,
      "List the names clients may use"
    ),
    HttpApiEndpoint.get("resolveModel", "/models/resolve", { query: { model: Schema.NonEmptyString }, success: Plan, error: [NotFound] }).annotate(
      OpenApi.Summary,
      "Say where a name leads"
    ),
    HttpApiEndpoint.get("listModelLists", "/models/lists", { success: Lists }).annotate(OpenApi.Summary, "Say how the lists of providers stand"),
    HttpApiEndpoint.post("refreshModelLists", "/models/lists/refresh", { success: Lists }).annotate(OpenApi.Summary, "Read the lists of providers now"),
    HttpApiEndpoint.post("explain", "/explain", {
      payload: Asked,
      success: Schema.Record(Schema.String, Schema.Json).annotate({ identifier: "Explanation" }),
      error: [Unprocessable]
    }).annotate(OpenApi.Summary, "Say what would become of a request, without sending it")
  ),
  "Models",
  "The names clients may use, where they lead, and what would become of a request, which is not sent."
)

const origins = { Part: "part", Discovered: "discovered", Alias: "alias", Prefix: "prefix" } as const

const shown = (id: string, entry: ModelEntry): typeof Model.Type => ({
  id,
  entry: entry.id,
  origin: entry.origin === undefined ? "configured" : origins[entry.origin._tag],
  targets: entry.targets.map(({ model, provider, weight }) => ({ provider, ...present({ model, weight }) })),
  fallbacks: (entry.fallbacks ?? []).map(fallbackName),
  order: entry.order ?? "weighted",
  fidelity: entry.fidelity ?? "default",
  ...(entry.operations === undefined ? {} : { operations: entry.operations })
})

const iso = (time: number | undefined): string | undefined => time === undefined ? undefined : new Date(time).toISOString()

const shownLists = ({ status }: ProviderLists): typeof Lists.Type => ({
  lists: status().map(({ readAt, triedAt, ...rest }) => present({ ...rest, readAt: iso(readAt), triedAt: iso(triedAt) }))
})

/** Without chance, the heaviest goes first. */
const likeliest = (snapshot: ModelRegistry.Snapshot, route: ModelRegistry.Route) => {
  const sorted = (entry: ModelEntry): ModelEntry =>
    entry.order === undefined || entry.order === "weighted"
      ? { ...entry, targets: entry.targets.toSorted((left, right) => (right.weight ?? 1) - (left.weight ?? 1)) }
      : entry
  return Planner.plan(snapshot, { ...route, entry: sorted(route.entry) }, () => 0)
}

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "models",
  Effect.fnUntraced(function*(handlers) {
    const { current: config } = yield* Configuration
    const { current } = yield* Generations
    return handlers.handleAll({
      listModels: Effect.fn("admin.listModels")(() =>
        Effect.sync(() => {
          const { entries, exact } = current().registry.current()
          const globs = entries.filter(({ id }) => id.includes("*")).map((entry) => shown(entry.id, entry))
          return { models: [...Array.from(exact, ([id, entry]) => shown(id, entry)), ...globs] }
        })
      ),
      resolveModel: Effect.fn("admin.resolveModel")(function*({ query: { model } }) {
        const snapshot = current().registry.current()
        const route = ModelRegistry.resolve(snapshot, model)
        if (Option.isNone(route)) return yield* new NotFound({ detail: `No model entry serves ${JSON.stringify(model)}.` })
        const { entry, star } = route.value
        const candidates = likeliest(snapshot, route.value).map((candidate) => ({
          provider: candidate.provider,
          model: candidate.model,
          entry: candidate.entry.id
        }))
        return { model: route.value.model, entry: entry.id, ...present({ star }), candidates }
      }),
      listModelLists: Effect.fn("admin.listModelLists")(() => Effect.sync(() => shownLists(current().lists))),
      refreshModelLists: Effect.fn("admin.refreshModelLists")(function*() {
        const { lists } = current()
        yield* lists.refresh
        return shownLists(lists)
      }),
      explain: Effect.fn("admin.explain")(function*({ payload: { from, model, request, stream } }) {
        const dialect = dialects.find(({ id }) => id === from)
        if (dialect === undefined) return yield* new Unprocessable({ detail: `There is no protocol "${from}".` })
        const { targets, ...rest } = explain(
          config(),
          dialect,
          JSON.stringify(request),
          present({ model, stream }),
          yield* Clock.currentTimeMillis,
          current().registry.current()
        )
        // Bodies are JSON too, so they are shown as such
        const bodies = targets.map(({ text, ...target }) => ({ ...target, body: Result.getOrElse(parse(text), () => text) }))
        const plain: { readonly [key: string]: Schema.Json } = JSON.parse(JSON.stringify({ ...rest, targets: bodies }))
        return plain
      })
    })
  })
)
