/** Several processes over one store: a refresh token is used once, whoever asks, and all processes send what came of it. */
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "@sluice/gateway/credentials/Credentials"
import * as CredentialSeal from "@sluice/gateway/credentials/CredentialSeal"
import { CredentialStore } from "@sluice/gateway/credentials/CredentialStore"
import * as OAuth from "@sluice/gateway/credentials/OAuth"
import * as UndiciClient from "@sluice/gateway/UndiciClient"
import { IdentityProvider } from "@sluice/testing/IdentityProvider"
import { Effect, Layer, Redacted } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import * as Stores from "./Stores.ts"

/** A process, ready to be asked. */
const start = (url: string) =>
  Effect.gen(function*() {
    const { clientId, issuer } = yield* IdentityProvider
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [join(import.meta.dirname, "refreshingProcess.ts"), url, issuer, clientId], { stdio: ["pipe", "pipe", "inherit"] })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const line = Effect.promise(() => lines.next().then(({ value }) => String(value)))
    assert.strictEqual(yield* line, "ready")
    return (round: string) => Effect.andThen(Effect.sync(() => child.stdin.write(`${round}\n`)), line)
  })

/** Logs in from this process, which then leaves the store alone. */
const logIn = (place: Stores.Place) =>
  Effect.gen(function*() {
    const { clientId, endpoints, visit } = yield* IdentityProvider
    const from = yield* OAuth.make({ clientId, tokenUrl: endpoints.token, authorizeUrl: endpoints.authorization, redirectUrl: "http://127.0.0.1/back" })
    yield* Effect.gen(function*() {
      const credentials = yield* Credentials.Credentials
      const login = yield* credentials.startLogin({ provider: "vendor" })
      yield* credentials.completeLogin(Object.fromEntries(new URL(visit(login.url) ?? "").searchParams))
    }).pipe(Effect.provide(
      Credentials.layer({
        seal: Effect.succeed(CredentialSeal.make(Redacted.make("what both processes know"))),
        credentials: [{ provider: "vendor", id: "main", from }]
      }).pipe(Layer.provide(place.layer))
    ))
  }).pipe(Effect.provide(UndiciClient.layer()))

for (const kind of Stores.shared) {
  describe.skipIf(kind.missing !== undefined)(`processes that share credentials in ${kind.name}`, () => {
    it.live("refresh a login once for 200 users of both, and never use a token twice", () =>
      Effect.gen(function*() {
        const { expireAccess, log } = yield* IdentityProvider
        const place = yield* kind.place
        yield* logIn(place)
        const both = yield* Effect.all([start(place.url), start(place.url)], { concurrency: 2 })
        const refreshes = () => log().filter(({ parameters }) => parameters["grant_type"] === "refresh_token")
        const round = (line: string) => Effect.forEach(both, (ask) => ask(line), { concurrency: "unbounded" })
        expireAccess()
        const [one = "", other = ""] = yield* round("refused 100")
        assert.strictEqual(one, other, "both send the same")
        assert.match(one, /^100 [0-9a-f]{64}$/)
        assert.lengthOf(refreshes(), 1)
        for (let n = 0; n < 10; n++) yield* round("asked 100")
        const used = refreshes().map(({ parameters }) => parameters["refresh_token"])
        assert.isAtLeast(used.length, 11)
        assert.strictEqual(new Set(used).size, used.length)
        assert.deepStrictEqual(refreshes().filter(({ status }) => status !== 200), [])
        const stored = yield* Effect.provide(Effect.flatMap(CredentialStore, (store) => store.list), place.layer)
        assert.lengthOf(stored, 1)
        assert.notInclude(JSON.stringify(stored), "idp-")
      }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer())), 60_000)
  })
}
