import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { EventEmitter } from "node:events"
import type * as Http from "node:http"
import type * as Net from "node:net"
import { describe } from "vitest"
import type { ByteSource } from "../src/ByteSource.ts"
import * as UndiciClient from "../src/UndiciClient.ts"
import { UpstreamClient, type UpstreamRequest } from "../src/UpstreamClient.ts"
import * as LocalServer from "./LocalServer.ts"

const client = Effect.provide(UndiciClient.layer())

const get = (url: URL, rest: Partial<UpstreamRequest> = {}): UpstreamRequest => ({ method: "GET", url, headers: {}, connectTimeoutMs: 5_000, ...rest })
const post = (url: URL, body: Uint8Array | string): UpstreamRequest => get(url, { method: "POST", body })
const open = (request: UpstreamRequest) => UpstreamClient.use((upstream) => upstream.open(request))

/** Reads a body to its end. */
const read = Effect.fnUntraced(function*(source: ByteSource) {
  const chunks: Array<Uint8Array> = []
  while (true) {
    chunks.push(...source.take())
    const end = source.ended()
    if (end !== undefined) return { text: Buffer.concat(chunks).toString(), end }
    yield* source.await
  }
})

/** Waits until something can be taken, and takes it. */
const takeSome = Effect.fnUntraced(function*(source: ByteSource) {
  let text = ""
  while (text === "") {
    yield* source.await
    text = Buffer.concat(source.take()).toString()
  }
  return text
})

const call = Effect.fnUntraced(function*(request: UpstreamRequest) {
  const reply = yield* open(request)
  return { ...reply, ...(yield* read(reply.body)) }
}, Effect.scoped)

const failureOf = (request: UpstreamRequest) => open(request).pipe(Effect.scoped, Effect.flip, Effect.map((error) => error.failure))

const bodyOf = async (request: Http.IncomingMessage) => Buffer.concat(await request.toArray()).toString()

describe("requests", () => {
  it.effect("sends the headers it was given and only what HTTP needs beside them", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http((request, response) => response.end(JSON.stringify(request.rawHeaders)))
      const url = LocalServer.baseUrl(server)
      const sent = yield* call(get(url, { headers: { "x-one": "1", accept: "application/json" } }))
      assert.deepStrictEqual(JSON.parse(sent.text), ["host", url.host, "connection", "keep-alive", "x-one", "1", "accept", "application/json"])
    }).pipe(client))

  it.effect("sends text and bytes with their length, and the path with its query", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http(async (request, response) => {
        const body = await bodyOf(request)
        response.end(JSON.stringify([request.method, request.url, request.headers["content-length"], request.headers["transfer-encoding"] ?? null, body]))
      })
      const url = new URL("/v1/a%20b?key=x&y=", LocalServer.baseUrl(server))
      assert.deepStrictEqual(JSON.parse((yield* call(post(url, "grüße"))).text), ["POST", "/v1/a%20b?key=x&y=", "7", null, "grüße"])
      const view = new TextEncoder().encode("--body--").subarray(2, 6)
      assert.deepStrictEqual(JSON.parse((yield* call(post(url, view))).text), ["POST", "/v1/a%20b?key=x&y=", "4", null, "body"])
      assert.deepStrictEqual(JSON.parse((yield* call(get(url, { method: "POST" }))).text), ["POST", "/v1/a%20b?key=x&y=", "0", null, ""])
      assert.deepStrictEqual(JSON.parse((yield* call(get(url))).text), ["GET", "/v1/a%20b?key=x&y=", null, null, ""])
    }).pipe(client))

  it.effect("gives status and headers, repeated ones joined by a comma, and follows no redirect", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http((_, response) =>
        response.writeHead(307, ["Location", "/elsewhere", "X-Two", "a", "X-Two", "b", "Content-Length", "0"]).end()
      )
      const reply = yield* call(get(LocalServer.baseUrl(server)))
      assert.strictEqual(reply.status, 307)
      assert.strictEqual(reply.headers["location"], "/elsewhere")
      assert.strictEqual(reply.headers["x-two"], "a, b")
      assert.deepStrictEqual(reply.end, { _tag: "Eof" })
    }).pipe(client))

  it.effect("ignores informational replies before the reply", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.tcp((socket) =>
        socket.once(
          "data",
          () =>
            socket.end("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 2\r\n\r\nok")
        )
      )
      const reply = yield* call(get(LocalServer.baseUrl(server)))
      assert.deepStrictEqual([reply.status, reply.headers["x"], reply.headers["link"], reply.text], [200, "y", undefined, "ok"])
    }).pipe(client))

  it.effect("refuses a scheme that is not HTTP, and a header that HTTP cannot carry, without telling its value", () =>
    Effect.gen(function*() {
      const scheme = yield* failureOf(get(new URL("ftp://example.com/")))
      assert.strictEqual(scheme.class, "defect")
      assert.include(scheme.message, "ftp:")
      const header = yield* failureOf(get(new URL("http://127.0.0.1:9/"), { headers: { authorization: "Bearer secret\r\nx: y" } }))
      assert.strictEqual(header.class, "defect")
      assert.include(header.message, "authorization")
      assert.notInclude(header.message, "secret")
    }).pipe(client))
})

