/**
 * Operational routes of the reference server beside the gateway's own health probes: metrics in Prometheus' words, for the
 * operator only.
 */
import { Effect, type Layer, Redacted } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"
import type { Config } from "./Config.ts"
import { Configuration } from "./reload/Configuration.ts"
import type { Surroundings } from "./Surroundings.ts"

const digest = (secret: string) => createHash("sha256").update(secret).digest()

/** Whether a request carries the operator's token. An open server (loopback only) asks for none. */
const isOperator = ({ auth }: Config, authorization: string | undefined): boolean =>
  auth.mode === "open" ||
  (auth.adminToken !== undefined && authorization !== undefined && timingSafeEqual(digest(authorization), digest(`Bearer ${Redacted.value(auth.adminToken)}`)))

const refusal = HttpServerResponse.jsonUnsafe(
  { type: "about:blank", title: "Unauthorized", status: 401, detail: "Send the admin token as Authorization: Bearer TOKEN." },
  { status: 401, contentType: "application/problem+json", headers: { "www-authenticate": "Bearer" } }
)

const unavailable = (reason: string) =>
  HttpServerResponse.jsonUnsafe(
    { type: "about:blank", title: "Service Unavailable", status: 503, detail: `The metrics of all workers cannot be told: ${reason}.` },
    { status: 503, contentType: "application/problem+json" }
  )

/** GET /metrics. */
export const routes = ({ metrics }: Surroundings): Layer.Layer<never, never, HttpRouter.HttpRouter | Configuration> =>
  HttpRouter.use((router) =>
    Effect.flatMap(Configuration, ({ current }) =>
      router.add(
        "GET",
        "/metrics",
        Effect.gen(function*() {
          const { headers } = yield* HttpServerRequest.HttpServerRequest
          if (!isOperator(current(), headers["authorization"])) return refusal
          return yield* Effect.match(metrics, {
            onSuccess: (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" }),
            onFailure: ({ message }) => unavailable(message)
          })
        })
      ))
  )
