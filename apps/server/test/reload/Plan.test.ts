import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import { type Config, listenOn, parse } from "../../src/Config.ts"
import * as Plan from "../../src/reload/Plan.ts"

const environment = { KEY: "sk-from-the-environment", OTHER: "sk-another" }

const read = (source: string): Config => Result.getOrThrow(parse(source, environment))

const plain = `
server: { host: 127.0.0.1, port: 8787 }
providers:
  - { id: a, dialect: openai-chat, baseUrl: "https://a.example", credentials: [{ id: main, apiKey: "\${KEY}" }] }
  - { id: b, dialect: openai-chat, baseUrl: "https://b.example" }
models:
  - { id: one, targets: [{ provider: a }] }
  - { id: two, targets: [{ provider: b }] }
keys:
  - { id: k, key: sk-k, limits: { requestsPerMinute: 5 } }
tenants:
  - { id: acme, budget: { usd: "10.00", period: month } }
`

const plan = (wanted: string, started = plain) => Plan.of(read(started), read(started), read(wanted))

/** What changed, one line for each section. */
const told = (wanted: string) =>
  plan(wanted).changes.map(({ added, changed, removed, section }) =>
    [section, ...added.map((id) => `+${id}`), ...removed.map((id) => `-${id}`), ...changed.map((name) => `~${name}`)].join(" ")
  )

describe("a plan", () => {
  it("of the same file changes nothing, whatever stands in it", () => {
    assert.deepStrictEqual(plan(plain).changes, [])
    assert.deepStrictEqual(plan(plain).needRestart, [])
    assert.deepStrictEqual(told(`# a comment\n${plain}\nlimits: { onFailure: deny }`), [], "what is spelt out is what holds anyway")
  })

  it.each<readonly [what: string, from: string, to: string, told: ReadonlyArray<string>]>([
    ["a provider that is renamed", "id: b, dialect", "id: c, dialect", ["providers +c -b"]],
    ["a credential's variable", "${KEY}", "${OTHER}", ["providers ~a"]],
    ["the route of a model", "{ id: two, targets: [{ provider: b }] }", "{ id: two, targets: [{ provider: a }] }", ["models ~two"]],
    ["a limit", "requestsPerMinute: 5", "requestsPerMinute: 6", ["keys ~k"]],
    ["a key's secret", "key: sk-k", "key: sk-j", ["keys ~k"]],
    ["a budget", "10.00", "20.00", ["tenants ~acme"]],
    ["a key that is taken away", "- { id: k, key: sk-k, limits: { requestsPerMinute: 5 } }", "", ["keys -k"]]
  ])("tells %s by its name", (_, from, to, expected) => {
    const wanted = plain.replace(from, to).replace(
      "targets: [{ provider: b }]",
      to.includes("id: c") ? "targets: [{ provider: c }]" : "targets: [{ provider: b }]"
    )
    assert.deepStrictEqual(told(wanted.replace("keys:\n  \n", "keys: []\n")), to.includes("id: c") ? [...expected, "models ~two"] : expected)
  })

  it("tells another order, which decides between routes that both fit", () => {
    const [one, two] = ["  - { id: one, targets: [{ provider: a }] }\n", "  - { id: two, targets: [{ provider: b }] }\n"]
    assert.deepStrictEqual(told(plain.replace(`${one}${two}`, `${two}${one}`)), ["models ~their order"])
  })

  it("turns a cache on and off while requests run, and leaves its answers where they are", () => {
    const caching = (cache: string) => `${plain}\nextensions: { cache: { ${cache} } }\nredis: { url: "redis://r" }\n`
    const key = "key: 0123456789abcdef0123456789abcdef"
    assert.deepStrictEqual(plan(caching("ttl: 1 minute")).next.extensions.cache?.store, "memory")
    const moved = plan(caching(`ttl: 2 minutes, store: redis, answers: 7, ${key}`), caching("ttl: 1 minute"))
    assert.deepStrictEqual(moved.needRestart.filter((name) => name.startsWith("extensions")), ["extensions.cache.store", "extensions.cache.answers"])
    assert.deepStrictEqual(plan(plain, caching("ttl: 1 minute")).next.extensions, {})
  })

  it("tells settings of other sections by their paths", () => {
    assert.deepStrictEqual(told(`${plain}\nlimits: { onFailure: allow, assumedOutput: 5 }\nprices: { models: [{ model: m, input: "1", output: "2" }] }`), [
      "prices ~prices.models",
      "limits ~limits.onFailure ~limits.assumedOutput"
    ])
  })

  it("never tells a value", () => {
    const secrets = plan(plain.replace("${KEY}", "${OTHER}").replace("sk-k", "sk-secret").concat("\nauth: { adminToken: top-secret }"))
    assert.notMatch(JSON.stringify({ changes: secrets.changes, needRestart: secrets.needRestart }), /sk-|secret|top/)
    assert.deepStrictEqual(secrets.changes.flatMap(({ changed }) => changed), ["auth.adminToken", "a", "k"])
  })
})