describe("bodies", () => {
  it.effect("gives bytes as they come", () =>
    Effect.gen(function*() {
      const steps = new EventEmitter()
      const server = yield* LocalServer.http((_, response) => {
        response.write("data: 1\n\n")
        steps.on("next", () => response.write("data: 2\n\n"))
        steps.on("end", () => response.end())
      })
      const { body } = yield* open(get(LocalServer.baseUrl(server)))
      assert.strictEqual(yield* takeSome(body), "data: 1\n\n")
      steps.emit("next")
      assert.strictEqual(yield* takeSome(body), "data: 2\n\n")
      steps.emit("end")
      assert.deepStrictEqual(yield* read(body), { text: "", end: { _tag: "Eof" } })
    }).pipe(Effect.scoped, client))

  it.effect("reads no further than the high water mark while nothing is taken, and loses nothing", () =>
    Effect.gen(function*() {
      const total = 32 * 1_048_576
      const server = yield* LocalServer.http((request, response) => request.url === "/ping" ? response.end("pong") : response.end(Buffer.alloc(total, 97)))
      const url = LocalServer.baseUrl(server)
      const { body } = yield* open(get(url))
      yield* body.await
      // Round trips on other connections: time in which an unpaused connection would have brought far more
      for (let i = 0; i < 50; i++) yield* call(get(new URL("/ping", url)))
      let size = 0
      const taken = body.take()
      for (const chunk of taken) size += chunk.length
      assert.isAtLeast(size, 65_536)
      assert.isAtMost(size, 65_536 + 131_072)
      while (body.ended() === undefined) {
        yield* body.await
        for (const chunk of body.take()) size += chunk.length
      }
      assert.strictEqual(size, total)
      assert.deepStrictEqual(body.ended(), { _tag: "Eof" })
    }).pipe(Effect.scoped, Effect.provide(UndiciClient.layer({ highWaterBytes: 65_536 }))))

  it.effect("ends as a reset when the connection is reset while the body is read", () =>
    Effect.gen(function*() {
      const steps = new EventEmitter()
      const server = yield* LocalServer.http((_, response) => {
        response.write("half")
        steps.on("reset", () => response.socket?.resetAndDestroy())
      })
      const { body } = yield* open(get(LocalServer.baseUrl(server)))
      assert.strictEqual(yield* takeSome(body), "half")
      steps.emit("reset")
      const { end } = yield* read(body)
      assert.strictEqual(end._tag, "Reset")
    }).pipe(Effect.scoped, client))

  const cutShort: ReadonlyArray<readonly [string, string]> = [
    ["a length that is not reached", "content-length: 10\r\n\r\nhalf"],
    ["a chunked body without its last chunk", "transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
    ["a chunk that is cut", "transfer-encoding: chunked\r\n\r\n8\r\nhalf"],
    ["a length that is not reached on a connection that closes", "connection: close\r\ncontent-length: 10\r\n\r\nhalf"]
  ]
  it.effect.each(cutShort)("ends as a reset at %s", ([, rest]) =>
    Effect.gen(function*() {
      const server = yield* LocalServer.tcp((socket) => socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)))
      const { end, text } = yield* call(get(LocalServer.baseUrl(server)))
      assert.strictEqual(text, "half")
      assert.strictEqual(end._tag, "Reset")
    }).pipe(client))

  it.effect("ends as a reset at bytes that are not chunks", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.tcp((socket) =>
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nnot a chunk"))
      )
      const { end, text } = yield* call(get(LocalServer.baseUrl(server)))
      assert.strictEqual(text, "half")
      assert.include(end._tag === "Reset" ? end.message : "", "not valid HTTP")
    }).pipe(client))

  it.effect("takes the close of the connection as the end where HTTP says so", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.tcp((socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nwhole")))
      const { end, text } = yield* call(get(LocalServer.baseUrl(server)))
      assert.deepStrictEqual([text, end], ["whole", { _tag: "Eof" }])
    }).pipe(client))
})

