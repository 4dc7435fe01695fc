import { assert, describe, it } from "@effect/vitest"
import { IdentityProvider } from "@sluice/testing/IdentityProvider"
import { Effect, Schedule } from "effect"
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, sluice, started } from "./Sluice.ts"

interface Line {
  readonly [name: string]: unknown
}

const linesOf = (text: string): ReadonlyArray<Line> => text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))

const configOf = (oauth: string, store: string, ledger: string) => `
ledger: { url: "${ledger}" }
${store}
providers:
  - { id: vendor, dialect: openai-chat, baseUrl: "https://vendor.example/v1", credentials: [{ id: main, oauth: { ${oauth} } }] }
  - { id: keyed, dialect: openai-chat, baseUrl: "https://keyed.example/v1", credentials: [{ id: one, apiKey: sk-canary }, { id: two, env: TWO }] }
  - { id: sim, dialect: openai-chat, simulator: true }
models: [{ id: "*", targets: [{ provider: vendor }] }]
`

/** A folder with a configuration, and what runs commands with it. */
const made = Effect.fnUntraced(function*(more = "", store = "", ledger = "sqlite:${FOLDER}/sluice.db") {
  const { clientId, endpoints } = yield* IdentityProvider
  const cwd = yield* folder()
  const file = join(cwd, "sluice.yaml")
  const client =
    `clientId: ${clientId}, tokenUrl: "${endpoints.token}", deviceUrl: "${endpoints.device}", authorizeUrl: "${endpoints.authorization}", scopes: [openid]`
  writeFileSync(file, configOf(client + more, store, ledger))
  const around = { env: { FOLDER: cwd, TWO: "sk-canary-two" } }
  const command = (...args: ReadonlyArray<string>) => sluice([...args, "--config", file], around)
  const list = Effect.map(command("credentials", "list", "--json"), ({ stdout }) => linesOf(stdout))
  return { around, cwd, command, list, file }
})

/** Asks again until what is listed is as it should be: the command that changes it runs beside. */
const until = <A, E, R>(effect: Effect.Effect<A, E, R>, isSo: (value: A) => boolean) =>
  effect.pipe(
    Effect.filterOrFail(isSo, () => "not yet" as const),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500, while: (error) => error === "not yet" })
  )

/** Everything that lies in a folder, as text. */
const contentOf = (path: string): string =>
  readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) =>
    readFileSync(join(entry.parentPath, entry.name)).toString("latin1")
  ).join("\n")

