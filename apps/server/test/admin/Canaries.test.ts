/**
 * No secret leaves the server: canaries in every place of the configuration that may hold one, in keys, credentials, headers, comments
 * and the environment; every operation is asked for, well and badly, and what is replied, logged, traced and recorded is searched.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Tracer } from "effect"
import { HttpApi } from "effect/http-api"
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Api } from "../../src/admin/Api.ts"
import { type Asked, start } from "./Surface.ts"

const planted: Array<string> = []

/** A secret that is found wherever it turns up, also in other letters or cut short at its end. */
const canary = (name: string): string => {
  const text = `canary-${name}-${(planted.length + 0x1a2b).toString(16)}e5d4c3b2a1908f7e6d5c4b3a`
  planted.push(text)
  return text
}

const admin = canary("admin")
const user = canary("user")
const upstream = canary("upstream")
const typed = canary("typed")

/** In an address, which is no place for a secret and stands in traces: it is not repeated in replies and logs. */
const addressed = "addressed-5d8e1f3a7b9c"

const config = `
# an old key: ${upstream}
server: { lameDuck: 0 seconds, watch: false }
log: { level: trace }
auth: { mode: keys, adminToken: ${admin}, keySecret: ${canary("keysecret")} }
ledger: { url: "sqlite:\${FOLDER}/sluice.db", signingKey: ${canary("signing")}, bodies: none }
replay: { key: "${canary("replay")}" }
providers:
  - id: sim
    dialect: openai-chat
    simulator: true
    headers: { x-first: ${canary("header1")}, x-second: 'Bearer ${canary("header2")}' }
    query: { api-version: ${canary("query1")}, key: "${canary("query2")}" }
  - id: far
    dialect: openai-chat
    baseUrl: http://127.0.0.1:9
    private: true
    proxy: "http://someone:${canary("proxy")}@127.0.0.1:9"
    credentials:
      - id: plain
        apiKey: ${upstream} # the one in use
      - { id: block, apiKey: "${canary("flow")}" }
      - { id: variable, apiKey: "\${FROM_ENV}" }
      - { id: fallback, apiKey: "\${NOT_SET:-${canary("default")}}" }
      - { id: folded, apiKey: "first-\${FROM_ENV}-${canary("mixed")}" }
      - id: login
        oauth:
          clientId: the-client
          clientSecret: ${canary("client")}
          tokenUrl: http://127.0.0.1:9/token
          deviceUrl: http://127.0.0.1:9/device
          headers: { x-oauth: ${canary("oauth1")} }
          tokenHeaders: { x-token: ${canary("oauth2")} }
  - id: third
    dialect: gemini-generate
    baseUrl: http://127.0.0.1:9
    private: true
    credentials:
${Array.from({ length: 6 }, (_, n) => `      - { id: many${n}, apiKey: ${canary(`many${n}`)} }`).join("\n")}
  - &anchored
    id: anchored
    dialect: anthropic-messages
    baseUrl: http://127.0.0.1:9
    private: true
    headers: { x-anchored: &anchor ${canary("anchor")} }
    query: { again: *anchor }
models:
  - { id: fast, targets: [{ provider: sim, model: sim-text }] }
  - { id: far, targets: [{ provider: far }] }
keys:
  - { id: user, key: ${user} }
  - { id: second, key: '${canary("single")}' }
  - { id: third, key: "\${KEY_FROM_ENV}" }
  - id: fourth
    key: ${canary("fourth")}
`

const env = { FROM_ENV: canary("env1"), KEY_FROM_ENV: canary("env2") }

/** Operations with something in the place of their parameters. */
const operations = (): ReadonlyArray<readonly [method: string, path: string]> => {
  const found = new Map<string, readonly [string, string]>()
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path } }) => {
      for (const [kind, id] of [["key", "plain"], ["team", "login"]] as const) {
        const asked = path.replace(":kind", kind).replace(":provider", "far").replace(":id", id)
        found.set(`${method} ${asked}`, [method, asked])
      }
    }
  })
  return [...found.values()]
}

/** Bodies that fit nowhere, with canaries where somebody might put a secret by mistake. */
const bodies: ReadonlyArray<Pick<Asked, "body" | "headers">> = [
  { body: {} },
  { body: `{"name": "${typed}` },
  {
    body: {
      name: 7,
      secret: typed,
      state: typed,
      code: typed,
      provider: "far",
      id: "login",
      changes: [{ path: ["providers", "far", "retries"], value: typed }]
    }
  },
  { body: { state: typed, code: typed } },
  { body: { provider: "far", id: "login", kind: "device" } },
  { body: { from: "openai-chat", request: { model: "far", messages: [{ role: "user", content: "Hello" }] } } },
  { body: { changes: [{ path: ["providers", "far", "credentials", "plain", "apiKey"], value: 17 }] }, headers: { "if-match": "ETAG" } },
  { body: `providers: [{ id: far, apiKey: ${typed}, credentials: { secret: ${typed} }`, headers: { "content-type": "application/yaml", "if-match": "ETAG" } },
  { body: `auth: { adminToken: ${typed}, mode: ${typed} }\nproviders: ${typed}\n`, headers: { "content-type": "application/yaml", "if-match": "ETAG" } },
  { body: typed, headers: { "content-type": typed } }
]

