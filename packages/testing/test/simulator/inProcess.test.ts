import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Stream } from "effect"
import { Layer } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { describe } from "vitest"
import { SimulatedReset, Simulator } from "../../src/Simulator.ts"
import * as SimulatorHttpClient from "../../src/SimulatorHttpClient.ts"
import { ask, request, send } from "./ask.ts"

const lastEntry = Effect.gen(function*() {
  const simulator = yield* Simulator
  const entries = yield* simulator.log
  return entries.at(-1)
})

describe("time in process", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("is the clock's: head, first and delay pass only when it is moved", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(ask("chat", "sim-long;events=3;head=1000;first=500;delay=100", { stream: true }))
        yield* TestClock.adjust(1799)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        const reply = yield* Fiber.join(fiber)
        assert.include(reply.text, "[DONE]")
        const entry = yield* lastEntry
        assert.strictEqual((entry?.endedAt ?? 0) - (entry?.startedAt ?? 0), 1800)
        assert.strictEqual((entry?.headAt ?? 0) - (entry?.startedAt ?? 0), 1000)
      }))
    it.effect("is spent before the head of a buffered answer", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(ask("messages", "sim-slow"))
        yield* TestClock.adjust("1999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
      }))
  })
})

describe("faults in process", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("are typed failures of the head", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ask("chat", "sim-reset-head", { stream: true }))
        assert.deepStrictEqual(error, new SimulatedReset({ kind: "reset", phase: "head" }))
        assert.deepInclude(yield* lastEntry, { ending: "reset" })
      }))
    it.effect("are typed failures of the body after what was sent", () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator
        const { body } = yield* simulator.handle(request("messages", "sim-truncated;cut=1;after=2", { stream: true }))
        const seen: Array<string> = []
        const error = yield* Effect.flip(Stream.runForEach(Stream.decodeText(body), (text) => Effect.sync(() => seen.push(text))))
        assert.deepStrictEqual(error, new SimulatedReset({ kind: "cut", phase: "body" }))
        assert.strictEqual(seen.join("").match(/token\d/g)?.length, 2)
        assert.deepInclude(yield* lastEntry, { ending: "cut" })
      }))
    it.effect("end the body early without a failure when it is truncated", () =>
      Effect.gen(function*() {
        const reply = yield* ask("chat", "sim-truncated", { stream: true })
        assert.notInclude(reply.text, "[DONE]")
        assert.deepInclude(yield* lastEntry, { ending: "truncated" })
      }))
    it.effect("leave a stalled reader waiting until it is interrupted, and log that it left", () =>
      Effect.gen(function*() {
        for (const scenario of ["stall", "stall;after=2", "stall-head"]) {
          const simulator = yield* Simulator
          const fiber = yield* Effect.forkChild(ask("chat", `sim-${scenario}`, { stream: true }))
          yield* TestClock.adjust("1 hour")
          assert.isUndefined(fiber.pollUnsafe())
          assert.strictEqual(yield* simulator.open, 1)
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(yield* simulator.open, 0)
          assert.deepInclude(yield* lastEntry, { ending: "client-closed" })
        }
      }))
    it.effect("log a reader that takes only some of the body as gone", () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator
        const { body } = yield* simulator.handle(request("chat", "sim-long", { stream: true }))
        yield* Stream.runDrain(Stream.take(body, 3))
        const entry = yield* lastEntry
        assert.deepInclude(entry, { ending: "client-closed" })
        assert.isBelow(entry?.eventsSent ?? 999, 200)
      }))
    it.effect("log a whole answer as completed", () =>
      Effect.gen(function*() {
        yield* ask("chat", "sim-text")
        assert.deepInclude(yield* lastEntry, { ending: "completed", status: 200 })
      }))
  })
})

describe("other operations", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("lists models in each protocol's form", () =>
      Effect.gen(function*() {
        const list = { method: "GET", path: "/v1/models", query: "", body: "" }
        const chat = JSON.parse((yield* send({ ...list, headers: { authorization: "Bearer k" } })).text)
        const messages = JSON.parse((yield* send({ ...list, headers: { "x-api-key": "k", "anthropic-version": "2023-06-01" } })).text)
        assert.deepInclude(chat, { object: "list" })
        assert.deepInclude(messages, { has_more: false, first_id: "sim-auto" })
        assert.deepStrictEqual(chat.data.map((model: { id: string }) => model.id), messages.data.map((model: { id: string }) => model.id))
      }))
    it.effect("counts tokens as generation does", () =>
      Effect.gen(function*() {
        const body = { messages: [{ role: "user", content: "x".repeat(100) }] }
        const count = yield* send({ ...request("messages", "claude", { body: { ...body, max_tokens: undefined } }), path: "/v1/messages/count_tokens" })
        const answer = yield* ask("messages", "sim-text", { body })
        assert.deepStrictEqual(JSON.parse(count.text), { input_tokens: 25 })
        assert.strictEqual(JSON.parse(answer.text).usage.input_tokens, 25)
      }))
    it.effect("fail there too when the scenario has no script", () =>
      Effect.gen(function*() {
        const reply = yield* send({
          method: "GET",
          path: "/v1/models",
          query: "",
          body: "",
          headers: { authorization: "Bearer k", "x-sim": "error;status=503" }
        })
        assert.strictEqual(reply.status, 503)
      }))
    it.effect("answers chat completions without /v1 too", () =>
      Effect.gen(function*() {
        const reply = yield* send({ ...request("chat", "sim-text"), path: "/chat/completions" })
        assert.strictEqual(reply.status, 200)
      }))
  })
})

const HttpLayer = SimulatorHttpClient.layer.pipe(Layer.provideMerge(Simulator.layer))

describe("the HttpClient of the simulator", () => {
  it.layer(HttpLayer)((it) => {
    const post = (model: string) => {
      const incoming = request("chat", model, { stream: true })
      return HttpClientRequest.post(`https://api.example.com${incoming.path}`).pipe(
        HttpClientRequest.setHeaders(incoming.headers),
        HttpClientRequest.bodyText(incoming.body, "application/json")
      )
    }
    it.effect("streams an answer", () =>
      Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        const response = yield* client.execute(post("sim-text"))
        const text = yield* Stream.mkString(Stream.decodeText(response.stream))
        assert.strictEqual(response.status, 200)
        assert.include(text, "[DONE]")
        assert.deepInclude(yield* lastEntry, { ending: "completed", path: "/v1/chat/completions" })
      }))
    it.effect("fails where a socket would break", () =>
      Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        const head = yield* Effect.flip(client.execute(post("sim-reset-head")))
        assert.strictEqual(head.reason._tag, "TransportError")
        const response = yield* client.execute(post("sim-reset"))
        const body = yield* Effect.exit(Stream.runDrain(response.stream))
        assert.isTrue(Exit.isFailure(body))
      }))
  })
})
