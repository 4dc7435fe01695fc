/** What interceptors of requests, attempts and whole replies may do: their order, the merge of headers, bodies, and replies of their own. */
import { assert, layer } from "@effect/vitest"
import * as Interceptor from "@sluice/gateway/Interceptor"
import * as ShortCircuit from "@sluice/gateway/ShortCircuit"
import { fail } from "@sluice/protocol/GatewayError"
import type { Json } from "@sluice/protocol/Wire"
import { Effect, Layer } from "effect"
import { answer, ended, said } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const json = { "content-type": "application/json" }
const broken: Verbatim.Answer = { status: 500, headers: json, body: [JSON.stringify({ error: { message: "Boom." } })] }

const answers: { readonly [model: string]: Verbatim.Answer } = {
  whole: { headers: { ...json, "x-ratelimit-limit-requests": "7" }, body: [answer("Hello")] },
  stream: { body: [said("Hello"), ...ended] },
  "": { headers: json, body: [answer("to nothing")] },
  other: { headers: json, body: [answer("to another body")] },
  broken,
  refused: { status: 400, headers: json, body: [JSON.stringify({ error: { message: "No.", type: "invalid_request_error" } })] }
}

let told: Array<string> = []
const tell = (line: string) => Effect.sync(() => void told.push(line))

/** Only for the requests of a test, which says its name as the user. */
const only = (name: string, user: unknown): boolean => user === name

/** The one who asks says in its metadata which test it is of. */
const testOf = (request: { readonly user?: string | undefined }): string | undefined => request.user

const noting = (id: string, more: Partial<Interceptor.Interceptor>) =>
  Interceptor.layer({
    id,
    request: (request) => testOf(request) === "order" ? Effect.as(tell(`${id} request`), request) : Effect.succeed(request),
    attempt: (request, { attempt, provider, upstreamModel }) =>
      testOf(request) === "order" || testOf(request) === "retried"
        ? Effect.as(tell(`${id} attempt ${attempt} at ${provider} as ${upstreamModel}`), request)
        : Effect.succeed(request),
    ...more
  })

const parts = Layer.mergeAll(
  noting("b", {}),
  noting("a", {}),
  noting("late", { phase: "late", priority: 100 }),
  noting("early", { phase: "early" }),
  noting("high", { priority: 10 }),
  Interceptor.layer({
    id: "headers",
    attempt: (request) =>
      Effect.succeed(
        only("headers", testOf(request))
          ? Interceptor.change({
            headers: {
              clear: ["User-Agent", "content-type"],
              set: { "X-Team": "blue", "content-type": "application/json; v=2", authorization: "stolen", "transfer-encoding": "x", host: "evil" }
            }
          })
          : request
      )
  }),
  Interceptor.layer({
    id: "headers-later",
    priority: -1,
    attempt: (request) =>
      Effect.succeed(only("headers", testOf(request)) ? Interceptor.change({ headers: { set: { "x-team": "red", "x-more": "1" } } }) : request)
  }),
  Interceptor.layer({
    id: "bodies",
    attempt: (request) =>
      Effect.succeed(
        only("emptied", testOf(request))
          ? Interceptor.change({ body: "" })
          : only("replaced", testOf(request))
          ? Interceptor.change({ body: new TextEncoder().encode(JSON.stringify({ model: "other", raw: true })) })
          : request
      )
  }),
  Interceptor.layer({
    id: "stops",
    request: (request) => {
      switch (testOf(request)) {
        case "stop":
          return ShortCircuit.reply({ status: 418, headers: { "x-why": "tea", "content-length": "99999" }, body: "short and stout" })
        case "stop-json":
          return ShortCircuit.reply({ status: 451, body: { reason: "law" } })
        case "stop-strange":
          return ShortCircuit.reply({ status: 42 })
        case "answers":
          return ShortCircuit.text("From the house.", { model: "house" })
        case "refuses":
          return fail({ class: "content-filter", message: "Not that word." })
        default:
          return Effect.succeed(request)
      }
    },
    attempt: (request, { attempt }) =>
      only("stop-second", testOf(request)) && attempt === 2 ? ShortCircuit.reply({ status: 503, body: "enough" }) : Effect.succeed(request)
  }),
  Interceptor.layer({
    id: "replies",
    response: ({ body, failure, headers, status }, { header, model }) => {
      switch (header("x-test")) {
        case "reply":
          return Effect.succeed({
            status: failure === undefined ? 203 : 599,
            headers: {
              clear: ["X-RateLimit-Limit-Requests"],
              set: { "x-seen": `${status} ${failure?.class ?? "answer"} ${headers["content-type"]} ${model}` }
            },
            body: `<<${new TextDecoder().decode(body).length > 0 ? "full" : "empty"}>>`
          })
        case "reply-emptied":
          return Effect.succeed({ body: "" })
        case "reply-refused":
          return failure === undefined
            ? fail({ class: "content-filter", message: "Not that answer." })
            : Effect.succeed({ headers: { set: { "x-second": "yes" } } })
        case "reply-own":
          return ShortCircuit.reply({ status: 404, body: "nothing here" })
        default:
          return Effect.succeed(undefined)
      }
    }
  })
)

