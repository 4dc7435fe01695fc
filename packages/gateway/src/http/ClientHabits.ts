/**
 * What real clients do beside their protocol: probes of the host, the WebSocket try of one of them, and calls to paths nobody
 * serves, which get an RFC 9457 problem and not an empty body.
 */
import * as Effect from "effect/Effect"
import type { HttpRouter } from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Gateway } from "../Gateway.ts"

const problem = (status: number, title: string, detail: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe({ type: "about:blank", title, status, detail }, { status, contentType: "application/problem+json" })

/** Adds health, the habits and the route of last resort. */
export const add = Effect.fnUntraced(function*(router: HttpRouter, gateway: Gateway) {
  const { worker } = gateway.settings
  const who = worker === undefined ? {} : { worker }
  yield* router.add("GET", "/health/live", HttpServerResponse.jsonUnsafe({ status: "live", ...who }))
  yield* router.add(
    "GET",
    "/health/ready",
    Effect.sync(() =>
      gateway.lifecycle.stage()._tag === "Serving"
        ? HttpServerResponse.jsonUnsafe({ status: "ready", ...who })
        : HttpServerResponse.jsonUnsafe({ status: "draining", ...who }, { status: 503 })
    )
  )
  // Claude Code asks whether the host lives before its first message
  yield* router.add("*", "/api/hello", HttpServerResponse.jsonUnsafe({ message: "hello" }))
  // Codex first tries a WebSocket here; only 426 makes it fall back at once
  yield* router.add(
    "GET",
    "/v1/responses",
    HttpServerResponse.jsonUnsafe({ error: { message: "WebSockets are not spoken here; use POST.", type: "invalid_request_error" } }, { status: 426 })
  )
  yield* router.add(
    "*",
    "/*",
    Effect.map(HttpServerRequest, (request) => problem(404, "Not Found", `Nothing answers ${request.method} ${request.url.split("?")[0]}.`))
  )
})
