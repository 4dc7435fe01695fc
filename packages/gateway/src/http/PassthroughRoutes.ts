/** The routes of what is handed on as it is: `/passthrough/{provider}/…`, by whatever method providers use. Refusals are in the provider's words. */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Effect from "effect/Effect"
import type { HttpRouter } from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { RawMethod } from "../Executor.ts"
import type { Gateway } from "../Gateway.ts"
import type { Generations } from "../Generations.ts"
import * as Pipeline from "../Pipeline.ts"
import * as ClientSecret from "./ClientSecret.ts"
import * as RequestBody from "./RequestBody.ts"

const methods: ReadonlyArray<RawMethod> = ["GET", "POST", "PUT", "PATCH", "DELETE"]

const pattern = /^\/passthrough\/([^/?]+)(\/[^?]*)?(\?.*)?$/

/** In whose words a refusal is. */
const dialectOf = ({ executors }: Gateway, provider: string): Dialect | undefined => [...executors.values()].find(({ id }) => id === provider)?.dialect

/** Adds the routes; each call takes the generation that is the current one when it comes. */
export const add = Effect.fnUntraced(function*(router: HttpRouter, { current, enter }: Generations["Service"]) {
  const [anybodys] = current().dialects
  // Without a dialect nobody could be told anything
  if (anybodys === undefined) return
  for (const method of methods) {
    yield* router.add(
      method,
      "/passthrough/*",
      Effect.gen(function*() {
        const request = yield* HttpServerRequest
        const gateway = yield* enter
        const [, provider = "", path = "/"] = pattern.exec(request.url) ?? []
        const dialect = dialectOf(gateway, provider) ?? anybodys
        const presented = ClientSecret.presented(request, dialect, gateway)
        const query = presented.path.includes("?") ? presented.path.slice(presented.path.indexOf("?")) : ""
        return yield* Pipeline.handle(gateway, {
          ...presented,
          dialect,
          endpoint: {
            operation: "raw",
            method: method === "GET" ? "GET" : "POST",
            path: "/passthrough/*",
            upstream: "/*",
            model: { in: "path" },
            stream: { in: "path" }
          },
          told: {},
          text: () => Effect.succeed(""),
          raw: { provider, method, path: `${path}${query}`, bytes: RequestBody.raw(request, gateway.settings.bodyLimitBytes) }
        })
      })
    )
  }
})
