/**
 * Servers on a free port of this machine, closed with the scope, and events awaited as effects: what tests with real
 * sockets need. They simulate no provider.
 */
import { Effect } from "effect"
import { once } from "node:events"
import type { EventEmitter } from "node:events"
import * as Http from "node:http"
import * as Net from "node:net"

const listen = <S extends Net.Server>(server: S) =>
  Effect.acquireRelease(
    Effect.callback<S>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    () =>
      Effect.callback<void>((resume) => {
        if (server instanceof Http.Server) server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

/** Where a server listens. */
export const baseUrl = (server: Net.Server, scheme = "http"): URL => {
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server does not listen")
  return new URL(`${scheme}://127.0.0.1:${address.port}`)
}

/** An HTTP server. */
export const http = (handler: Http.RequestListener) => listen(Http.createServer(handler))

/** A TCP server whose sockets are destroyed with the scope. */
export const tcp = (onSocket: (socket: Net.Socket) => void) => {
  const sockets = new Set<Net.Socket>()
  const server = Net.createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    onSocket(socket)
  })
  return Effect.andThen(
    listen(server),
    (listening) => Effect.as(Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))), listening)
  )
}

/** Waits for an event and gives its first argument. */
export const event = (emitter: EventEmitter, name: string) => Effect.map(Effect.promise((signal) => once(emitter, name, { signal })), (args) => args[0])
