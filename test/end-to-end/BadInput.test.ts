/** Requests that cannot be served: the client's own error shape, a 4xx, nothing sent upstream, one entry where the caller is known. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { gzipSync, zstdCompressSync } from "node:zlib"
import * as Rig from "./Rig.ts"

const limit = 200_000

const chat = { model: "openai/sim-text", messages: [{ role: "user", content: "Hello" }] }
const messages = { model: "anthropic/sim-text", max_tokens: 100, messages: [{ role: "user", content: "Hello" }] }

interface Case {
  readonly name: string
  readonly path: "/v1/chat/completions" | "/v1/messages"
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly headers?: { readonly [name: string]: string }
  readonly status: number
  /** What the message must say. */
  readonly says: RegExp
}

const both = (
  name: string,
  body: (of: object) => string | Uint8Array<ArrayBuffer>,
  status: number,
  says: RegExp,
  headers?: { readonly [name: string]: string }
): ReadonlyArray<Case> =>
  ([["/v1/chat/completions", chat], ["/v1/messages", messages]] as const).map(([path, of]) => ({
    name,
    path,
    body: body(of),
    status,
    says,
    ...(headers === undefined ? {} : { headers })
  }))

const deep = (depth: number): unknown => depth === 0 ? 1 : [deep(depth - 1)]

const cases: ReadonlyArray<Case> = [
  ...both("malformed JSON", () => "{\"model\":", 400, /not valid JSON/),
  ...both("a body that is no object", () => "[1]", 400, /must be a JSON object/),
  ...both("an empty body", () => "", 400, /not valid JSON/),
  ...both("a key said twice", () => "{\"model\":\"a\",\"model\":\"b\"}", 400, /"model" twice/),
  ...both("nesting beyond the limit", (of) => JSON.stringify({ ...of, metadata: deep(200) }), 400, /deeper than 128/),
  ...both("messages of the wrong type", (of) => JSON.stringify({ ...of, messages: "Hello" }), 400, /messages/),
  ...both(
    "a role of the wrong type, with its path",
    (of) => JSON.stringify({ ...of, messages: [{ role: "user", content: "ok" }, { role: 5, content: "x" }] }),
    400,
    /\/messages\/1\/role|messages\[1\]\.role|messages\.1\.role/
  ),
  ...both("a temperature of the wrong type", (of) => JSON.stringify({ ...of, temperature: "hot" }), 400, /temperature/),
  ...both("no model", (of) => JSON.stringify({ ...of, model: undefined }), 400, /model/),
  ...both("a model that is unknown", (of) => JSON.stringify({ ...of, model: "nobody/knows" }), 404, /nobody\/knows/),
  ...both("a body over the limit", (of) => JSON.stringify({ ...of, padding: "x".repeat(limit) }), 413, /larger than/),
  ...both(
    "a small body that decompresses over the limit",
    (of) => new Uint8Array(gzipSync(JSON.stringify({ ...of, padding: "x".repeat(limit) }))),
    413,
    /larger than/,
    { "content-encoding": "gzip" }
  ),
  ...both("an encoding nobody accepts", (of) => JSON.stringify(of), 415, /content encoding "br"/, { "content-encoding": "br" }),
  ...both("a body that lies about its encoding", (of) => JSON.stringify(of), 400, /gzip/, { "content-encoding": "gzip" }),
  {
    name: "several answers from a protocol that gives one",
    path: "/v1/chat/completions",
    body: JSON.stringify({ ...chat, model: "anthropic/sim-text", n: 2 }),
    status: 400,
    says: /\/n\b/
  },
  {
    name: "JSON mode from a protocol that cannot enforce it",
    path: "/v1/chat/completions",
    body: JSON.stringify({ ...chat, model: "anthropic/sim-text", response_format: { type: "json_object" } }),
    status: 400,
    says: /response_format/
  }
]

/** What both protocols say of an error. */
interface ErrorBody {
  readonly type?: string
  readonly error: { readonly type: string; readonly message: string }
}

const post = (url: string, { body, headers, path }: Pick<Case, "body" | "headers" | "path">, key: string) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}${path}`, { method: "POST", headers: { "content-type": "application/json", "x-api-key": key, ...headers }, body })
    const json: ErrorBody = JSON.parse(await response.text())
    return { status: response.status, id: response.headers.get("x-request-id"), json, again: response.headers.get("x-should-retry") }
  })

layer(Rig.layer({ settings: { bodyLimitBytes: limit } }), { excludeTestServices: true })("a request that cannot be served", (it) => {
  for (const bad of cases) {
    it.effect(`${bad.path}: ${bad.name}`, () =>
      Effect.gen(function*() {
        const { ledger, simulator, url } = yield* Rig.Rig
        const before = (yield* simulator.log).length
        const { id, json, status } = yield* post(url, bad, "sk-test")
        assert.strictEqual(status, bad.status, JSON.stringify(json))
        assert.match(json.error.message, bad.says)
        if (bad.path === "/v1/messages") assert.strictEqual(json.type, "error")
        assert.isString(json.error.type)
        assert.strictEqual((yield* simulator.log).length, before, "nothing was sent upstream")
        yield* Rig.settled(1)
        const own = (yield* ledger.query({ limit: 1000 })).filter((entry) => entry.id === id)
        assert.strictEqual(own.length, 1)
        assert.strictEqual(own[0]?.status, "denied")
      }))
  }

  it.effect("an unknown key gets a 401 of its protocol and leaves no entry", () =>
    Effect.gen(function*() {
      const { ledger, url } = yield* Rig.Rig
      for (const [path, of] of [["/v1/chat/completions", chat], ["/v1/messages", messages]] as const) {
        const { id, json, status } = yield* post(url, { path, body: JSON.stringify(of) }, "wrong")
        assert.strictEqual(status, 401)
        assert.isString(json.error.message)
        assert.isUndefined((yield* ledger.query({ limit: 1000 })).find((entry) => entry.id === id))
      }
    }))

  it.effect("gzip and zstd bodies within the limit are served", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      for (const [encoding, pack] of [["gzip", gzipSync], ["zstd", zstdCompressSync]] as const) {
        const body = new Uint8Array(pack(JSON.stringify(chat)))
        const { json, status } = yield* post(url, { path: "/v1/chat/completions", body, headers: { "content-encoding": encoding } }, "sk-test")
        assert.strictEqual(status, 200, JSON.stringify(json))
      }
    }))

  it.effect("a path nobody serves is a problem document", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const response = yield* Effect.promise(() => fetch(`${url}/v2/nothing`))
      assert.strictEqual(response.status, 404)
      assert.strictEqual(response.headers.get("content-type"), "application/problem+json")
    }))
})
