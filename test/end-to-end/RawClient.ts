/** A client on a bare socket: it sends one streaming request and leaves when it is told, politely (FIN) or not (RST). */
import { Effect } from "effect"
import { connect, type Socket } from "node:net"

/** A request under way. */
export interface RawRequest {
  /** Completes when the reply so far satisfies the condition. */
  readonly until: (condition: (received: string) => boolean) => Effect.Effect<void>
  /** Leaves, and gives the monotonic time of leaving in milliseconds. */
  readonly leave: (how: "FIN" | "RST") => Effect.Effect<number>
}

/** Sends a chat completion request that streams. */
export const send = (url: string, path: string, body: unknown, key = "sk-test"): Effect.Effect<RawRequest> =>
  Effect.callback<RawRequest>((resume) => {
    const { hostname, port } = new URL(url)
    const text = JSON.stringify(body)
    const socket: Socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${
          Buffer.byteLength(text)
        }\r\n\r\n${text}`
      )
      resume(Effect.succeed(request))
    })
    let received = ""
    let check: (() => void) | undefined
    socket.on("data", (chunk) => {
      received += chunk.toString()
      check?.()
    })
    // A reset of our own making ends the socket with an error that is no news
    socket.on("error", () => {})
    const request: RawRequest = {
      until: (condition) =>
        Effect.callback<void>((done) => {
          check = () => condition(received) ? done(Effect.void) : undefined
          check()
        }),
      leave: (how) =>
        Effect.sync(() => {
          const now = performance.now()
          if (how === "FIN") socket.destroy()
          else socket.resetAndDestroy()
          return now
        })
    }
  })
