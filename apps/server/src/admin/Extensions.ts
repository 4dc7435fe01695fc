/** What is installed in the gateway: extensions and interceptors in the order they are called in, their fuses, and what they contribute. */
import { Generations } from "@sluice/gateway/Generations"
import type { Installed } from "@sluice/gateway/Hooks"
import * as Management from "@sluice/gateway/Management"
import { present } from "@sluice/protocol/Json"
import { Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { finished } from "./Group.ts"
import { everywhere } from "./Operation.ts"
import { NotFound, Unavailable } from "./Problems.ts"

const Fuse = Schema.Struct({
  id: Schema.String.annotate({ description: "`kind:part`." }),
  kind: Schema.String,
  part: Schema.String,
  failPolicy: Schema.Literals(["open", "closed"]).annotate({ description: "Whether exchanges go on without the part, or fail." }),
  faults: Schema.Int.annotate({ description: "Since the start or the last reset." }),
  after: Schema.Int.annotate({ description: "Faults after which the part is not called any more." }),
  isFused: Schema.Boolean,
  lastFault: Schema.optionalKey(Schema.String),
  lastFaultAt: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "Fuse" })

const Hook = Schema.Struct({
  hook: Schema.String,
  parts: Schema.Array(Schema.String).annotate({ description: "`kind:part`, in the order in which they are called." })
}).annotate({ identifier: "Hook" })

const Contribution = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  operations: Schema.Array(Schema.Struct({ method: Schema.String, path: Schema.String })),
  resources: Schema.Array(Schema.Struct({
    path: Schema.String,
    contentType: Schema.String,
    menu: Schema.optionalKey(Schema.Struct({ title: Schema.String, description: Schema.optionalKey(Schema.String) }))
  }))
}).annotate({ identifier: "Contribution", description: "What a part adds to the management surface." })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("extensions").add(
    HttpApiEndpoint.get("listExtensions", "/extensions", {
      success: Schema.Struct({ hooks: Schema.Array(Hook), fuses: Schema.Array(Fuse), contributions: Schema.Array(Contribution) })
    }).annotate(OpenApi.Summary, "List what is installed, in the order it is called in"),
    HttpApiEndpoint.post("resetFuse", "/fuses/:id/reset", { params: { id: Schema.String }, success: HttpApiSchema.NoContent, error: [NotFound, Unavailable] })
      .annotate(
        OpenApi.Summary,
        "Call a part again that was fused"
      )
  ),
  "Extensions",
  "Extensions and interceptors, their fuses, and what parts contribute to this surface. A part that is fused is not called until it is reset."
)

const names = (parts: ReadonlyArray<Installed<unknown>>): ReadonlyArray<string> => parts.map(({ id, kind }) => `${kind}:${id}`)

const shown = (contribution: Management.Contribution): typeof Contribution.Type => {
  const { id, title } = contribution
  return contribution._tag === "Routes"
    ? { id, title, operations: contribution.operations, resources: [] }
    : {
      id,
      title,
      operations: [],
      resources: contribution.resources.map(({ contentType, menu, path }) => ({
        path: Management.resourcesPrefix(id) + path,
        contentType,
        ...present({ menu })
      }))
    }
}

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "extensions",
  Effect.fnUntraced(function*(handlers) {
    const { current } = yield* Generations
    const perform = yield* everywhere
    return handlers.handleAll({
      listExtensions: Effect.fn("admin.listExtensions")(() =>
        Effect.sync(() => {
          const { extensions, fuses, hooks, management } = current()
          const admitting = { extensions: names(extensions), ...Object.fromEntries(Object.entries(hooks).map(([hook, parts]) => [hook, names(parts)])) }
          return {
            hooks: Object.entries(admitting).map(([hook, parts]) => ({ hook, parts })),
            fuses: fuses.status().map(({ lastFaultAt, ...fuse }) => ({
              ...fuse,
              ...(lastFaultAt === undefined ? {} : { lastFaultAt: new Date(lastFaultAt).toISOString() })
            })),
            contributions: management.map(shown)
          }
        })
      ),
      resetFuse: Effect.fn("admin.resetFuse")(({ params: { id } }) =>
        Effect.suspend((): Effect.Effect<void, NotFound | Unavailable> =>
          current().fuses.status().some((fuse) => fuse.id === id)
            ? perform({ _tag: "ResetFuse", id })
            : new NotFound({ detail: `There is no fuse "${id}".` })
        )
      )
    })
  })
)
