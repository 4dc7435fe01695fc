/**
 * A provider that speaks Chat and says its own name: whole answers at once, streams up to their first text, and the rest when it is
 * told. It knows how many connections it has, so that a test sees who closes them.
 */
import { Effect, type Scope } from "effect"
import { createServer, type ServerResponse } from "node:http"
import * as Streams from "../exchanges/Streams.ts"

/** The provider. */
export interface GatedUpstream {
  /** Its base URL, as a provider of the configuration has it. */
  readonly url: string
  /** Streams that wait for their end. */
  readonly waiting: () => number
  /** Ends every stream that waits. */
  readonly finish: Effect.Effect<void>
  readonly connections: () => number
  readonly requests: () => number
}

const isStream = (body: string): boolean => JSON.parse(body).stream === true

/** Starts one for the life of the scope. */
export const start = (name: string): Effect.Effect<GatedUpstream, never, Scope.Scope> =>
  Effect.gen(function*() {
    const waiting = new Set<ServerResponse>()
    const sockets = new Set<unknown>()
    let requests = 0
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => body += chunk)
      request.on("end", () => {
        requests++
        if (!isStream(body)) return response.writeHead(200, { "content-type": "application/json" }).end(Streams.answer(name))
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.write(Streams.said(name))
        waiting.add(response)
        response.on("close", () => waiting.delete(response))
      })
    })
    server.on("connection", (socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
    })
    const port = yield* Effect.acquireRelease(
      Effect.callback<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      }),
      () =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    return {
      url: `http://127.0.0.1:${port}/v1`,
      waiting: () => waiting.size,
      finish: Effect.sync(() => {
        for (const response of waiting) response.end(Streams.ended.join(""))
        waiting.clear()
      }),
      connections: () => sockets.size,
      requests: () => requests
    }
  })