describe("connections", () => {
  const sequential = Effect.gen(function*() {
    const ports = new Set<number | undefined>()
    const server = yield* LocalServer.http(async (request, response) => {
      ports.add(request.socket.remotePort)
      await bodyOf(request)
      response.write("a")
      response.end("b")
    })
    for (let i = 0; i < 20; i++) assert.strictEqual((yield* call(post(LocalServer.baseUrl(server), "{}"))).text, "ab")
    return ports.size
  })

  it.effect("are used again when the body was read to its end", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* sequential.pipe(Effect.provide(UndiciClient.layer({ connectionsPerOrigin: 1 }))), 1)
      // A connection rests for one turn of the event loop before it is used again, so two take turns here
      assert.isAtMost(yield* sequential.pipe(client), 2)
    }))

  it.effect("are closed at once when the scope closes in the middle of a body", () =>
    Effect.gen(function*() {
      const sockets: Array<Net.Socket> = []
      const server = yield* LocalServer.http((request, response) => {
        sockets.push(request.socket)
        response.write("data: 1\n\n")
      })
      const scope = yield* Scope.make()
      const { body } = yield* open(get(LocalServer.baseUrl(server))).pipe(Scope.provide(scope))
      yield* takeSome(body)
      const [socket] = sockets
      assert.isDefined(socket)
      const closed = yield* Effect.forkChild(LocalServer.event(socket, "close"), { startImmediately: true })
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(closed)
      assert.strictEqual(body.ended()?._tag, "Reset")
    }).pipe(client))

  it.effect("are closed at once when the opener is interrupted before the head", () =>
    Effect.gen(function*() {
      const received = yield* Deferred.make<Net.Socket>()
      const server = yield* LocalServer.http((request) => Deferred.doneUnsafe(received, Effect.succeed(request.socket)))
      // In a scope that stays open, so that the interruption alone must close the connection
      const fiber = yield* Effect.forkChild(open(get(LocalServer.baseUrl(server))))
      const socket = yield* Deferred.await(received)
      const closed = yield* Effect.forkChild(LocalServer.event(socket, "close"), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* Fiber.join(closed)
    }).pipe(Effect.scoped, client))

  it.effect("are closed for each of many streams", () =>
    Effect.gen(function*() {
      const count = 50
      let closed = 0
      const allClosed = yield* Deferred.make<void>()
      const server = yield* LocalServer.http((_, response) => {
        response.on("close", () => {
          closed += 1
          if (closed === count) Deferred.doneUnsafe(allClosed, Effect.void)
        })
        response.write("data: 1\n\n")
      })
      const request = get(LocalServer.baseUrl(server))
      yield* Effect.forEach(Array.from({ length: count }), () => Effect.flatMap(open(request), ({ body }) => takeSome(body)), { concurrency: "unbounded" })
        .pipe(
          Effect.scoped
        )
      yield* Deferred.await(allClosed)
      assert.strictEqual(closed, count)
    }).pipe(client))

  it.effect("are closed with the layer", () =>
    Effect.gen(function*() {
      const sockets: Array<Net.Socket> = []
      const server = yield* LocalServer.http((request, response) => {
        sockets.push(request.socket)
        response.end("ok")
      })
      const [closed] = yield* Effect.gen(function*() {
        yield* call(get(LocalServer.baseUrl(server)))
        return yield* Effect.forEach(sockets, (socket) => Effect.forkDetach(LocalServer.event(socket, "close"), { startImmediately: true }))
      }).pipe(client)
      assert.isDefined(closed)
      yield* Fiber.join(closed)
    }))

  it.effect("stay usable when a request that waited for one was cancelled, which is then never sent", () =>
    Effect.gen(function*() {
      const ports = new Set<number | undefined>()
      const paths: Array<string | undefined> = []
      const first = yield* Deferred.make<Http.ServerResponse>()
      const server = yield* LocalServer.http((request, response) => {
        ports.add(request.socket.remotePort)
        paths.push(request.url)
        if (request.url === "/first") Deferred.doneUnsafe(first, Effect.succeed(response))
        else response.end("ok")
      })
      const at = (path: string) => get(new URL(path, LocalServer.baseUrl(server)))
      const running = yield* Effect.forkChild(call(at("/first")))
      const response = yield* Deferred.await(first)
      const waiting = yield* Effect.forkChild(call(at("/cancelled")), { startImmediately: true })
      yield* Fiber.interrupt(waiting)
      response.end("done")
      assert.strictEqual((yield* Fiber.join(running)).text, "done")
      assert.strictEqual((yield* call(at("/third"))).text, "ok")
      assert.deepStrictEqual(paths, ["/first", "/third"])
      assert.strictEqual(ports.size, 1)
    }).pipe(Effect.provide(UndiciClient.layer({ connectionsPerOrigin: 1 }))))
})

