import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { createServer, type Socket } from "node:net"
import * as RedisConnection from "../src/RedisConnection.ts"

/** A port nobody listens on. */
const closedPort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

it.live("a Redis that does not answer stops the start, by a word that keeps the password", () =>
  Effect.gen(function*() {
    const url = `redis://:canary@127.0.0.1:${yield* closedPort}/3`
    const error = yield* Effect.flip(Effect.scoped(Layer.build(RedisConnection.layer(Redacted.make(url)))))
    assert.match(error.message, /^redis\.url: Redis cannot be reached: /)
    assert.notInclude(error.message, "canary")
  }))

it.live("a Redis that takes the connection and never answers stops it too", () =>
  Effect.gen(function*() {
    const silent = yield* Effect.acquireRelease(
      Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
        const sockets = new Set<Socket>()
        const server = createServer((socket) => void sockets.add(socket.on("error", () => {})))
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const close = () => {
            sockets.forEach((socket) => socket.destroy())
            server.close()
          }
          resume(Effect.succeed({ port: typeof address === "object" && address !== null ? address.port : 0, close }))
        })
      }),
      ({ close }) => Effect.sync(close)
    )
    const error = yield* Effect.flip(Effect.scoped(Layer.build(RedisConnection.layer(Redacted.make(`redis://127.0.0.1:${silent.port}`), 300))))
    assert.match(error.message, /^redis\.url: Redis cannot be reached: .*timeout/i)
  }).pipe(Effect.scoped))
