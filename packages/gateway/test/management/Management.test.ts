import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Redacted, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { TestClock } from "effect/testing"
import * as Fuse from "../../src/Fuse.ts"
import * as Management from "../../src/Management.ts"
import * as Registries from "../../src/Registries.ts"

const token = "operator-token-0123456789abcdef0123456789"

const group = HttpApiGroup.make("counter").add(
  HttpApiEndpoint.get("read", "/count/:of", { params: { of: Schema.String }, query: { step: Schema.optional(Schema.String) }, success: Schema.String }),
  HttpApiEndpoint.post("add", "/count", { payload: Schema.Struct({ by: Schema.Int }), success: Schema.Int }),
  HttpApiEndpoint.get("broken", "/broken", { success: Schema.Int }),
  HttpApiEndpoint.get("hanging", "/hanging", { success: Schema.Int })
)
const api = HttpApi.make("counter").add(group)
const handlers = HttpApiBuilder.group(api, "counter", (handlers) =>
  handlers.handleAll({
    read: ({ params, query }) => Effect.succeed(`${params.of} ${query.step ?? "-"}`),
    add: ({ payload }) => Effect.succeed(payload.by),
    broken: () => Effect.die(new Error("inside")),
    hanging: () => Effect.never
  }))

const counter = Management.routes({ id: "counter", title: "Counter", api, handlers })
const pages = Management.resources({
  id: "counter",
  title: "Counter",
  resources: [
    { path: "/index.html", contentType: "text/html; charset=utf-8", body: "<p>counted</p>", menu: { title: "Counter" } },
    { path: "/img/dot.bin", contentType: "application/octet-stream", body: new Uint8Array([0, 255]) }
  ]
})

const contributed = <E>(parts: Layer.Layer<never, E, Registries.Managements>) =>
  Effect.scoped(
    Layer.build(Layer.effectDiscard(Effect.void).pipe(Layer.provideMerge(parts), Layer.provideMerge(Registries.layer()))).pipe(
      Effect.flatMap((context) => Effect.provideContext(Registries.Managements.use(({ all }) => all), context)),
      Effect.flatMap(Management.distinct)
    )
  )

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** The surface as a function from requests to replies; its log is thrown away. */
const surface = Effect.fnUntraced(function*(access: Partial<Management.Access> = {}, fuses?: Fuse.Fuses["Service"]) {
  const contributions = yield* contributed(Layer.merge(counter, pages))
  const served = yield* HttpRouter.toHttpEffect(
    Management.mount({
      access: { token: () => Redacted.make(token), isOpenToRead: () => false, ...access },
      contributions: Effect.succeed(contributions),
      ...(fuses === undefined ? {} : { fuses })
    })
  )
  return (path: string, { body, headers = {}, method = "GET" }: Asked = {}) =>
    Effect.gen(function*() {
      const all = { host: "gateway.test", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers }
      const request = HttpServerRequest.fromWeb(new Request(`http://gateway.test${path}`, { method, headers: all, ...(body === undefined ? {} : { body }) }))
      const response = yield* Effect.scoped(Effect.provideService(served, HttpServerRequest.HttpServerRequest, request))
      const reply = HttpServerResponse.toWeb(response, { withoutBody: method === "HEAD" })
      return { status: reply.status, type: reply.headers.get("content-type"), headers: reply.headers, text: yield* Effect.promise(() => reply.text()) }
    }).pipe(Effect.provide(Logger.layer([])))
})

const bearer = { authorization: `Bearer ${token}` }

describe("contributed routes", () => {
  it.effect("answer under the prefix of their part, with parameters, query and body", () =>
    Effect.gen(function*() {
      const ask = yield* surface()
      assert.strictEqual((yield* ask("/admin/extensions/counter/count/tea?step=2", { headers: bearer })).text, "\"tea 2\"")
      const added = yield* ask("/admin/extensions/counter/count", { method: "POST", headers: bearer, body: "{\"by\":3}" })
      assert.deepStrictEqual([added.status, added.text], [200, "3"])
    }))

  it.effect("that die are answered for, without a word of why", () =>
    Effect.gen(function*() {
      const ask = yield* surface()
      const reply = yield* ask("/admin/extensions/counter/broken", { headers: bearer })
      assert.deepStrictEqual([reply.status, reply.type], [500, "application/problem+json"])
      assert.notInclude(reply.text, "inside")
    }))

  it.effect("say in words that a request is wrong", () =>
    Effect.gen(function*() {
      const ask = yield* surface()
      const reply = yield* ask("/admin/extensions/counter/count", { method: "POST", headers: bearer, body: "{\"by\":\"x\"}" })
      assert.deepStrictEqual([reply.status, reply.type], [400, "application/problem+json"])
    }))
})