describe("failures before the head", () => {
  it.effect("name a host that refuses the connection and what to check, and nothing of path and query", () =>
    Effect.gen(function*() {
      const url = yield* Effect.scoped(Effect.map(LocalServer.http(() => {}), (server) => LocalServer.baseUrl(server)))
      const failure = yield* failureOf(get(new URL("/v1/secret-path?key=secret", url)))
      assert.strictEqual(failure.class, "transient")
      assert.strictEqual(failure.code, "ECONNREFUSED")
      assert.include(failure.message, url.host)
      assert.include(failure.message, "baseUrl")
      assert.notInclude(failure.message, "secret")
    }).pipe(client))

  it.effect("are a connect timeout when no secure connection is made in time", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.tcp(() => {})
      const url = LocalServer.baseUrl(server, "https")
      const failure = yield* failureOf(get(url, { connectTimeoutMs: 20 }))
      assert.strictEqual(failure.class, "timeout-connect")
      assert.include(failure.message, url.host)
      assert.include(failure.message, "20 ms")
    }).pipe(client))

  it.effect("are a connect timeout when all connections stay busy, and the others go on", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http((_, response) => response.write("data: 1\n\n"))
      const url = LocalServer.baseUrl(server)
      const request = get(url, { connectTimeoutMs: 300 })
      const { body } = yield* open(request)
      yield* takeSome(body)
      assert.strictEqual((yield* failureOf(request)).class, "timeout-connect")
      assert.isUndefined(body.ended())
    }).pipe(Effect.scoped, Effect.provide(UndiciClient.layer({ connectionsPerOrigin: 1 }))))

  it.effect("do not come from a connect timeout once the connection stands", () =>
    Effect.gen(function*() {
      const received = yield* Deferred.make<Http.ServerResponse>()
      const server = yield* LocalServer.http((_, response) => Deferred.doneUnsafe(received, Effect.succeed(response)))
      const fiber = yield* Effect.forkChild(call(get(LocalServer.baseUrl(server), { connectTimeoutMs: 20 })))
      const response = yield* Deferred.await(received)
      // Longer than the connect timeout, measured by a request that is timed out by it
      const silent = yield* LocalServer.tcp(() => {})
      yield* failureOf(get(LocalServer.baseUrl(silent, "https"), { connectTimeoutMs: 40 }))
      response.end("late")
      assert.strictEqual((yield* Fiber.join(fiber)).text, "late")
    }).pipe(client))

  it.effect("are transient when a kept connection breaks before the reply, and the request was sent once", () =>
    Effect.gen(function*() {
      const seen: Array<string | undefined> = []
      const server = yield* LocalServer.http((request, response) => {
        seen.push(request.url)
        if (request.url === "/second") request.socket.resetAndDestroy()
        else response.end("ok")
      })
      const url = LocalServer.baseUrl(server)
      yield* call(get(new URL("/first", url)))
      const failure = yield* failureOf(get(new URL("/second", url)))
      assert.strictEqual(failure.class, "transient")
      // A round trip more: time in which a hidden retry would have arrived
      yield* call(get(new URL("/third", url)))
      assert.deepStrictEqual(seen, ["/first", "/second", "/third"])
    }).pipe(client))

  const notHttp = ["SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"]
  it.effect.each(notHttp)("are a protocol violation when %j answers", (answer) =>
    Effect.gen(function*() {
      const server = yield* LocalServer.tcp((socket) => socket.once("data", () => socket.end(answer)))
      const failure = yield* failureOf(get(LocalServer.baseUrl(server)))
      assert.strictEqual(failure.class, "protocol-violation")
    }).pipe(client))

  it.effect("are a protocol violation when the head is larger than allowed", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.tcp((socket) => socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}\r\n\r\n`)))
      assert.strictEqual((yield* failureOf(get(LocalServer.baseUrl(server)))).class, "protocol-violation")
    }).pipe(client))

  it.effect("say that TLS failed when the port speaks plain HTTP", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http((_, response) => response.end())
      const failure = yield* failureOf(get(LocalServer.baseUrl(server, "https")))
      assert.strictEqual(failure.class, "transient")
      assert.include(failure.message, "TLS")
    }).pipe(client))
})