describe("sluice login", () => {
  it.live("shows a page and a code, waits for the person, and stores the login", () =>
    Effect.gen(function*() {
      const { decideDevice } = yield* IdentityProvider
      const { around, cwd, file, list } = yield* made()
      assert.deepInclude((yield* list).at(-1), { provider: "vendor", id: "main", state: "logged-out", isUsable: false })
      const told = yield* started(["login", "vendor", "--config", file], around)
      const [, url = "", userCode = ""] = /(http\S+)[^]*code (\S+),/.exec(told) ?? []
      assert.include(url, `/activate?user_code=${userCode}`)
      assert.isTrue(decideDevice(userCode))
      const [status] = yield* until(Effect.map(list, (lines) => lines.slice(-1)), ([line]) => line?.["state"] === "ok")
      assert.deepInclude(status, { id: "main", account: "ada@example.test", source: "oauth", kind: "oauth", isUsable: true })
      for (const secret of ["idp-access", "idp-refresh", "idp-device"]) assert.notInclude(told + contentOf(cwd), secret)
      assert.strictEqual(statSync(join(cwd, "sluice.db.keysecret")).mode & 0o777, 0o600)
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer({ intervalSeconds: 0.1 }))))

  it.live("says how it ended in lines of JSON, for a program", () =>
    Effect.gen(function*() {
      const { command } = yield* made()
      const { code, stderr, stdout } = yield* command("login", "vendor", "--json", "--id", "second")
      assert.strictEqual(`${code} ${stderr}`, "0 ")
      const [begun, ended] = linesOf(stdout)
      assert.deepInclude(begun, { provider: "vendor", id: "second", kind: "device", progress: "pending" })
      assert.deepInclude(ended, { provider: "vendor", id: "second", state: "ok", account: "ada@example.test" })
      assert.notInclude(stdout, "idp-")
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer({ intervalSeconds: 0.1, decidesDevices: true }))))

  it.live("ends with 1 when the person refuses, and says so", () =>
    Effect.gen(function*() {
      const { decide } = yield* IdentityProvider
      const { command } = yield* made()
      decide("denied")
      assert.deepInclude(yield* command("login", "vendor"), { code: 1, stderr: "The person refused (access_denied)." })
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer({ intervalSeconds: 0.1, decidesDevices: true }))))

  it.live("takes the browser back on this machine, and lets nobody else finish", () =>
    Effect.gen(function*() {
      const { around, file, list } = yield* made()
      const [begun] = linesOf(yield* started(["login", "vendor", "--pkce", "--json", "--config", file], around))
      const url = new URL(String(begun?.["url"]))
      const open = (address: URL | string) => Effect.promise(() => fetch(address).then(async (page) => ({ status: page.status, text: await page.text() })))
      const stranger = new URL(url.searchParams.get("redirect_uri") ?? "")
      stranger.search = "?state=guessed&code=<script>"
      const refused = yield* open(stranger)
      assert.strictEqual(refused.status, 400)
      assert.notInclude(refused.text, "script")
      const page = yield* open(url)
      assert.strictEqual(page.status, 200)
      assert.include(page.text, "Logged in")
      yield* until(list, (lines) => lines.at(-1)?.["state"] === "ok")
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer())))

  it.live("refuses what cannot be logged into, with what there is", () =>
    Effect.gen(function*() {
      const { command } = yield* made()
      const refused = (...args: ReadonlyArray<string>) => Effect.map(command("login", ...args), ({ code, stderr }) => `${code} ${stderr}`)
      assert.strictEqual(yield* refused("nobody"), "1 the configuration has no provider with the id \"nobody\"; it has vendor, keyed, sim")
      assert.strictEqual(yield* refused("sim"), "1 the provider \"sim\" is simulated, and is not logged into")
      assert.match(yield* refused("keyed"), /^1 The provider "keyed" has no credential that is logged into/)
      assert.match(yield* refused("vendor", "--like", "other", "--id", "x"), /^1 The provider "vendor" has no client with the id "other"; there are: main/)
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer())))

  it.live("needs a place that outlives it", () =>
    Effect.gen(function*() {
      const { command } = yield* made("", "", "sqlite::memory:")
      const { code, stderr } = yield* command("login", "vendor")
      assert.strictEqual(code, 1)
      assert.include(stderr, "set ledger.url, or credentials.store: files")
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer())))
})

describe("sluice login --import", () => {
  it.live("takes over tokens, with whose client they are refreshed, and keys", () =>
    Effect.gen(function*() {
      const { command, cwd, list } = yield* made()
      const tokens = join(cwd, "tokens.json")
      writeFileSync(
        tokens,
        JSON.stringify({ access_token: "canary-access", refresh_token: "canary-refresh", expiry: "2100-01-01T00:00:00Z", email: "ada@example.test" })
      )
      const taken = yield* command("login", "vendor", "--import", tokens)
      assert.strictEqual(
        taken.stdout,
        "The credential \"main\" of the provider \"vendor\" is stored as ada@example.test. Running servers use it within seconds."
      )
      const key = join(cwd, "key.json")
      writeFileSync(key, JSON.stringify({ api_key: "canary-key" }))
      assert.strictEqual((yield* command("login", "keyed", "--import", key, "--id", "spare")).code, 0)
      assert.strictEqual((yield* command("login", "keyed", "--import", key)).code, 0)
      const listed = yield* list
      assert.deepInclude(listed.find(({ id }) => id === "main"), { state: "ok", expiresAt: "2100-01-01T00:00:00.000Z", account: "ada@example.test" })
      for (const id of ["spare", "imported"]) {
        assert.deepInclude(listed.find((each) => each["id"] === id), { provider: "keyed", state: "ok", source: "stored", kind: "key" })
      }
      rmSync(tokens)
      rmSync(key)
      assert.notInclude(contentOf(cwd).replaceAll("sk-canary", ""), "canary")
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer())))

  it.live("names the keys it looked for, and nothing of the file", () =>
    Effect.gen(function*() {
      const { command, cwd } = yield* made()
      const file = join(cwd, "other.json")
      const refused = (content: string) => {
        writeFileSync(file, content)
        return Effect.map(command("login", "vendor", "--import", file), ({ stderr }) => stderr)
      }
      assert.match(
        yield* refused("{ \"canary\": \"canary\" }"),
        /other\.json: The file has none of the keys .* access_token.*refresh_token.*expires_at.*api_key/
      )
      assert.notInclude(yield* refused("{ \"canary\": \"canary\" }"), "canary")
      assert.match(yield* refused("canary"), /other\.json: The file is not JSON\.$/)
      assert.match(yield* refused("{ \"access_token\": \"a\", \"expires_at\": \"canary\" }"), /in no form that is known: seconds, milliseconds or RFC 3339\.$/)
      assert.match((yield* command("login", "vendor", "--import", join(cwd, "none.json"))).stderr, /cannot be read: there is no such file/)
      assert.match((yield* command("login", "keyed", "--id", "one", "--import", file)).stderr, /is configured as it is/)
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer())))
})