describe("contributed routes that are built inside a server", () => {
  it.effect("stand behind the gate and nowhere else", () =>
    Effect.gen(function*() {
      // As a server does it: its own routes and its parts in one build
      const registries = Registries.layer()
      const mounted = Layer.unwrap(Effect.map(
        Registries.Managements.use(({ all }) => all),
        (contributions) =>
          Management.mount({ access: { token: () => Redacted.make(token), isOpenToRead: () => false }, contributions: Effect.succeed(contributions) })
      ))
      const served = HttpRouter.toHttpEffect(mounted.pipe(Layer.provide(counter), Layer.provide(registries)))
      const app = yield* served
      const status = (path: string) =>
        Effect.scoped(
          Effect.provideService(
            app,
            HttpServerRequest.HttpServerRequest,
            HttpServerRequest.fromWeb(new Request(`http://gateway.test${path}`, { headers: { host: "gateway.test" } }))
          )
        ).pipe(
          Effect.map((reply) => reply.status),
          Effect.catch(() => Effect.succeed(404))
        )
      assert.deepStrictEqual([yield* status("/count/tea"), yield* status("/admin/extensions/counter/count/tea")], [404, 401])
    }))
})

describe("contributed routes that fail again and again", () => {
  it.effect("are not called any more until their fuse is reset, and others go on", () =>
    Effect.gen(function*() {
      const fuses = Fuse.fuses()
      const ask = yield* surface({}, fuses)
      const status = (path: string) => Effect.map(ask(`/admin/extensions/counter/${path}`, { headers: bearer }), (reply) => reply.status)
      // Mistakes of clients are no faults of a part
      for (let n = 0; n < 10; n++) yield* ask("/admin/extensions/counter/count", { method: "POST", headers: bearer, body: "{}" })
      for (let n = 0; n < 5; n++) assert.strictEqual(yield* status("broken"), 500)
      assert.strictEqual(yield* status("count/tea"), 503)
      assert.strictEqual((yield* ask("/admin/resources/counter/index.html", { headers: bearer })).status, 200)
      assert.deepInclude(fuses.status()[0], { id: "other:management-counter", isFused: true, faults: 5, lastFault: "inside" })
      fuses.reset("other:management-counter")
      assert.strictEqual(yield* status("count/tea"), 200)
    }))
})

describe("contributed routes, one that hangs", () => {
  it.effect("is answered for after a while", () =>
    Effect.gen(function*() {
      const ask = yield* surface()
      const asked = yield* Effect.forkChild(ask("/admin/extensions/counter/hanging", { headers: bearer }), { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* Fiber.join(asked)).status, 504)
    }))
})

describe("contributed resources", () => {
  it.effect("are given as they are, to reading only", () =>
    Effect.gen(function*() {
      const ask = yield* surface()
      const page = yield* ask("/admin/resources/counter/index.html", { headers: bearer })
      assert.deepStrictEqual([page.status, page.type, page.text], [200, "text/html; charset=utf-8", "<p>counted</p>"])
      assert.deepStrictEqual([page.headers.get("cache-control"), page.headers.get("x-content-type-options")], ["no-store", "nosniff"])
      assert.strictEqual((yield* ask("/admin/resources/counter/index.html", { method: "POST", headers: bearer })).status, 405)
      assert.strictEqual((yield* ask("/admin/resources/counter/img/dot.bin", { headers: bearer })).status, 200)
      assert.strictEqual((yield* ask("/admin/resources/counter/img/../../../own", { headers: bearer })).status, 404)
      assert.strictEqual((yield* ask("/admin/resources/other/index.html", { headers: bearer })).status, 404)
    }))

  it.effect("are refused where their paths or ids are not plain", () =>
    Effect.gen(function*() {
      const reason = (id: string, path: string) =>
        contributed(Management.resources({ id, title: "X", resources: [{ path, contentType: "text/plain", body: "" }] })).pipe(
          Effect.match({ onSuccess: () => "installed", onFailure: ({ reason }) => reason })
        )
      assert.strictEqual(yield* reason("x", "/a/b.txt"), "installed")
      for (const path of ["/../a", "a", "/", "/a//b", "/a/", "/.env", "/a b", "/a?b", "/:a", "/*"]) assert.include(yield* reason("x", path), "not plain")
      for (const id of ["", "X", "a/b", "..", "-a", "a:b"]) assert.include(yield* reason(id, "/a"), "lower-case letters")
    }))
})

describe("two parts", () => {
  it.effect("cannot answer the same place", () =>
    Effect.gen(function*() {
      const again = Management.routes({ id: "counter", title: "Again", api, handlers })
      const error = yield* Effect.flip(contributed(Layer.mergeAll(counter, again)))
      assert.strictEqual(error.message, "the management contribution \"counter\" answers /admin/extensions/counter, which another part answers already")
      const page = Management.resources({ id: "counter", title: "More", resources: [{ path: "/index.html", contentType: "text/html", body: "" }] })
      assert.include((yield* Effect.flip(contributed(Layer.mergeAll(pages, page)))).message, "/admin/resources/counter/index.html")
    }))
})

