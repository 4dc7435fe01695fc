import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as http from "node:http"
import { describe } from "vitest"
import { Simulator, SimulatorServer } from "../../src/Simulator.ts"
import { type ProtocolName, protocolNames, request } from "./ask.ts"
import { administer, exchange, leaveAfter } from "./rawClient.ts"

const stream = (protocol: ProtocolName, scenario: string) => request(protocol, `sim-${scenario}`, { stream: true })

/** The newest log entry, once nothing is open any more. Asking again is a round trip, not a pause. */
const lastEntry = Effect.gen(function*() {
  const server = yield* SimulatorServer
  const open = yield* Effect.repeat(Effect.andThen(administer(`${server.url}/__open`), server.open), { until: (count) => count === 0 })
  assert.strictEqual(open, 0)
  const entries = yield* server.log
  return entries.at(-1)
})

const contentEvents = (text: string) => text.match(/"token\d+ "/g)?.length ?? 0

const bodyEnd = "\r\n0\r\n\r\n"

for (const protocol of protocolNames) {
  describe(`${protocol} on a socket`, () => {
    it.layer(Simulator.layerServer())((it) => {
      it.effect("a whole stream ends with the last chunk and is logged as completed", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const reply = yield* exchange(port, stream(protocol, "long;events=20"))
          assert.strictEqual(reply.end, "FIN")
          assert.isTrue(reply.text.startsWith("HTTP/1.1 200 OK\r\n"))
          assert.isTrue(reply.text.endsWith(bodyEnd))
          assert.strictEqual(contentEvents(reply.text), 20)
          const entry = yield* lastEntry
          assert.deepInclude(entry, { status: 200, ending: "completed", scenario: "long", model: "sim-long;events=20" })
          assert.isAtLeast(entry?.eventsSent ?? 0, 21)
          assert.isAtLeast(entry?.endedAt ?? 0, entry?.startedAt ?? Number.POSITIVE_INFINITY)
          assert.strictEqual(entry?.usage?.output, Math.ceil(Array.from({ length: 20 }, (_, n) => `token${n + 1} `).join("").length / 4))
        }))
      for (const after of [0, 1, 3]) {
        it.effect(`reset;after=${after} is ECONNRESET once ${after} events were read`, () =>
          Effect.gen(function*() {
            const { port } = yield* SimulatorServer
            const reply = yield* exchange(port, stream(protocol, `reset;after=${after}`))
            assert.strictEqual(reply.end, "ECONNRESET")
            assert.isTrue(reply.text.startsWith("HTTP/1.1 200 OK\r\n"))
            assert.strictEqual(contentEvents(reply.text), after)
            assert.deepInclude(yield* lastEntry, { ending: "reset", status: 200 })
          }))
      }
      it.effect("reset-head is ECONNRESET without a byte", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          assert.deepStrictEqual(yield* exchange(port, stream(protocol, "reset-head")), { end: "ECONNRESET", text: "" })
          const entry = yield* lastEntry
          assert.deepInclude(entry, { ending: "reset" })
          assert.isUndefined(entry?.status)
        }))
      it.effect("truncated ends the body cleanly but without the protocol's terminator", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const reply = yield* exchange(port, stream(protocol, "truncated;after=5"))
          assert.strictEqual(reply.end, "FIN")
          assert.isTrue(reply.text.endsWith(bodyEnd))
          assert.strictEqual(contentEvents(reply.text), 5)
          assert.notMatch(reply.text, /\[DONE\]|message_stop|finish_reason":"|finishReason|response\.completed/)
          assert.deepInclude(yield* lastEntry, { ending: "truncated" })
        }))
      it.effect("truncated;cut=1 closes the connection without the last chunk", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const reply = yield* exchange(port, stream(protocol, "truncated;after=5;cut=1"))
          assert.strictEqual(reply.end, "FIN")
          assert.isFalse(reply.text.endsWith(bodyEnd))
          assert.strictEqual(contentEvents(reply.text), 5)
          assert.deepInclude(yield* lastEntry, { ending: "cut" })
        }))
      it.effect("late-reset breaks the connection after a whole answer, before the terminator", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const reply = yield* exchange(port, stream(protocol, "late-reset"))
          assert.strictEqual(reply.end, "ECONNRESET")
          assert.match(reply.text, /finish_reason":"stop|stop_reason":"end_turn|event: response\.completed|finishReason":"STOP/)
          assert.notMatch(reply.text, /\[DONE\]|message_stop/)
        }))
      it.effect("pings-only keeps the connection warm without ever saying anything", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const text = yield* leaveAfter(port, stream(protocol, "pings-only;delay=1"), (text) =>
            (text.match(/: keep-alive|event: ping|\r\n1\r\n\n/g)?.length ?? 0) > 5)
          assert.strictEqual(contentEvents(text), 0)
          assert.deepInclude(yield* lastEntry, { ending: "client-closed" })
          yield* leaveAfter(port, request(protocol, "sim-pings-only"), (text) =>
            text.includes("\r\n\r\n"))
          assert.deepInclude(yield* lastEntry, { ending: "client-closed" })
        }))
      it.effect("a buffered cut promises more bytes than it sends", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const reply = yield* exchange(port, request(protocol, "sim-truncated;cut=1"))
          const promised = Number(/content-length: (\d+)/.exec(reply.text)?.[1])
          assert.strictEqual(reply.end, "FIN")
          assert.isBelow(Buffer.byteLength(reply.text.split("\r\n\r\n")[1] ?? ""), promised)
        }))
      it.effect("at=n lets exactly n bytes of the body pass", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          yield* exchange(port, stream(protocol, "truncated;at=1234"))
          assert.deepInclude(yield* lastEntry, { ending: "truncated", bytesSent: 1234 })
          yield* exchange(port, stream(protocol, "reset;at=777;split=100"))
          assert.deepInclude(yield* lastEntry, { ending: "reset", bytesSent: 777 })
        }))
      it.effect("stall sends the head and nothing more, and notices the peer's leaving", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const text = yield* leaveAfter(port, stream(protocol, "stall"), (text) => text.includes("\r\n\r\n"))
          assert.strictEqual(text.split("\r\n\r\n")[1], "")
          assert.deepInclude(yield* lastEntry, { ending: "client-closed", eventsSent: 0 })
        }))
      it.effect("stall;after=4 says four events first", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          yield* leaveAfter(port, stream(protocol, "stall;after=4"), (text) => contentEvents(text) === 4)
          assert.deepInclude(yield* lastEntry, { ending: "client-closed" })
        }))
      it.effect("stall-head never sends a byte, and notices the peer's leaving", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          assert.strictEqual(yield* leaveAfter(port, stream(protocol, "stall-head"), () => true), "")
          const entry = yield* lastEntry
          assert.isUndefined(entry?.status)
        }))
      it.effect("a peer that leaves in the middle of a paced stream stops it", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          yield* leaveAfter(port, stream(protocol, "long;events=100000;delay=1"), (text) => contentEvents(text) >= 2)
          const entry = yield* lastEntry
          assert.deepInclude(entry, { ending: "client-closed" })
          assert.isBelow(entry?.eventsSent ?? Number.POSITIVE_INFINITY, 1000)
        }))
      it.effect("retries succeed after fail=n failures", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const statuses: Array<string> = []
          for (let attempt = 0; attempt < 3; attempt++) {
            const reply = yield* exchange(port, request(protocol, "sim-error;status=503;fail=2"))
            statuses.push(reply.text.slice(9, 12))
          }
          assert.deepStrictEqual(statuses, ["503", "503", "200"])
          const ends: Array<string> = []
          for (let attempt = 0; attempt < 2; attempt++) {
            const reply = yield* exchange(port, stream(protocol, "reset;after=1;fail=1"))
            ends.push(reply.end)
          }
          assert.deepStrictEqual(ends, ["ECONNRESET", "FIN"])
        }))
      it.effect("an interim reply precedes the head", () =>
        Effect.gen(function*() {
          const { port } = yield* SimulatorServer
          const reply = yield* exchange(port, stream(protocol, "informational"))
          assert.match(reply.text, /^HTTP\/1\.1 103 Early Hints\r\n[^]*?\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
        }))
    })
  })
}

