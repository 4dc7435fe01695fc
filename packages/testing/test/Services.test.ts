import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:net"
import { afterEach, vi } from "vitest"
import * as Services from "../src/services/Services.ts"

/** A server that says the same to whoever asks; gives its port. */
const answering = (words: string) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((socket) => void socket.on("error", () => {}).once("data", () => socket.end(words)))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(Effect.map((server) => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }))

/** A port nobody listens on. */
const closedPort = Effect.scoped(answering(""))

afterEach(() => void vi.unstubAllEnvs())

describe("a service for tests", () => {
  it.live("is found where the environment says", () =>
    Effect.gen(function*() {
      vi.stubEnv("SLUICE_TEST_REDIS_URL", `redis://127.0.0.1:${yield* answering("+PONG\r\n")}`)
      vi.stubEnv("SLUICE_TEST_POSTGRES_URL", `postgres://me:secret@127.0.0.1:${yield* answering("N")}/db`)
      assert.deepStrictEqual((yield* Services.redis).missing, undefined)
      assert.deepStrictEqual((yield* Services.postgres).missing, undefined)
    }))

  it.live("is missing, with a word and without its password, where nobody answers", () =>
    Effect.gen(function*() {
      vi.stubEnv("SLUICE_REQUIRE_SERVICES", "0")
      const port = yield* closedPort
      vi.stubEnv("SLUICE_TEST_POSTGRES_URL", `postgres://me:secret@127.0.0.1:${port}/db`)
      assert.strictEqual((yield* Services.postgres).missing, `no PostgreSQL answers at 127.0.0.1:${port}; SLUICE_TEST_POSTGRES_URL says where one is`)
    }))

  it.live("is missing where something else answers", () =>
    Effect.gen(function*() {
      vi.stubEnv("SLUICE_REQUIRE_SERVICES", "0")
      vi.stubEnv("SLUICE_TEST_REDIS_URL", `redis://127.0.0.1:${yield* answering("HTTP/1.1 400 Bad Request\r\n\r\n")}`)
      assert.isDefined((yield* Services.redis).missing)
    }))

  it.live("fails the tests that need it where services are required", () =>
    Effect.gen(function*() {
      vi.stubEnv("SLUICE_REQUIRE_SERVICES", "1")
      vi.stubEnv("SLUICE_TEST_REDIS_URL", `redis://127.0.0.1:${yield* closedPort}`)
      assert.strictEqual((yield* Effect.flip(Services.redis))._tag, "ServiceMissing")
    }))
})
