/**
 * The documents of the management API, for programs (`/openapi.json`) and for people (`/docs`): behind the operator's token like what
 * they describe, since they name what is installed. A browser may ask for it in its own dialog. The page brings everything it needs.
 */
import * as Management from "@sluice/gateway/Management"
import { Effect, Layer, Scope } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiScalar, OpenApi } from "effect/http-api"
import { Api, document } from "./Api.ts"

/** Nothing is loaded from elsewhere, whatever the page would like. */
const policy = "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"

/** The document of the API, or of what the part named in the query contributes. */
const openApi = (contributions: Management.Contributions) =>
  Effect.gen(function*() {
    const { url } = yield* HttpServerRequest.HttpServerRequest
    const id = new URLSearchParams(url.split("?")[1] ?? "").get("extension")
    if (id === null) return HttpServerResponse.jsonUnsafe(document())
    const found = (yield* contributions).find((each) => each._tag === "Routes" && each.id === id)
    return found?._tag === "Routes" ? HttpServerResponse.jsonUnsafe(OpenApi.fromApi(found.api)) : HttpServerResponse.empty({ status: 404 })
  })

// Three megabytes of script, read when somebody looks at it for the first time
const page = Management.alone(HttpApiScalar.layer(Api, { path: "/docs", scalar: { withDefaultFonts: false } }))

/** Both. */
export const routes = (
  access: Management.Access,
  contributions: Management.Contributions
): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  Layer.unwrap(Effect.gen(function*() {
    const scope = yield* Effect.scope
    const built: Effect.Effect<Management.HttpApp<unknown>> = yield* Effect.cached(Effect.provideService(page, Scope.Scope, scope))
    const withDialog = { ...access, dialog: true }
    const docs = Effect.map(Effect.flatten(built), HttpServerResponse.setHeader("content-security-policy", policy))
    return Layer.mergeAll(
      HttpRouter.add("GET", "/openapi.json", Management.guard(openApi(contributions), withDialog)),
      HttpRouter.add("GET", "/docs", Management.guard(docs, withDialog))
    )
  }))
