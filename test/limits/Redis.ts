/** Redis for tests of whole servers: a door before it that can be shut, and a key prefix that is emptied in the end. */
import { NodeRedis } from "@effect/platform-node"
import { Effect, type Scope } from "effect"
import { Redis } from "effect/persistence"
import { randomBytes } from "node:crypto"
import { connect, createServer, type Socket } from "node:net"

/** A way to Redis. */
export interface Door {
  readonly url: string
  /** Cuts every connection, and refuses new ones until it is opened. */
  readonly shut: () => void
  readonly open: () => void
}

/** A door before this Redis. */
export const door = (url: string): Effect.Effect<Door, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Door & { readonly close: () => void }>((resume) => {
      const { hostname, port } = new URL(url)
      const sockets = new Set<Socket>()
      let isOpen = true
      const server = createServer((inside) => {
        if (!isOpen) return void inside.destroy()
        const outside = connect({ host: hostname, port: Number(port || 6379) })
        for (const [from, to] of [[inside, outside], [outside, inside]] as const) {
          sockets.add(from)
          from.on("error", () => {}).on("close", () => {
            sockets.delete(from)
            to.destroy()
          }).pipe(to)
        }
      })
      const cut = () => sockets.forEach((socket) => socket.destroy())
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed({
          url: `redis://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
          shut: () => {
            isOpen = false
            cut()
          },
          open: () => {
            isOpen = true
          },
          close: () => {
            cut()
            server.close()
          }
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** A prefix nobody else has; what is kept under it is removed with the scope. */
export const prefix = (url: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => `test:${randomBytes(6).toString("hex")}:`),
    (made) =>
      Effect.gen(function*() {
        const redis = yield* Redis.Redis
        const keys = yield* redis.send<Array<string>>("KEYS", `${made}*`)
        if (keys.length > 0) yield* redis.send("DEL", ...keys)
      }).pipe(Effect.provide(NodeRedis.layer({ url })), Effect.orDie)
  )