const ask = (test: string, model: string, more: { readonly [key: string]: Json } = {}) =>
  Effect.gen(function*() {
    const { url } = yield* Verbatim.Verbatim
    const body = { model, user: test, messages: [{ role: "user", content: "Hello" }], ...more }
    return yield* Verbatim.send(`${url}/v1/chat/completions`, JSON.stringify(body), { "x-test": test })
  })

layer(Verbatim.layer({ answers, parts, retries: 1 }), { excludeTestServices: true })("interceptors", (it) => {
  it.effect("run by phase, priority and id, requests before attempts", () =>
    Effect.gen(function*() {
      told = []
      yield* ask("order", "openai/whole")
      const order = ["early", "high", "a", "b", "late"]
      assert.deepStrictEqual(told, [...order.map((id) => `${id} request`), ...order.map((id) => `${id} attempt 1 at openai as whole`)])
    }))

  it.effect("are told the number of every attempt", () =>
    Effect.gen(function*() {
      told = []
      yield* ask("retried", "openai/broken")
      assert.deepStrictEqual(told.filter((line) => line.startsWith("early")), ["early attempt 1 at openai as broken", "early attempt 2 at openai as broken"])
    }))

  it.effect("clear headers first, replace named ones and keep the rest, but never the credential or HTTP's own", () =>
    Effect.gen(function*() {
      yield* ask("headers", "openai/whole")
      const { asked } = yield* Verbatim.Verbatim
      const headers: Verbatim.Asked["headers"] = asked("whole").at(-1)?.headers ?? {}
      assert.notProperty(headers, "user-agent")
      assert.deepInclude(headers, { "content-type": "application/json; v=2", "x-team": "red", "x-more": "1", accept: "application/json" })
      assert.match(String(headers["authorization"]), /^Bearer (?!stolen)/)
      assert.match(String(headers["host"]), /^127\.0\.0\.1/)
    }))

  it.effect("may send an empty body, or another one", () =>
    Effect.gen(function*() {
      const { asked } = yield* Verbatim.Verbatim
      assert.include((yield* ask("emptied", "openai/whole")).text, "to nothing")
      assert.strictEqual(asked("").at(-1)?.body, "")
      assert.include((yield* ask("replaced", "openai/whole")).text, "to another body")
      assert.strictEqual(asked("other").at(-1)?.body, `{"model":"other","raw":true}`)
    }))

  for (const stream of [false, true]) {
    it.effect(`end an exchange with status, headers and body of their own, for a ${stream ? "stream" : "body"}`, () =>
      Effect.gen(function*() {
        const { asked } = yield* Verbatim.Verbatim
        const before = asked("whole").length
        const reply = yield* ask("stop", "openai/whole", { stream })
        assert.strictEqual(reply.status, 418)
        assert.strictEqual(reply.headers.get("x-why"), "tea")
        assert.strictEqual(reply.headers.get("content-type"), "text/plain; charset=utf-8")
        assert.strictEqual(reply.text, "short and stout")
        assert.isNotNull(reply.headers.get("x-request-id"))
        const entry = (yield* Verbatim.entriesOf("openai/whole"))[0]
        assert.deepInclude(entry, { outcome: "Denied(interceptor:stops)", status: "denied", usage: {}, attempts: 0 })
        assert.strictEqual(asked("whole").length, before)
      }))
  }

  it.effect("end it with JSON, and a status that is none is 403", () =>
    Effect.gen(function*() {
      const lawful = yield* ask("stop-json", "openai/whole")
      assert.deepStrictEqual([lawful.status, JSON.parse(lawful.text)], [451, { reason: "law" }])
      const strange = yield* ask("stop-strange", "openai/whole")
      assert.deepStrictEqual([strange.status, strange.text], [403, ""])
    }))

  it.effect("refuse in the client's own dialect", () =>
    Effect.gen(function*() {
      const { status, text } = yield* ask("refuses", "openai/whole")
      assert.strictEqual(status, 400)
      assert.strictEqual(JSON.parse(text).error.message, "Not that word.")
      assert.strictEqual((yield* Verbatim.entriesOf("openai/whole"))[0]?.outcome, "Denied(interceptor:stops)")
    }))

  it.effect("stop a later attempt, and what was tried before stands in the record", () =>
    Effect.gen(function*() {
      const { status, text } = yield* ask("stop-second", "openai/broken")
      assert.deepStrictEqual([status, text], [503, "enough"])
      assert.deepInclude((yield* Verbatim.entriesOf("openai/broken"))[0], { outcome: "Denied(interceptor:stops)", attempts: 1 })
    }))

  it.effect("answer by themselves in the client's dialect, streamed or whole", () =>
    Effect.gen(function*() {
      const whole = yield* ask("answers", "openai/whole")
      assert.strictEqual(JSON.parse(whole.text).choices[0].message.content, "From the house.")
      const streamed = yield* ask("answers", "openai/whole", { stream: true })
      assert.strictEqual(streamed.headers.get("content-type"), "text/event-stream")
      assert.include(streamed.text, "From the house.")
      assert.match(streamed.text, /data: \[DONE\]\n\n$/)
      const [first, second] = yield* Verbatim.entriesOf("openai/whole")
      for (const entry of [first, second]) assert.deepInclude(entry, { outcome: "Cached(interceptor:stops)", status: "cached", usage: {} })
    }))

  it.effect("change whole answers: status, headers and body", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* ask("reply", "openai/whole")
      assert.deepStrictEqual([status, text], [203, "<<full>>"])
      assert.strictEqual(headers.get("x-seen"), "200 answer application/json openai/whole")
      assert.isNull(headers.get("x-ratelimit-limit-requests"))
      assert.strictEqual((yield* ask("none", "openai/whole")).headers.get("x-ratelimit-limit-requests"), "7")
      assert.strictEqual((yield* ask("reply-emptied", "openai/whole")).text, "")
    }))

  it.effect("change error replies too, of providers and of the gateway, also where a stream was asked for", () =>
    Effect.gen(function*() {
      for (const [model, seen] of [["openai/refused", "400 bad-request"], ["nobody/knows", "404 model-not-found"]] as const) {
        for (const stream of [false, true]) {
          const { headers, status, text } = yield* ask("reply", model, { stream })
          assert.deepStrictEqual([status, text], [599, "<<full>>"])
          assert.strictEqual(headers.get("x-seen"), `${seen} application/json ${model}`)
        }
      }
    }))

  it.effect("refuse a whole answer, which is paid for all the same, and see the refusal as a reply", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* ask("reply-refused", "openai/whole")
      assert.strictEqual(status, 400)
      assert.strictEqual(JSON.parse(text).error.message, "Not that answer.")
      assert.strictEqual(headers.get("x-second"), "yes")
      assert.deepInclude((yield* Verbatim.entriesOf("openai/whole"))[0], { outcome: "Denied(interceptor:replies)", usage: { input: 7, output: 3 } })
      const own = yield* ask("reply-own", "openai/whole")
      assert.deepStrictEqual([own.status, own.text], [404, "nothing here"])
    }))

  it.effect("leave the byte lane alone where they change nothing", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("none", "openai/stream", { stream: true, stream_options: { include_usage: true } })
      assert.strictEqual(text, [said("Hello"), ...ended].join(""))
      assert.deepInclude((yield* Verbatim.entriesOf("openai/stream"))[0], { lane: "bytes", outcome: "Completed" })
    }))
})
