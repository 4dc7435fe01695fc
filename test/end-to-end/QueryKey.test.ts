/**
 * A key in the address (`?key=`), as old clients of Gemini's protocol send it: taken only where the gateway was told so, refused with
 * a reason elsewhere, and kept nowhere.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer, Tracer } from "effect"
import * as Rig from "./Rig.ts"

const generate = "/v1beta/models/openai/sim-text:generateContent"

const ask = (path: string, headers: Record<string, string> = {}) =>
  Effect.gen(function*() {
    const { url } = yield* Rig.Rig
    return yield* Effect.promise(async () => {
      const body = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hello" }] }] })
      const answer = await fetch(`${url}${path}`, {
        method: path.startsWith(generate) ? "POST" : "GET",
        headers: { "content-type": "application/json", ...headers },
        ...(path.startsWith(generate) ? { body } : {})
      })
      return { status: answer.status, text: await answer.text() }
    })
  })

/** The attributes of every span that ended. */
const traced = () => {
  const spans: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const { attributes } = span
      spans.push(span.name)
      span.attribute = (key, value) => {
        attributes.set(key, value)
        spans.push(`${key} ${String(value)}`)
      }
      return span
    }
  })
  return { spans, layer: Layer.succeed(Tracer.Tracer)(tracer) }
}

describe("a gateway that takes keys in the query", () => {
  const trace = traced()
  layer(Rig.layer({ settings: { queryKey: true } }).pipe(Layer.provide(trace.layer)), { excludeTestServices: true })((it) => {
    it.effect("lets the right one in, for answers and for lists", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask(`${generate}?key=sk-test`)).status, 200)
        assert.strictEqual((yield* ask("/v1beta/models?key=sk-test&pageSize=5")).status, 200)
        const wrong = yield* ask(`${generate}?key=sk-wrong`)
        assert.strictEqual(wrong.status, 401)
        assert.include(wrong.text, "not known here")
      }))

    it.effect("goes by the header where there is one too", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask(`${generate}?key=sk-test`, { "x-goog-api-key": "sk-wrong" })).status, 401)
        assert.strictEqual((yield* ask(`${generate}?key=sk-wrong`, { "x-goog-api-key": "sk-test" })).status, 200)
      }))

    it.effect("takes none for a protocol that knows of no such thing", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask("/v1/models?key=sk-test")).status, 401)
      }))

    it.effect("keeps it neither in the ledger, nor in a span, nor upstream", () =>
      Effect.gen(function*() {
        const { simulator } = yield* Rig.Rig
        yield* ask(`${generate}?key=sk-test`)
        const entries = yield* Rig.settled(1)
        assert.notInclude(JSON.stringify(entries), "sk-test")
        assert.notInclude(JSON.stringify(yield* simulator.log), "sk-test")
        assert.isTrue(trace.spans.some((line) => line.includes("/v1beta/models/openai")))
        assert.notInclude(trace.spans.join("\n"), "sk-test")
      }))
  })
})

describe("a gateway that was not told to", () => {
  const trace = traced()
  layer(Rig.layer().pipe(Layer.provide(trace.layer)), { excludeTestServices: true })((it) => {
    it.effect("refuses a key in the query and says where it belongs", () =>
      Effect.gen(function*() {
        const { status, text } = yield* ask(`${generate}?key=sk-test`)
        assert.strictEqual(status, 401)
        assert.match(JSON.parse(text).error.message, /in the address \(\?key=\).*x-goog-api-key: KEY.*auth\.queryKey: true/)
        assert.strictEqual((yield* ask("/v1beta/models?key=sk-test")).status, 401)
        assert.notInclude(text + trace.spans.join("\n"), "sk-test")
      }))

    it.effect("lets in who sends the header, whatever the query says", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask(`${generate}?key=sk-wrong`, { "x-goog-api-key": "sk-test" })).status, 200)
      }))
  })
})
