/**
 * A server that listens before its routes stand loses what arrives in between: nobody hears the request, and its client waits
 * for ever. This keeps such requests and hands them over as soon as somebody listens.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** Keeps the requests of a server until its first real listener is there. */
export const keep = (server: Server): Server => {
  const early: Array<readonly [IncomingMessage, ServerResponse]> = []
  const hold = (request: IncomingMessage, response: ServerResponse): void => void early.push([request, response])
  server.on("request", hold)
  const handOver = (event: string | symbol, listener: unknown): void => {
    if (event !== "request" || listener === hold) return
    server.off("newListener", handOver)
    server.off("request", hold)
    // The listener is added right after this event
    queueMicrotask(() => {
      for (const [request, response] of early.splice(0)) server.emit("request", request, response)
    })
  }
  server.on("newListener", handOver)
  return server
}
