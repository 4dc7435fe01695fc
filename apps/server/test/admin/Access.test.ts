/** Nobody but the operator gets anything from the management surface: every route there is, and many that are not, is asked for. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpApi } from "effect/http-api"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { request } from "node:http"
import { createServer } from "node:net"
import { basename, join } from "node:path"
import { Api } from "../../src/admin/Api.ts"
import { folder, sluice } from "../commands/Sluice.ts"
import { takenPort } from "../commands/TakenPort.ts"
import { type Asked, plain, type Reply, start, token, userKey } from "./Surface.ts"

/** Every operation of the API, with something in the place of its parameters. */
const operations = (): ReadonlyArray<readonly [method: string, path: string]> => {
  const found: Array<readonly [string, string]> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => void found.push([endpoint.method, endpoint.path.replaceAll(/:(\w+)/g, (_, name) => name === "kind" ? "key" : "x")])
  })
  return found
}

const all = [
  ...operations(),
  ["GET", "/openapi.json"],
  ["GET", "/docs"],
  ["GET", "/admin"],
  ["GET", "/admin/nothing"],
  ["DELETE", "/admin/nothing/at/all"],
  ["POST", "/admin/extensions/nobody/x"],
  ["GET", "/admin/resources/nobody/index.html"],
  ["GET", "/metrics"]
] as const

const strangers: ReadonlyArray<readonly [who: string, asked: Asked]> = [
  ["nobody", { token: null }],
  ["a client with its key", { token: userKey }],
  ["a client with its key in every header that keys come in", { token: userKey, headers: { "x-api-key": userKey, "x-goog-api-key": userKey } }],
  ["somebody who guesses", { token: `${token.slice(0, -1)}x` }],
  ["somebody with the token where it does not belong", { token: null, headers: { "x-api-key": token, cookie: `token=${token}` } }]
]

/** The status of a request under another host name, which fetch does not send. */
const raw = (url: string, host: string): Effect.Effect<number | undefined> =>
  Effect.promise(async () => {
    const asked = request(`${url}/admin/exchanges`, { headers: { host } }).end()
    const [reply] = await once(asked, "response")
    reply.resume()
    return reply.statusCode
  })

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address !== null ? address.port : 0
})

const bare = ({ headers, status, text }: Reply) => JSON.stringify([status, headers.get("content-type"), headers.get("www-authenticate"), text])

describe("the management surface in mode keys", () => {
  it.live("refuses every stranger on every path in the same words", () =>
    Effect.gen(function*() {
      const { ask } = yield* start()
      assert.isAtLeast(operations().length, 12)
      for (const [who, asked] of strangers) {
        const replies = new Map<string, string>()
        for (const [method, path] of all) {
          const body = method === "GET" || method === "DELETE" ? {} : { body: "{}" }
          const reply = yield* ask(path, { ...asked, ...body, method })
          assert.strictEqual(reply.status, 401, `${who}: ${method} ${path}`)
          assert.strictEqual(reply.headers.get("content-type"), "application/problem+json")
          if (path.startsWith("/admin")) replies.set(bare(reply), path)
        }
        assert.strictEqual(replies.size, 1, `${who}: ${[...replies.keys()].join("\n")}`)
      }
    }).pipe(Effect.scoped))

  it.live("answers the operator on every path", () =>
    Effect.gen(function*() {
      const { ask } = yield* start()
      for (const [method, path] of operations()) {
        const reply = yield* ask(path, { method, ...(method === "GET" || method === "DELETE" ? {} : { body: "{}" }) })
        assert.notInclude([401, 403, 405, 500], reply.status, `${method} ${path}: ${reply.text}`)
        if (reply.status >= 400) assert.strictEqual(reply.headers.get("content-type"), "application/problem+json", `${method} ${path}: ${reply.text}`)
      }
      const missing = yield* ask("/admin/nothing")
      assert.deepStrictEqual([missing.status, missing.headers.get("content-type")], [404, "application/problem+json"])
    }).pipe(Effect.scoped))

  it.live("lets a browser ask for the token in its own dialog for the documents, and for nothing else", () =>
    Effect.gen(function*() {
      const { ask } = yield* start()
      const dialog = (password: string) => ({ token: null, headers: { authorization: `Basic ${btoa(`admin:${password}`)}` } })
      assert.strictEqual((yield* ask("/docs", { token: null })).headers.get("www-authenticate")?.split(" ")[0], "Basic")
      assert.strictEqual((yield* ask("/docs", dialog("wrong"))).status, 401)
      const page = yield* ask("/docs", dialog(token))
      assert.deepStrictEqual([page.status, page.headers.get("content-type")], [200, "text/html"])
      assert.include(page.headers.get("content-security-policy") ?? "", "default-src 'self'")
      assert.notMatch(page.text, /<(?:script|link)[^>]+(?:src|href)=/)
      assert.strictEqual((yield* ask("/openapi.json", dialog(token))).json.openapi, "3.1.0")
      assert.strictEqual((yield* ask("/admin/keys", dialog(token))).status, 401)
    }).pipe(Effect.scoped))
})

