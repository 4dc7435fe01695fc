/**
 * A whole server between an identity provider and a provider that takes nothing but the identity provider's tokens: somebody logs in by
 * the command line, clients are served, and keep being served when tokens end. No secret shows anywhere.
 */
import { assert, describe, it } from "@effect/vitest"
import { IdentityProvider } from "@sluice/testing/IdentityProvider"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, Layer, Schedule } from "effect"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, sluice } from "../../apps/server/test/commands/Sluice.ts"
import * as ServerProcess from "../end-to-end/ServerProcess.ts"

const upstream = Layer.unwrap(Effect.map(IdentityProvider, ({ isValid }) => Simulator.layerServer({ accepts: isValid })))

const around = (options: Parameters<typeof IdentityProvider.layerServer>[0]) =>
  upstream.pipe(Layer.provideMerge(IdentityProvider.layerServer({ intervalSeconds: 0.1, decidesDevices: true, ...options })))

const configured = (dialect: string, base: string) =>
  Effect.gen(function*() {
    const { clientId, endpoints } = yield* IdentityProvider
    const { url } = yield* SimulatorServer
    const cwd = yield* folder()
    const file = join(cwd, "sluice.yaml")
    writeFileSync(
      file,
      `
server: { lameDuck: 0 seconds }
auth: { mode: open }
ledger: { url: "sqlite:${cwd}/sluice.db", bodies: full }
log: { level: debug }
providers:
  - id: vendor
    dialect: ${dialect}
    baseUrl: "${url}${base}"
    credentials:
      - id: team
        oauth: { clientId: ${clientId}, tokenUrl: "${endpoints.token}", deviceUrl: "${endpoints.device}", scopes: [openid], headers: { x-beta: "login-1" } }
models: [{ id: "*", targets: [{ provider: vendor }] }]
`
    )
    return { cwd, command: (...args: ReadonlyArray<string>) => sluice([...args, "--config", file]), file }
  })

const ask = (url: string) =>
  Effect.promise(async () => {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer client", "content-type": "application/json" },
      body: JSON.stringify({ model: "sim-text", messages: [{ role: "user", content: "Hello" }] })
    })
    return { status: reply.status, text: await reply.text(), headers: JSON.stringify([...reply.headers]) }
  })

/** Every file of a folder, as text. */
const contentOf = (path: string): string =>
  readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) =>
    readFileSync(join(entry.parentPath, entry.name)).toString("latin1")
  ).join("\n")

const secrets = Effect.gen(function*() {
  const { log } = yield* IdentityProvider
  const simulator = yield* SimulatorServer
  const sent = (yield* simulator.log).map(({ headers }) => headers["authorization"]?.replace("Bearer ", "") ?? "")
  const known = log().flatMap(({ parameters }) => [parameters["refresh_token"], parameters["device_code"]])
  return [...new Set([...sent, ...known])].flatMap((secret) => secret?.startsWith("idp-") === true ? [secret] : [])
})

const refreshes = Effect.map(IdentityProvider, ({ log }) => log().filter(({ parameters }) => parameters["grant_type"] === "refresh_token"))

describe("a server that is logged in at its provider", () => {
  it.live("serves after somebody logged in, and after the token has ended, and tells no secret", () =>
    Effect.gen(function*() {
      const simulator = yield* SimulatorServer
      const { command, cwd, file } = yield* configured("anthropic-messages", "")
      const login = yield* command("login", "vendor", "--json")
      assert.strictEqual(login.code, 0)
      const server = yield* ServerProcess.start(file)
      const first = yield* ask(server.url)
      assert.strictEqual(first.status, 200)
      const before = (yield* refreshes).length
      // Refreshed ahead of the end, and not because of a refusal
      yield* refreshes.pipe(
        Effect.filterOrFail((all) => all.length > before, () => "none"),
        Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 1500 })
      )
      // What was stored is sent a moment later
      const tokens = Effect.map(simulator.log, (log) => new Set(log.map(({ headers }) => headers["authorization"])).size)
      const second = yield* ask(server.url).pipe(
        Effect.tap(() => Effect.filterOrFail(tokens, (count) => count > 1, () => "the old one")),
        Effect.retry({ times: 100 })
      )
      assert.strictEqual(second.status, 200)
      assert.notInclude((yield* simulator.log).map(({ status }) => status), 401)
      assert.isTrue((yield* simulator.log).every(({ headers }) => headers["x-beta"] === "login-1" && headers["x-api-key"] === undefined))
      const listed = yield* command("credentials", "list")
      assert.match(listed.stdout, /vendor\s+team\s+oauth\s+(ok|expiring)\s+ada@example\.test/)
      yield* server.kill("SIGTERM")
      const told = [login.stdout, listed.stdout, server.output(), contentOf(cwd), ...[first, second].flatMap(({ headers, text }) => [headers, text])]
        .join("\n")
      const found = yield* secrets
      assert.isAtLeast(found.length, 4)
      for (const secret of found) assert.notInclude(told, secret)
    }).pipe(Effect.scoped, Effect.provide(around({ accessTokenSeconds: 5 }))), 60_000)

  it.live("sends nothing before somebody has logged in", () =>
    Effect.gen(function*() {
      const simulator = yield* SimulatorServer
      const { file } = yield* configured("openai-chat", "/v1")
      const server = yield* ServerProcess.start(file)
      const { status, text } = yield* ask(server.url)
      assert.isAtLeast(status, 500)
      assert.notInclude(text, "vendor.example")
      assert.lengthOf(yield* simulator.log, 0)
    }).pipe(Effect.scoped, Effect.provide(around({}))), 60_000)

  it.live("serves the request that met a token which was ended early", () =>
    Effect.gen(function*() {
      const { expireAccess } = yield* IdentityProvider
      const simulator = yield* SimulatorServer
      const { command, file } = yield* configured("openai-chat", "/v1")
      yield* command("login", "vendor")
      const server = yield* ServerProcess.start(file)
      assert.strictEqual((yield* ask(server.url)).status, 200)
      expireAccess()
      const replies = yield* Effect.forEach(Array.from({ length: 20 }), () => ask(server.url), { concurrency: "unbounded" })
      assert.deepStrictEqual(replies.map(({ status }) => status), Array.from({ length: 20 }, () => 200))
      assert.lengthOf(yield* refreshes, 1)
      const statuses = (yield* simulator.log).map(({ status }) => status)
      assert.include(statuses, 401)
    }).pipe(Effect.scoped, Effect.provide(around({}))), 60_000)
})
