/**
 * An Effect HttpClient whose every request ends in the in-process simulator, whatever its host: for tests of code
 * that speaks HTTP without sockets. A simulated reset is a TransportError before the head and a failing body after it.
 */
import * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { type Incoming, Simulator } from "./Simulator.ts"

const bodyText = (body: HttpBody.HttpBody): Effect.Effect<string, unknown> => {
  switch (body._tag) {
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    case "Raw":
      return Effect.succeed(typeof body.body === "string" ? body.body : "")
    case "Stream":
      return Stream.mkString(Stream.decodeText(body.stream))
    default:
      return Effect.succeed("")
  }
}

/** Statuses whose responses may not have a body, by the Fetch standard. */
const bodiless = [101, 103, 204, 205, 304]

const make = (simulator: Simulator["Service"]): HttpClient.HttpClient =>
  HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const failure = (cause: unknown) => new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
    const body = yield* Effect.mapError(bodyText(request.body), failure)
    const incoming: Incoming = { method: request.method, path: url.pathname, query: url.search.slice(1), headers: request.headers, body }
    const response = yield* Effect.mapError(simulator.handle(incoming), failure)
    const context = yield* Effect.context<never>()
    const stream = bodiless.includes(response.status) ? null : Stream.toReadableStreamWith(response.body, context)
    return HttpClientResponse.fromWeb(request, new Response(stream, { status: response.status, headers: response.headers }))
  }))

/** The client; it needs a Simulator, whose log then shows what was asked. */
export const layer: Layer.Layer<HttpClient.HttpClient, never, Simulator> = Layer.effect(HttpClient.HttpClient, Effect.map(Simulator, make))
