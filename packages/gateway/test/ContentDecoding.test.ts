import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { EventEmitter } from "node:events"
import * as Zlib from "node:zlib"
import { describe } from "vitest"
import type { ByteSource } from "../src/ByteSource.ts"
import * as ContentDecoding from "../src/internal/contentDecoding.ts"
import * as UndiciClient from "../src/UndiciClient.ts"
import { UpstreamClient } from "../src/UpstreamClient.ts"
import * as LocalServer from "./LocalServer.ts"

const client = Effect.provide(UndiciClient.layer({ highWaterBytes: 65_536, maxDecodedBytes: 4 * 1_048_576 }))
const open = (url: URL) => UpstreamClient.use((upstream) => upstream.open({ method: "GET", url, headers: {}, connectTimeoutMs: 5_000 }))

const read = Effect.fnUntraced(function*(source: ByteSource) {
  const chunks: Array<Uint8Array> = []
  while (true) {
    chunks.push(...source.take())
    const end = source.ended()
    if (end !== undefined) return { text: Buffer.concat(chunks).toString(), end }
    yield* source.await
  }
})

/** A server that answers with this body under this coding. */
const serve = (coding: string, body: Uint8Array) =>
  Effect.map(
    LocalServer.http((_, response) => response.writeHead(200, { "content-encoding": coding, "content-type": "text/plain" }).end(body)),
    LocalServer.baseUrl
  )

const plain = "data: {\"text\":\"héllo\"}\n\n".repeat(5_000)
const encoded: ReadonlyArray<readonly [string, string, Uint8Array]> = [
  ["gzip", "gzip", Zlib.gzipSync(plain)],
  ["gzip under its old name", "X-GZip", Zlib.gzipSync(plain)],
  ["br", "br", Zlib.brotliCompressSync(plain)],
  ["zstd", "zstd", Zlib.zstdCompressSync(plain)],
  ["deflate", "deflate", Zlib.deflateSync(plain)],
  ["deflate without the zlib frame", "deflate", Zlib.deflateRawSync(plain)],
  ["identity", "identity", Buffer.from(plain)]
]

