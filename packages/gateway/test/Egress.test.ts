import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import type * as Http from "node:http"
import * as Net from "node:net"
import { describe } from "vitest"
import * as Egress from "../src/Egress.ts"
import * as UndiciClient from "../src/UndiciClient.ts"
import { UpstreamClient, type UpstreamRequest } from "../src/UpstreamClient.ts"
import * as LocalServer from "./LocalServer.ts"

/** Names that lead to these addresses. */
const leadingTo = (...addresses: ReadonlyArray<string>): Egress.Resolve => (_hostname, _options, onDone) => {
  onDone(null, addresses.map((address) => ({ address, family: Net.isIP(address) })))
}

const named = (server: Net.Server): UpstreamRequest => {
  const url = LocalServer.baseUrl(server)
  url.hostname = "models.example"
  return { method: "GET", url, headers: {}, connectTimeoutMs: 5_000 }
}

const ask = (request: UpstreamRequest, options: UndiciClient.Options) =>
  UpstreamClient.use((client) => client.open(request)).pipe(
    Effect.map(({ status }) => String(status)),
    Effect.catch((error) => Effect.succeed(`${error.failure.class}: ${error.failure.message}`)),
    Effect.scoped,
    Effect.provide(UndiciClient.layer(options))
  )

describe("addresses", () => {
  const hidden = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "no address"
  ]
  for (const address of hidden) it(`${address} is private`, () => assert.isTrue(Egress.isPrivate(address)))

  for (const address of ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) {
    it(`${address} is not`, () => assert.isFalse(Egress.isPrivate(address)))
  }
})

describe("connections", () => {
  it.effect("a name that leads into a private network is not connected to, and the message says what to set", () =>
    Effect.gen(function*() {
      let connections = 0
      const server = yield* LocalServer.tcp(() => connections++)
      const told = yield* ask(named(server), { egress: { resolve: leadingTo("127.0.0.1", "10.0.0.1") } })
      assert.match(told, /^misconfigured: models\.example:\d+ leads to an address of a private network/)
      assert.include(told, "private: true")
      assert.strictEqual(connections, 0)
    }))

  it.effect("of several addresses only those are connected to that are not private", () =>
    Effect.callback<void>((resume) => {
      Egress.lookup({ resolve: leadingTo("10.0.0.1", "203.0.114.7", "::1") })("models.example", { all: true }, (error, found) => {
        assert.isNull(error)
        assert.deepStrictEqual(found, [{ address: "203.0.114.7", family: 4 }])
        resume(Effect.void)
      })
    }))

  it.effect("a name that is said to be in a private network is connected to, and so is localhost", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http((_, response) => response.end("{}"))
      assert.strictEqual(yield* ask(named(server), { egress: { private: true, resolve: leadingTo("127.0.0.1") } }), "200")
      const local = named(server)
      local.url.hostname = "localhost"
      assert.strictEqual(yield* ask(local, { egress: { resolve: leadingTo("127.0.0.1") } }), "200")
    }))

  it.effect("an address that stands in the configuration is connected to", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http((_, response) => response.end("{}"))
      assert.strictEqual(yield* ask({ ...named(server), url: LocalServer.baseUrl(server) }, {}), "200")
    }))

  it.effect("redirects are given back, not followed", () =>
    Effect.gen(function*() {
      const asked: Array<string | undefined> = []
      const server = yield* LocalServer.http((request, response) => {
        asked.push(request.url)
        response.writeHead(307, { location: "/elsewhere" }).end()
      })
      assert.strictEqual(yield* ask({ ...named(server), url: LocalServer.baseUrl(server) }, {}), "307")
      assert.deepStrictEqual(asked, ["/"])
    }))
})

describe("proxies", () => {
  const password = `Basic ${Buffer.from("user:secret").toString("base64")}`

  const through = (proxy: Net.Server): UndiciClient.Options => {
    const url = LocalServer.baseUrl(proxy)
    url.username = "user"
    url.password = "secret"
    return { proxy: Redacted.make(url.href) }
  }

  it.effect("a plain request is handed to the proxy, with the proxy's own password", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const proxy = yield* LocalServer.http((request, response) => {
        seen.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"]}`)
        response.end("{}")
      })
      assert.strictEqual(
        yield* ask({ method: "GET", url: new URL("http://models.example/v1?a=1"), headers: {}, connectTimeoutMs: 5_000 }, through(proxy)),
        "200"
      )
      assert.deepStrictEqual(seen, [`GET http://models.example/v1?a=1 ${password}`])
    }))

  it.effect("a secured request goes through a tunnel, whose far end the proxy looks up", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const proxy = yield* LocalServer.http(() => {})
      proxy.on("connect", (request: Http.IncomingMessage, socket: Net.Socket) => {
        seen.push(`${request.url} ${request.headers["proxy-authorization"]}`)
        socket.end("HTTP/1.1 502 Bad gateway\r\n\r\n")
      })
      const told = yield* ask({ method: "GET", url: new URL("https://models.example/v1"), headers: {}, connectTimeoutMs: 5_000 }, through(proxy))
      assert.match(told, /^transient: /)
      assert.notInclude(told, "secret")
      assert.deepStrictEqual(seen, [`models.example:443 ${password}`])
    }))

  it.effect("a proxy that does not answer is a failure of the connection, without its password", () =>
    Effect.gen(function*() {
      const told = yield* ask(
        { method: "GET", url: new URL("http://models.example/"), headers: {}, connectTimeoutMs: 1_000 },
        { proxy: Redacted.make("http://user:secret@127.0.0.1:1") }
      )
      assert.match(told, /^(?:transient|timeout-connect): /)
      assert.notInclude(told, "secret")
    }))
})