describe("back-pressure", () => {
  it.layer(Simulator.layerServer())((it) => {
    it.effect("a reader that does not read stops the writer", () =>
      Effect.gen(function*() {
        const server = yield* SimulatorServer
        const incoming = stream("chat", "long;events=2000000;size=100")
        yield* Effect.callback<void>((resume) => {
          const sent = http.request(`${server.url}${incoming.path}`, { method: "POST", headers: incoming.headers }, (response) => {
            response.pause()
            let before = -1
            // Every answer of the server proves that its loop ran; two equal counts in a row prove that the writer waits
            const look = (): void => {
              http.get(`${server.url}/__log`, (log) => {
                let text = ""
                log.on("data", (part) => text += part)
                log.on("end", () => {
                  const { bytesSent } = JSON.parse(text.trim().split("\n").at(-1) ?? "")
                  if (bytesSent > 0 && bytesSent === before) {
                    sent.destroy()
                    resume(Effect.void)
                    return
                  }
                  before = bytesSent
                  look()
                })
              })
            }
            look()
          })
          sent.on("error", () => undefined)
          sent.end(incoming.body)
        })
        const entry = yield* lastEntry
        assert.deepInclude(entry, { ending: "client-closed" })
        assert.isBelow(entry?.bytesSent ?? Number.POSITIVE_INFINITY, 100_000_000)
      }))
  })
})