describe("the router of the server", () => {
  it("has no route below the prefix of the management surface but the one that stands behind the gate", () => {
    const sources = ["packages/gateway/src", "packages/ledger/src", "apps/server/src"].flatMap((folder) => {
      const root = join(import.meta.dirname, "../../../..", folder)
      return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map((name) => join(root, name))
    })
    assert.isAbove(sources.length, 200)
    const added = sources.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\.(?:add|route)\(\s*"(?:\*|[A-Z]+)",\s*(["'`][^,]*)/g)].map(([, path = ""]) => [basename(file), path] as const)
    )
    assert.isAbove(added.length, 8)
    assert.deepStrictEqual(added.filter(([, path]) => path.includes("/admin") || path.includes("prefix")), [["Management.ts", "`${prefix}/*`"]])
  })
})

describe("the management surface of an open server", () => {
  const open = plain.replace("mode: keys, ", "mode: open, ").replace(/^keys: .*\n/m, "")

  it.live("is read by its machine, and written by the operator only", () =>
    Effect.gen(function*() {
      const { ask } = yield* start({ config: open })
      assert.strictEqual((yield* ask("/admin/exchanges", { token: null })).status, 200)
      for (const [method, path] of operations().filter(([method]) => method !== "GET")) {
        assert.strictEqual((yield* ask(path, { token: null, method, ...(method === "DELETE" ? {} : { body: "{}" }) })).status, 401, `${method} ${path}`)
      }
      assert.strictEqual((yield* ask("/admin/keys", { body: { name: "made" } })).status, 201)
    }).pipe(Effect.scoped))

  it.live("knows itself by its own names, so that no page can lead a browser to it by another", () =>
    Effect.gen(function*() {
      const { ask, url } = yield* start({ config: open })
      const port = new URL(url).port
      const asked = (host: string) => Effect.map(raw(url, host), (status) => [host, status])
      assert.deepStrictEqual(yield* asked(`localhost:${port}`), [`localhost:${port}`, 200])
      assert.deepStrictEqual(yield* asked(`evil.test:${port}`), [`evil.test:${port}`, 421])
      assert.strictEqual((yield* ask("/admin/exchanges", { headers: { origin: "https://evil.test" } })).status, 403)
    }).pipe(Effect.scoped))
})

describe("the management surface on a port of its own", () => {
  it.live("answers there and nowhere else", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const { ask } = yield* start({ config: `${plain}admin: { port: ${port} }\n` })
      assert.strictEqual((yield* ask("/admin/keys")).status, 404)
      assert.strictEqual((yield* ask("/docs")).status, 404)
      const there = (path: string, given: string | null) =>
        Effect.promise(() =>
          fetch(`http://127.0.0.1:${port}${path}`, { headers: given === null ? {} : { authorization: `Bearer ${given}` } }).then(({ status }) => status)
        )
      assert.deepStrictEqual([yield* there("/admin/keys", null), yield* there("/admin/keys", userKey), yield* there("/admin/keys", token)], [401, 401, 200])
      assert.strictEqual(yield* there("/v1/models", userKey), 404)
    }).pipe(Effect.scoped))
})

describe("the management surface of an open server on an address that others reach", () => {
  it.live("asks for the token to read too", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const open = plain.replace("mode: keys, ", "mode: open, ").replace(/^keys: .*\n/m, "")
      yield* start({ config: `${open}admin: { port: ${port}, host: 0.0.0.0 }\n` })
      assert.strictEqual(yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/admin/keys`).then(({ status }) => status)), 401)
    }).pipe(Effect.scoped))
})

describe("the port of the management surface", () => {
  it.live("is named in the one line that is said where another process has it", () =>
    Effect.gen(function*() {
      const taken = yield* takenPort
      const cwd = yield* folder({ "sluice.yaml": `${plain.replace("${FOLDER}", ".")}admin: { port: ${taken} }\n` })
      const { code, stderr } = yield* sluice(["serve", "--config", join(cwd, "sluice.yaml"), "--port", "0"])
      assert.deepStrictEqual([code, stderr], [
        1,
        `cannot listen on 127.0.0.1 port ${taken}: another process uses it; choose another with admin.port (0 takes a free one)`
      ])
    }).pipe(Effect.scoped))
})

describe("what is sent to the management surface", () => {
  it.live("may not be endless, and what is no JSON is refused in words", () =>
    Effect.gen(function*() {
      const { ask } = yield* start()
      const large = yield* ask("/admin/keys", { body: JSON.stringify({ name: "x".repeat(5_000_000) }) })
      assert.deepStrictEqual([large.status, large.headers.get("content-type")], [413, "application/problem+json"])
      for (const [body, type] of [["{", "application/json"], ["", "application/json"], ["name=x", "application/x-www-form-urlencoded"]] as const) {
        const wrong = yield* ask("/admin/keys", { method: "POST", body, headers: { "content-type": type } })
        assert.include([400, 415], wrong.status, type)
        assert.strictEqual(wrong.headers.get("content-type"), "application/problem+json")
      }
    }).pipe(Effect.scoped))
})

describe("the management surface that is turned off", () => {
  it.live("is not there", () =>
    Effect.gen(function*() {
      const { ask } = yield* start({ config: `${plain}admin: { enabled: false }\n` })
      for (const path of ["/admin/keys", "/docs", "/openapi.json"]) assert.strictEqual((yield* ask(path)).status, 404)
    }).pipe(Effect.scoped))
})
