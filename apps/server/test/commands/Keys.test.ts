import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, sluice, started, urlIn } from "./Sluice.ts"

const config = (more = "") => `
server: { lameDuck: 0 seconds }
ledger: { url: "sqlite:\${FILE}" }
auth: { keysFreshFor: 100 millis${more} }
providers: [{ id: sim, dialect: openai-chat, simulator: true }]
models: [{ id: "*", targets: [{ provider: sim }] }]
tenants: [{ id: acme }, { id: other }]
teams: [{ id: research, tenant: acme }]
`

/** A folder with a configuration, and what runs `sluice keys` with it. */
const made = Effect.fnUntraced(function*(more = "") {
  const cwd = yield* folder({ "sluice.yaml": config(more) })
  const around = { env: { FILE: join(cwd, "sluice.db") } }
  const file = join(cwd, "sluice.yaml")
  const keys = (...args: ReadonlyArray<string>) => {
    const [name = "", ...rest] = args
    return sluice(["keys", name, "--config", file, ...rest], around)
  }
  const create = (...flags: ReadonlyArray<string>) =>
    Effect.map(keys("create", "--json", ...flags), ({ stderr, stdout }): { readonly id: string; readonly secret: string } => {
      assert.strictEqual(stderr, "")
      return JSON.parse(stdout)
    })
  return { cwd, around, file, keys, create }
})

const ask = (url: string, secret: string) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "sim-text", messages: [{ role: "user", content: "Hello" }] })
    })
    return { status: response.status, text: await response.text() }
  })

describe("sluice keys", () => {
  it.live("makes a key that a running server knows at once, with its limits, and refuses soon after it was revoked", () =>
    Effect.gen(function*() {
      const { around, create, cwd, file, keys } = yield* made()
      const url = urlIn(yield* started(["serve", "--config", file, "--port", "0"], around))
      const { id, secret } = yield* create("--name", "ci", "--team", "research", "--requests-per-minute", "2")
      assert.match(secret, new RegExp(`^sk-sluice-${id}-[A-Za-z0-9_-]{43}$`))
      const statuses = []
      for (let n = 0; n < 3; n++) statuses.push((yield* ask(url, secret)).status)
      assert.deepStrictEqual(statuses, [200, 200, 429])
      assert.strictEqual((yield* ask(url, `${secret}x`)).status, 401)
      // Neither in the rows of what was asked with it
      const random = secret.split("-").slice(3).join("-")
      for (const name of readdirSync(cwd)) assert.notInclude(readFileSync(join(cwd, name)).toString("latin1"), random)
      const { stdout } = yield* keys("revoke", id)
      assert.include(stdout, "is revoked. Running servers refuse it within 100ms")
      const { text } = yield* ask(url, secret).pipe(
        Effect.flatMap((answer) => answer.status === 401 ? Effect.succeed(answer) : Effect.fail("not yet")),
        Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 })
      )
      assert.include(text, "revoked")
    }).pipe(Effect.scoped))

  it.live("shows a secret once: not in lists, the database, its files or the server's log", () =>
    Effect.gen(function*() {
      const { create, cwd, keys } = yield* made()
      const { id, secret } = yield* create("--name", "canary")
      const list = yield* keys("list")
      const lines = yield* keys("list", "--json")
      assert.include(list.stdout, id)
      const kept = readdirSync(cwd).map((name) => readFileSync(join(cwd, name)).toString("latin1")).join()
      const random = secret.split("-").slice(3).join("-")
      for (const text of [list.stdout, lines.stdout, kept]) assert.notInclude(text, random)
    }).pipe(Effect.scoped))

  it.live("keeps what was asked for, and lists it", () =>
    Effect.gen(function*() {
      const { create, keys } = yield* made()
      const { id } = yield* create(
        "--name",
        "trial",
        "--team",
        "research",
        "--priority",
        "batch",
        "--models",
        "fast, claude-*",
        "--expires",
        "2999-01-31",
        "--tokens-per-minute",
        "1000",
        "--concurrency",
        "3",
        "--budget-usd",
        "12.50",
        "--budget-period",
        "week"
      )
      const { createdAt, ...rest } = JSON.parse((yield* keys("list", "--json")).stdout)
      assert.isFalse(Number.isNaN(Date.parse(createdAt)))
      assert.deepStrictEqual(rest, {
        id,
        name: "trial",
        status: "active",
        expiresAt: "2999-01-31T00:00:00.000Z",
        tenant: "acme",
        team: "research",
        priority: "batch",
        models: ["fast", "claude-*"],
        limits: { tokensPerMinute: 1000, concurrency: 3, budgets: [{ usd: "12.5", period: "week" }] }
      })
      assert.match((yield* keys("list")).stdout, /trial +active .* acme +research +fast,claude-\* +1000 tokens\/min, 3 at once, \$12\.5\/week/)
    }).pipe(Effect.scoped))

  it.live("refuses owners the configuration does not have, and ids nobody has", () =>
    Effect.gen(function*() {
      const { keys } = yield* made()
      const said = (...args: ReadonlyArray<string>) => Effect.map(keys(...args), ({ code, stderr }) => `${code} ${stderr}`)
      assert.strictEqual(yield* said("create", "--name", "a", "--team", "none"), "1 --team: no team of the configuration has the id \"none\"")
      assert.strictEqual(yield* said("create", "--name", "a", "--tenant", "none"), "1 --tenant: no tenant of the configuration has the id \"none\"")
      assert.strictEqual(
        yield* said("create", "--name", "a", "--team", "research", "--tenant", "other"),
        "1 --tenant: the team \"research\" belongs to the tenant \"acme\"; leave it out"
      )
      assert.strictEqual(yield* said("revoke", "nobody"), "1 no stored key has the id \"nobody\"")
    }).pipe(Effect.scoped))
})