describe("administration", () => {
  it.layer(Simulator.layerServer())((it) => {
    it.effect("the log tells another process what was asked, and can be cleared", () =>
      Effect.gen(function*() {
        const { port, url } = yield* SimulatorServer
        yield* exchange(port, { ...stream("messages", "text"), query: "beta=true" })
        const { text } = yield* administer(`${url}/__log`)
        const entry = JSON.parse(text)
        assert.deepInclude(entry, { n: 1, method: "POST", path: "/v1/messages", query: "beta=true", provider: "anthropic-messages", scenario: "text" })
        assert.strictEqual(entry.headers["anthropic-version"], "2023-06-01")
        assert.strictEqual(entry.body.messages[0].content, "Hi there")
        assert.deepStrictEqual(yield* administer(`${url}/__log`, "DELETE"), { status: 204, text: "" })
        assert.deepStrictEqual(yield* administer(`${url}/__log`), { status: 200, text: "" })
      }))
    it.effect("an unknown path is 404 and logged", () =>
      Effect.gen(function*() {
        const { url, log } = yield* SimulatorServer
        const reply = yield* administer(`${url}/v1/responses`)
        assert.strictEqual(reply.status, 404)
        const entries = yield* log
        assert.deepInclude(entries.at(-1), { path: "/v1/responses", provider: "", status: 404 })
      }))
    it.effect("a taken port is a typed error", () =>
      Effect.gen(function*() {
        const { port } = yield* SimulatorServer
        const error = yield* Effect.flip(Effect.scoped(Layer.build(Simulator.layerServer({ port }))))
        assert.strictEqual(error._tag, "SimulatorListenError")
      }))
  })
})

describe("many peers at once", () => {
  it.layer(Simulator.layerServer())((it) => {
    it.effect("three hundred streams end in three hundred completed entries with ids of their own", () =>
      Effect.gen(function*() {
        const server = yield* SimulatorServer
        const replies = yield* Effect.forEach(
          Array.from({ length: 300 }),
          (_, index) => exchange(server.port, stream(index % 2 === 0 ? "chat" : "messages", "long;events=30;delay=1")),
          { concurrency: "unbounded" }
        )
        assert.isTrue(replies.every((reply) => reply.end === "FIN" && contentEvents(reply.text) === 30))
        yield* lastEntry
        const entries = yield* server.log
        assert.strictEqual(entries.filter((entry) => entry.ending === "completed").length, 300)
        assert.strictEqual(new Set(replies.map((reply) => /"id":"(\w+-?\w+)"/.exec(reply.text)?.[1])).size, 300)
      }))
  })
})