describe("content codings", () => {
  it.effect.each(encoded)("undoes %s", ([, coding, body]) =>
    Effect.gen(function*() {
      const reply = yield* open(yield* serve(coding, body))
      const { end, text } = yield* read(reply.body)
      assert.strictEqual(text, plain)
      assert.deepStrictEqual(end, { _tag: "Eof" })
      assert.strictEqual(reply.headers["content-type"], "text/plain")
      if (coding !== "identity") {
        assert.isUndefined(reply.headers["content-encoding"])
        assert.isUndefined(reply.headers["content-length"])
      }
    }).pipe(Effect.scoped, client))

  it.effect("leaves the connection usable", () =>
    Effect.gen(function*() {
      const ports = new Set<number | undefined>()
      const server = yield* LocalServer.http((request, response) => {
        ports.add(request.socket.remotePort)
        response.writeHead(200, { "content-encoding": "gzip" }).end(Zlib.gzipSync("ok"))
      })
      for (let i = 0; i < 10; i++) {
        const { text } = yield* Effect.scoped(Effect.flatMap(open(LocalServer.baseUrl(server)), ({ body }) => read(body)))
        assert.strictEqual(text, "ok")
      }
      assert.isAtMost(ports.size, 2)
    }).pipe(client))

  it.effect("gives the events of a compressed stream as they come", () =>
    Effect.gen(function*() {
      const steps = new EventEmitter()
      const server = yield* LocalServer.http((_, response) => {
        const gzip = Zlib.createGzip()
        gzip.pipe(response.writeHead(200, { "content-encoding": "gzip" }))
        const send = (text: string) => gzip.write(text, () => gzip.flush(Zlib.constants.Z_SYNC_FLUSH))
        send("one")
        steps.on("next", () => send("two"))
        steps.on("end", () => gzip.end())
      })
      const { body } = yield* open(LocalServer.baseUrl(server))
      yield* body.await
      assert.strictEqual(Buffer.concat(body.take()).toString(), "one")
      steps.emit("next")
      yield* body.await
      assert.strictEqual(Buffer.concat(body.take()).toString(), "two")
      steps.emit("end")
      assert.deepStrictEqual(yield* read(body), { text: "", end: { _tag: "Eof" } })
    }).pipe(Effect.scoped, client))

  it.effect("accepts a coding named for an empty body", () =>
    Effect.gen(function*() {
      const { body } = yield* open(yield* serve("gzip", new Uint8Array(0)))
      assert.deepStrictEqual(yield* read(body), { text: "", end: { _tag: "Eof" } })
    }).pipe(Effect.scoped, client))

  it.effect("ends as a reset, and closes the connection, when a small body decodes to more than allowed", () =>
    Effect.gen(function*() {
      const closed = new EventEmitter()
      const server = yield* LocalServer.http((request, response) => {
        request.socket.on("close", () => closed.emit("close"))
        // Never ended, so that only the gateway can close it
        response.writeHead(200, { "content-encoding": "gzip" }).write(Zlib.gzipSync(Buffer.alloc(64 * 1_048_576)))
      })
      const { body } = yield* open(LocalServer.baseUrl(server))
      const seen = yield* Effect.forkChild(LocalServer.event(closed, "close"), { startImmediately: true })
      let size = 0
      while (body.ended() === undefined) {
        for (const chunk of body.take()) size += chunk.length
        if (body.ended() === undefined) yield* body.await
      }
      assert.isAtMost(size, 4 * 1_048_576)
      const end = body.ended()
      assert.include(end?._tag === "Reset" ? end.message : "", "more than 4194304 bytes")
      yield* Fiber.join(seen)
    }).pipe(Effect.scoped, client))

  const broken: ReadonlyArray<readonly [string, string, Uint8Array]> = [
    ["bytes of no coding", "gzip", Buffer.from("not compressed at all")],
    ["a body that is cut", "gzip", Zlib.gzipSync(plain).subarray(0, -9)],
    ["a cut brotli body", "br", Zlib.brotliCompressSync(plain).subarray(0, -9)]
  ]
  it.effect.each(broken)("ends as a reset at %s", ([, coding, body]) =>
    Effect.gen(function*() {
      const reply = yield* open(yield* serve(coding, body))
      const { end } = yield* read(reply.body)
      assert.include(end._tag === "Reset" ? end.message : "", `not valid ${coding}`)
    }).pipe(Effect.scoped, client))

  it.effect("gives what was decoded before the connection broke, and then the reset", () =>
    Effect.gen(function*() {
      const body = Zlib.gzipSync("first part", { finishFlush: Zlib.constants.Z_SYNC_FLUSH })
      const server = yield* LocalServer.tcp((socket) =>
        socket.once("data", () => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length + 5}\r\n\r\n`)
          socket.end(body)
        })
      )
      const { end, text } = yield* Effect.flatMap(open(LocalServer.baseUrl(server)), (reply) => read(reply.body))
      assert.strictEqual(text, "first part")
      assert.include(end._tag === "Reset" ? end.message : "", "before the body was complete")
    }).pipe(Effect.scoped, client))

  it.effect("holds the decoder back while nothing is taken", () =>
    Effect.gen(function*() {
      const url = yield* serve("gzip", Zlib.gzipSync(Buffer.alloc(3 * 1_048_576)))
      const ping = yield* serve("identity", Buffer.from("pong"))
      const { body } = yield* open(url)
      yield* body.await
      for (let i = 0; i < 50; i++) yield* Effect.scoped(Effect.flatMap(open(ping), (reply) => read(reply.body)))
      let size = body.take().reduce((sum, chunk) => sum + chunk.length, 0)
      assert.isAtMost(size, 2 * 65_536)
      while (body.ended() === undefined) {
        yield* body.await
        for (const chunk of body.take()) size += chunk.length
      }
      assert.strictEqual(size, 3 * 1_048_576)
    }).pipe(Effect.scoped, client))

  it.effect.each(["compress", "gzip, br", "aws-chunked"])("fails as a protocol violation at %s, which cannot be undone", (coding) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(open(yield* serve(coding, Buffer.from("x"))))
      assert.strictEqual(error.failure.class, "protocol-violation")
    }).pipe(Effect.scoped, client))

  it("knows the names of codings in any case", () => {
    assert.deepStrictEqual([undefined, "", " Identity ", "GZIP", "snappy"].map(ContentDecoding.codingOf), [undefined, undefined, undefined, "gzip", "unknown"])
  })
})
