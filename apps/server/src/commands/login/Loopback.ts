/**
 * Listens on this machine for the browser that comes back from a login, hands on what it brought, and shows it what became of it. It
 * answers one path, as long as its scope, and anybody on this machine: what is brought for another login changes nothing.
 */
import type * as LoginCallback from "@sluice/gateway/credentials/LoginCallback"
import { Effect, Schema, type Scope } from "effect"
import { createServer } from "node:http"
import { isIPv4 } from "node:net"

/** Nobody can listen where the browser comes back to. */
export class LoopbackError extends Schema.TaggedError<LoopbackError>()("LoopbackError", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** Shows a browser what became of what it brought. */
export type Answer = (query: URLSearchParams) => Effect.Effect<LoginCallback.Page>

const isLoopback = (host: string): boolean => host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."))

/** Where a client is registered to come back to on this machine; a free port where that is not said. */
const placeOf = (registered: string | undefined): Effect.Effect<URL, LoopbackError> => {
  const url = new URL(registered ?? "http://127.0.0.1:0/callback")
  return url.protocol === "http:" && isLoopback(url.hostname) ? Effect.succeed(url) : Effect.fail(
    new LoopbackError({ reason: `the browser comes back to ${url.origin}, which is not this machine: log in by a device code, or over a running server` })
  )
}

/** Listens; gives the address that browsers come back to. */
export const listen = (registered: string | undefined, answer: Answer): Effect.Effect<string, LoopbackError, Scope.Scope> =>
  Effect.gen(function*() {
    const place = yield* placeOf(registered)
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", place)
      if (request.method !== "GET" || url.pathname !== place.pathname) {
        response.writeHead(404).end()
        return
      }
      Effect.runFork(
        Effect.map(answer(url.searchParams), ({ body, headers, status }) => response.writeHead(status, { ...headers, connection: "close" }).end(body))
      )
    })
    yield* Effect.addFinalizer(() =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeIdleConnections()
      })
    )
    const host = place.hostname === "[::1]" ? "::1" : place.hostname
    const port = yield* Effect.callback<number, LoopbackError>((resume) => {
      server.once("error", (error) => resume(new LoopbackError({ reason: `nobody can listen on ${place.host} for the browser: ${error.message}` })))
      server.listen({ host, port: place.port === "" ? 80 : Number(place.port) }, () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    })
    return registered ?? `http://127.0.0.1:${port}${place.pathname}`
  })
