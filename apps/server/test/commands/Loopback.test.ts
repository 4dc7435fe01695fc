import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import { listen } from "../../src/commands/login/Loopback.ts"

const answer = (query: URLSearchParams) => Effect.succeed({ status: 200, headers: { "x-brought": query.get("code") ?? "nothing" }, body: "page" })

const get = (url: string, method = "GET") =>
  Effect.promise(() => fetch(url, { method }).then(({ headers, status }) => ({ status, brought: headers.get("x-brought") })))

it.live("browsers come back to a free port of this machine, on one path", () =>
  Effect.gen(function*() {
    const url = yield* listen(undefined, answer)
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    assert.deepStrictEqual(yield* get(`${url}?code=c`), { status: 200, brought: "c" })
    assert.strictEqual((yield* get(new URL("/other", url).href)).status, 404)
    assert.strictEqual((yield* get(url, "POST")).status, 404)
  }).pipe(Effect.scoped))

it.live("browsers come back to where the client is registered, to the letter", () =>
  Effect.gen(function*() {
    const free = yield* Effect.scoped(listen(undefined, answer))
    const registered = `http://localhost:${new URL(free).port}/done/`
    assert.strictEqual(yield* listen(registered, answer), registered)
    assert.deepStrictEqual(yield* get(`${registered}?code=c`), { status: 200, brought: "c" })
  }).pipe(Effect.scoped))

it.live("another machine, and a port that is taken, are refused with what to do", () =>
  Effect.gen(function*() {
    for (const other of ["https://gateway.example/callback", "http://127.evil.example/callback", "https://127.0.0.1/callback"]) {
      const error = yield* Effect.flip(listen(other, answer))
      assert.match(error.message, /is not this machine: log in by a device code, or over a running server$/)
    }
    const server = createServer()
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
    )
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const error = yield* Effect.flip(listen(`http://127.0.0.1:${port}/callback`, answer))
    assert.match(error.message, /^nobody can listen on 127\.0\.0\.1:\d+ for the browser: .*EADDRINUSE/)
  }).pipe(Effect.scoped))