describe("sluice credentials", () => {
  it.live("lists all, without a secret, and forgets what was stored", () =>
    Effect.gen(function*() {
      const { command, list } = yield* made()
      yield* command("login", "vendor")
      const { stdout } = yield* command("credentials", "list")
      assert.match(
        stdout,
        /^PROVIDER\s+ID\s+SOURCE\s+STATE\s+ACCOUNT\s+EXPIRES\nkeyed\s+one\s+key\s+ok\nkeyed\s+two\s+environment\s+ok\nvendor\s+main\s+oauth\s+ok\s+ada@example\.test\s+2\d\d\d-/
      )
      for (const secret of ["canary", "idp-"]) assert.notInclude(stdout + JSON.stringify(yield* list), secret)
      assert.strictEqual(
        (yield* command("credentials", "remove", "vendor", "main", "--json")).stdout,
        "{\"provider\":\"vendor\",\"id\":\"main\",\"state\":\"removed\"}"
      )
      assert.deepInclude(yield* command("credentials", "remove", "vendor", "main"), {
        code: 1,
        stderr: "nothing is stored for the credential \"main\" of the provider \"vendor\""
      })
      assert.deepInclude((yield* list).at(-1), { state: "logged-out" })
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer({ intervalSeconds: 0.1, decidesDevices: true }))))

  it.live("say what is wrong with a record that was sealed with another secret, and go on with the others", () =>
    Effect.gen(function*() {
      const { command, cwd, list } = yield* made(
        "",
        "credentials: { store: files, folder: \"${FOLDER}/kept\", secret: \"${SECRET:-first-secret-of-thirty-two-letters}\" }"
      )
      assert.strictEqual((yield* command("login", "vendor")).code, 0)
      const names = readdirSync(join(cwd, "kept"))
      assert.lengthOf(names, 1)
      assert.strictEqual(statSync(join(cwd, "kept")).mode & 0o777, 0o700)
      assert.strictEqual(statSync(join(cwd, "kept", names[0] ?? "")).mode & 0o777, 0o600)
      const config = join(cwd, "sluice.yaml")
      writeFileSync(config, readFileSync(config, "utf8").replace("first-secret-", "other-secret-"))
      const [keyed, , vendor] = yield* list
      assert.deepInclude(keyed, { state: "ok" })
      assert.deepInclude(vendor, { state: "failed", isUsable: false })
      assert.match(
        String(vendor?.["reason"]),
        /was sealed with the key [0-9a-f]{12}, and this gateway has [0-9a-f]{12}: give it the secret it was sealed with\.$/
      )
      writeFileSync(config, readFileSync(config, "utf8").replace("secret: ", "formerSecrets: [first-secret-of-thirty-two-letters], secret: "))
      assert.deepInclude((yield* list).at(-1), { state: "ok" })
    }).pipe(Effect.scoped, Effect.provide(IdentityProvider.layerServer({ intervalSeconds: 0.1, decidesDevices: true }))))
})