describe("the management surface", () => {
  it.live("tells no secret in any reply, log, trace or record", () => {
    const traced: Array<string> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        const end = span.end.bind(span)
        span.end = (time, exit) => {
          traced.push(
            span.name,
            ...Array.from(span.attributes, ([name, value]) => `${name}=${String(value)}`),
            ...span.events.map((event) => event.map(String).join(" ")),
            Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
          )
          end(time, exit)
        }
        return span
      }
    })
    return Effect.gen(function*() {
      const { ask, cwd, file, said } = yield* start({ config, env, adminToken: admin })
      const replied: Array<string> = []
      const keep = (path: string, asked: Asked = {}) =>
        Effect.map(ask(path, asked), (reply) => {
          if (path.startsWith("/admin") && reply.status >= 400) {
            assert.strictEqual(reply.headers.get("content-type"), "application/problem+json", `${asked.method} ${path}`)
            assert.notStrictEqual(reply.status, 500, `${asked.method} ${path}: ${JSON.stringify(asked.body)}`)
          }
          replied.push(`${asked.method ?? "GET"} ${path.split("?")[0]}`, ...[...reply.headers].map(String), reply.text)
          return reply
        })
      const etag = () => Effect.map(keep("/admin/config/text"), ({ headers }) => headers.get("etag") ?? "")
      // Clients too: their keys, their mistakes, and a provider that cannot be reached
      const chat = { model: "far", messages: [{ role: "user", content: "Hello" }] }
      for (const token of [user, env.KEY_FROM_ENV, typed]) yield* keep("/v1/chat/completions", { body: chat, token })
      yield* keep("/v1/chat/completions", { body: { ...chat, model: "fast" }, token: null, headers: { "x-api-key": user } })
      yield* keep(`/v1beta/models/fast:generateContent?key=${typed}`, { body: { contents: [{ parts: [{ text: "Hello" }] }] }, token: null })

      const crawl = Effect.fnUntraced(function*(only = "/") {
        for (const [method, path] of [...operations(), ["GET", "/openapi.json"], ["GET", "/metrics"], ["GET", "/admin/nothing"]] as const) {
          if (!path.startsWith(only)) continue
          yield* keep(path, { method })
          for (const token of only === "/" ? [null, user, typed] : []) {
            yield* keep(path, { method, token, headers: { "x-api-key": typed, cookie: `session=${typed}` } })
          }
          if (method === "GET" || method === "DELETE") {
            yield* keep(`${path}?limit=${addressed}&secret=${addressed}`, { method })
            continue
          }
          for (const { body, headers = {} } of bodies) {
            const match = headers["if-match"] === undefined ? {} : { "if-match": yield* etag() }
            yield* keep(path, { method, body, headers: { ...headers, ...match } })
          }
        }
      })
      yield* crawl()
      // A change that holds a secret, and the text that holds it then
      const patched = yield* keep("/admin/config", {
        method: "PATCH",
        headers: { "if-match": yield* etag() },
        body: { changes: [{ path: ["providers", "far", "credentials", "plain", "apiKey"], value: canary("patched") }] }
      })
      assert.strictEqual(patched.status, 200, patched.text)
      const { text } = yield* keep("/admin/config/text")
      const put = yield* keep("/admin/config/text", {
        method: "PUT",
        body: text.replace("# the one in use", "# the new one"),
        headers: { "content-type": "application/yaml", "if-match": yield* etag() }
      })
      assert.strictEqual(put.status, 200, put.text)
      assert.include(readFileSync(file, "utf8"), "*anchor")
      // A file that somebody breaks by hand, with a secret where no schema knows one
      appendFileSync(file, `\nextras: { token: ${canary("unknown")} }\n`)
      yield* crawl("/admin/config")
      yield* crawl("/admin/reload")
      writeFileSync(file, `${readFileSync(file, "utf8")}\n  - {${canary("broken")}`)
      yield* crawl("/admin/config")
      yield* crawl("/admin/reload")

      assert.isAtLeast(planted.length, 30)
      const database = readdirSync(cwd).filter((name) => name.startsWith("sluice.db")).map((name) => readFileSync(join(cwd, name), "latin1"))
      const places = { replies: replied.join("\n"), log: said(), traces: traced.join("\n"), database: database.join("\n") }
      assert.include(places.log, "/admin/config")
      assert.isAbove(places.traces.length, 10_000)
      for (const place of [places.replies, places.log]) assert.notInclude(place, addressed)
      for (const [place, whole] of Object.entries(places)) {
        for (const secret of planted) assert.isFalse(whole.includes(secret.slice(0, -4)), `${place}: ${secret}, ${around(whole, secret.slice(0, -4))}`)
      }
    }).pipe(Effect.scoped, Effect.withTracer(tracer))
  }, 120_000)
})

/** What is around a secret that was found, for whoever has to find it. */
const around = (text: string, secret: string): string => {
  const at = text.indexOf(secret)
  return text.slice(Math.max(0, at - 200), at + secret.length + 100)
}