describe("what waits for a restart", () => {
  const waiting = plain.replace("port: 8787", "port: 9000, workers: 3, bodyLimit: 1MiB, drains: { concurrent: 1 }, admission: { waiting: 7 }").concat(`
ledger: { url: "sqlite:./other.db", bodies: digest, onFailure: allow }
log: { format: pretty }
redis: { url: "redis://r.example" }
continuity: { answers: 5 }
replay: { wait: 3 seconds }
admin: { port: 9001, hosts: [gateway.example] }
credentials: { store: files }
scheduling: { attempts: 3, sessions: 4 }
`)

  it("is named, stays as it was, and does not keep the rest from being served", () => {
    const { changes, needRestart, next } = plan(waiting)
    assert.sameMembers([...needRestart], [
      "server.port",
      "server.workers",
      "server.admission.waiting",
      "ledger.url",
      "log.format",
      "redis",
      "continuity.answers",
      "replay.wait",
      "admin.port",
      "credentials.store",
      "scheduling.sessions"
    ])
    assert.sameMembers(changes.flatMap(({ changed }) => changed), [
      "server.bodyLimit",
      "server.drains.concurrent",
      "ledger.bodies",
      "ledger.onFailure",
      "admin.hosts",
      "scheduling.attempts"
    ])
    assert.deepStrictEqual([next.server.port, next.server.workers, next.log.format, next.redis], [8787, 1, "json", undefined])
  })

  it("is not waited for where the file says again what the server was started with", () => {
    const started = read(plain)
    const { next } = Plan.of(started, started, read(waiting))
    const { changes, needRestart } = Plan.of(started, next, read(plain))
    assert.deepStrictEqual(needRestart, [])
    assert.isAbove(changes.length, 0)
  })
})

describe("rules between what changes and what waits", () => {
  it("are those of the server that runs, not those of the file", () => {
    const keyed = read(`${plain}\nauth: { mode: keys }`)
    const everywhere = Result.getOrThrow(listenOn(keyed, { host: "0.0.0.0" }))
    const open = read(`${plain}\nauth: { mode: open }`)
    const { problems } = Plan.of(everywhere, everywhere, open)
    assert.deepStrictEqual(problems.map(({ path }) => path), ["auth.mode"], "an address that waits for a restart would be open to everybody until then")
    assert.deepStrictEqual(Plan.of(keyed, keyed, open).problems, [])
  })

  it("hold for the operator's token, which is compared and not told", () => {
    const started = read(plain)
    const withToken = (token: string): Config => ({ ...started, auth: { ...started.auth, adminToken: Redacted.make(token) } })
    assert.deepStrictEqual(Plan.of(started, withToken("a"), withToken("a")).changes, [])
    assert.deepStrictEqual(Plan.of(started, withToken("a"), withToken("b")).changes.flatMap(({ changed }) => changed), ["auth.adminToken"])
  })
})
