/** The cache of answers: how much it holds, and forgetting all of it. Where the server has none there is nothing to see. */
import { CacheStore } from "@sluice/gateway/CacheStore"
import { Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { finished } from "./Group.ts"
import { Conflict, Unavailable } from "./Problems.ts"

const Held = Schema.Struct({
  kind: Schema.Literals(["memory", "redis", "other"]),
  entries: Schema.Int.annotate({ description: "Answers." }),
  bytes: Schema.Int
}).annotate({ identifier: "CacheStatus" })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("cache").add(
    HttpApiEndpoint.get("getCache", "/cache", { success: Held, error: [Conflict, Unavailable] }).annotate(OpenApi.Summary, "Say how much the cache holds"),
    HttpApiEndpoint.post("purgeCache", "/cache/purge", { success: Schema.Struct({ purged: Schema.Int }), error: [Conflict, Unavailable] })
      .annotate(OpenApi.Summary, "Forget every answer that is cached")
  ),
  "Cache",
  "Answers that are given again to whoever asked the same before. They are kept under encryption, and no operation shows one."
)

const none = () => new Conflict({ detail: "This server caches no answers: set extensions.cache." })

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "cache",
  Effect.fnUntraced(function*(handlers) {
    const found = yield* Effect.serviceOption(CacheStore)
    const store = Effect.fromOption(found).pipe(Effect.mapError(none))
    const unavailable = ({ message }: { readonly message: string }) => new Unavailable({ detail: message })
    return handlers.handleAll({
      getCache: Effect.fn("admin.getCache")(function*() {
        const { ask, status } = yield* store
        const told = yield* Effect.mapError(ask({ _tag: "Count" }), unavailable)
        return { ...status(), ...(told._tag === "Done" ? { entries: told.entries, bytes: told.bytes } : {}) }
      }),
      purgeCache: Effect.fn("admin.purgeCache")(function*() {
        const { ask } = yield* store
        const told = yield* Effect.mapError(ask({ _tag: "Purge" }), unavailable)
        return { purged: told._tag === "Purged" ? told.entries : 0 }
      })
    })
  })
)
