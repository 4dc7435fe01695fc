/**
 * Where the browser of a login comes back to. It asks for no token, which a browser could not send: what it brings names a login that
 * was begun by the operator and that nobody else can name.
 */
import { Credentials } from "@sluice/gateway/credentials/Credentials"
import * as LoginCallback from "@sluice/gateway/credentials/LoginCallback"
import { Effect } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"

/** GET /oauth/callback. */
export const routes = HttpRouter.use((router) =>
  Effect.flatMap(Credentials, (credentials) =>
    router.add(
      "GET",
      "/oauth/callback",
      Effect.gen(function*() {
        const { url } = yield* HttpServerRequest.HttpServerRequest
        const { body, headers, status } = yield* LoginCallback.handle(credentials, new URLSearchParams(url.split("?")[1] ?? ""))
        return HttpServerResponse.text(body, { status, headers, contentType: "text/html; charset=utf-8" })
      })
    ))
)