describe("the gate", () => {
  const paths = [
    "/admin",
    "/admin/",
    "/admin/nothing",
    "/admin/extensions/counter/count/tea",
    "/admin/extensions/counter/nothing",
    "/admin/extensions/other/count",
    "/admin/resources/counter/index.html",
    "//admin//extensions/counter/count/tea",
    "/admin/extensions/counter/%2e%2e/x",
    "/admin/%6eothing"
  ]
  const wrong: ReadonlyArray<readonly [what: string, headers: Record<string, string>]> = [
    ["no token", {}],
    ["an empty one", { authorization: "Bearer " }],
    ["a user's key", { authorization: "Bearer sk-user", "x-api-key": "sk-user" }],
    ["the beginning of the token", { authorization: `Bearer ${token.slice(0, -1)}` }],
    ["more than the token", { authorization: `Bearer ${token}x` }],
    ["another scheme", { authorization: `Basic ${btoa(`admin:${token}`)}` }],
    ["the token elsewhere", { "x-api-key": token, cookie: `token=${token}` }]
  ]

  for (const [what, headers] of wrong) {
    it.effect(`refuses ${what} in the same words on every path, whether it exists or not`, () =>
      Effect.gen(function*() {
        const ask = yield* surface()
        const replies = new Set<string>()
        for (const path of paths) {
          for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
            const { headers: told, status, text } = yield* ask(path, { method, headers })
            replies.add(JSON.stringify([status, text, [...told].toSorted()]))
          }
        }
        assert.strictEqual(replies.size, 1)
        const [reply = ""] = replies
        assert.match(reply, /^\[401,/)
        assert.include(reply, "application/problem+json")
      }))
  }

  it.effect("lets nobody pass where nobody has a token", () =>
    Effect.gen(function*() {
      const ask = yield* surface({ token: () => undefined })
      assert.strictEqual((yield* ask("/admin/x", { headers: { authorization: "Bearer undefined" } })).status, 401)
      assert.strictEqual((yield* ask("/admin/x", { headers: { authorization: "Bearer " } })).status, 401)
    }))

  it.effect("of a gateway that is open to read asks for the token to write", () =>
    Effect.gen(function*() {
      const ask = yield* surface({ isOpenToRead: () => true })
      assert.strictEqual((yield* ask("/admin/extensions/counter/count/tea")).status, 200)
      assert.strictEqual((yield* ask("/admin/extensions/counter/count/tea", { method: "HEAD" })).status, 200)
      assert.strictEqual((yield* ask("/admin/extensions/counter/count", { method: "POST", body: "{\"by\":1}" })).status, 401)
      assert.strictEqual((yield* ask("/admin/extensions/counter/count", { method: "POST", body: "{\"by\":1}", headers: bearer })).status, 200)
    }))

  it.effect("takes a token that has changed, and no longer the one before", () =>
    Effect.gen(function*() {
      let current = token
      const ask = yield* surface({ token: () => Redacted.make(current) })
      current = "another-token-0123456789abcdef0123456789"
      assert.strictEqual((yield* ask("/admin/resources/counter/index.html", { headers: bearer })).status, 401)
      assert.strictEqual((yield* ask("/admin/resources/counter/index.html", { headers: { authorization: `Bearer ${current}` } })).status, 200)
    }))

  it.effect("is asked for under its own host names only, where they are said", () =>
    Effect.gen(function*() {
      const ask = yield* surface({ hosts: () => ["localhost", "[::1]", "127.0.0.1"] })
      for (const host of ["localhost:8787", "LOCALHOST", "[::1]:8787", "127.0.0.1"]) {
        assert.strictEqual((yield* ask("/admin/resources/counter/index.html", { headers: { ...bearer, host } })).status, 200, host)
      }
      for (const host of ["evil.test", "localhost.evil.test", "localhost@evil.test", "", "a b", "[::1"]) {
        assert.strictEqual((yield* ask("/admin/resources/counter/index.html", { headers: { ...bearer, host } })).status, 421, host)
      }
    }))

  it.effect("refuses pages of other origins, with the token too, and allows them nothing", () =>
    Effect.gen(function*() {
      const ask = yield* surface()
      const asked = (headers: Record<string, string>) => ask("/admin/resources/counter/index.html", { headers: { ...bearer, ...headers } })
      assert.strictEqual((yield* asked({ origin: "http://gateway.test" })).status, 200)
      for (
        const headers of [{ origin: "http://evil.test" }, { origin: "null" }, { origin: "http://gateway.test.evil.test" }, { "sec-fetch-site": "cross-site" }]
      ) {
        const reply = yield* asked(headers)
        assert.strictEqual(reply.status, 403)
        assert.isNull(reply.headers.get("access-control-allow-origin"))
      }
      const preflight = yield* ask("/admin/x", { method: "OPTIONS", headers: { origin: "http://evil.test", "access-control-request-method": "POST" } })
      assert.deepStrictEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [403, null])
    }))
})