describe("the secret of keys", () => {
  it.live("is made when the first key is, for its user only, and stays", () =>
    Effect.gen(function*() {
      const { create, cwd, keys } = yield* made()
      const file = join(cwd, "sluice.db.keysecret")
      yield* keys("list")
      assert.isFalse(existsSync(file))
      yield* create("--name", "a")
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      const first = readFileSync(file, "utf8")
      yield* create("--name", "b")
      assert.strictEqual(readFileSync(file, "utf8"), first)
    }).pipe(Effect.scoped))

  it.live("stops the start where it is empty, or others can read it", () =>
    Effect.gen(function*() {
      const { around, cwd, file } = yield* made()
      const serve = Effect.map(sluice(["serve", "--config", file, "--port", "0"], around), ({ code, stderr }) => `${code} ${stderr}`)
      const secret = join(cwd, "sluice.db.keysecret")
      writeFileSync(secret, "", { mode: 0o600 })
      assert.match(yield* serve, /^1 the secret of keys in .*keysecret is empty or too short/)
      const other = yield* made()
      writeFileSync(join(other.cwd, "sluice.db.keysecret"), "x".repeat(43), { mode: 0o644 })
      const { code, stderr } = yield* sluice(["serve", "--config", other.file, "--port", "0"], other.around)
      assert.match(`${code} ${stderr}`, /^1 the secret of keys in .* can be read by others: chmod 600/)
    }).pipe(Effect.scoped))

  it.live("comes from the configuration where it is there, and may not be empty there either", () =>
    Effect.gen(function*() {
      const { create, cwd } = yield* made(", keySecret: \"0123456789abcdef0123456789abcdef\"")
      yield* create("--name", "a")
      assert.isFalse(existsSync(join(cwd, "sluice.db.keysecret")))
      for (const [written, wanted] of [["", /auth\.keySecret: must not be empty/], ["short", /auth\.keySecret is shorter than 22 characters/]] as const) {
        const { keys } = yield* made(`, keySecret: "${written}"`)
        const { code, stderr } = yield* keys("create", "--name", "a")
        assert.strictEqual(code, 1)
        assert.match(stderr, wanted)
      }
    }).pipe(Effect.scoped))
})
