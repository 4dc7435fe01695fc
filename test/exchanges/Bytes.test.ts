/** What passes unchanged between a client and a provider of one protocol, and what is told when it does not. */
import { assert, layer } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { CountedLoss } from "@sluice/protocol/Loss"
import { Effect, Schedule } from "effect"
import * as RawClient from "../end-to-end/RawClient.ts"
import { answer, chunk, closed, ended, event, opened, said, spoken } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const foreign = event({ type: "moon_phase", phase: "full" })
const relayed = [
  ": hello\r\n\r\n",
  "event: message_start\r\ndata:{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\r\n\r\n",
  event({ type: "ping" }),
  opened[1] ?? "",
  spoken("Hel"),
  foreign,
  spoken("lo"),
  ...closed
]

const awkward = [
  "\uFEFF",
  ": comment\r\r",
  `data:${chunkData("one ")}\r\r`,
  `event: x\rdata: ${chunkData("zwölf 😀 ")}\r\r`,
  ...split(chunkData("three")),
  ...ended.slice(0, 2),
  "data: [DONE]"
]

const answers: { readonly [model: string]: Verbatim.Answer } = {
  "real-name": { headers: { "content-type": "application/json" }, body: [answer("Hello")] },
  "relayed": { body: relayed },
  "busy": {
    status: 429,
    headers: { "content-type": "application/json", "retry-after": "17" },
    body: [JSON.stringify({ type: "error", error: { type: "rate_limit_error", message: "Slow down, please." } })]
  },
  "awkward-openai": { body: awkward },
  "awkward-anthropic": { body: awkward },
  "thinks-aloud": { body: [said("<thi"), said("nk>hm</th"), said("ink>yes"), ...ended] },
  "called": {
    headers: { "content-type": "application/json" },
    body: [
      "{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{\"id\":1234567890123456789}}],\"stop_reason\":\"tool_use\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":7,\"output_tokens\":3}}"
    ]
  },
  "slow": { body: [said("first ")], ending: "held" }
}

/** The payload of a chunk. */
function chunkData(text: string): string {
  return chunk({ content: text }).slice("data: ".length).trimEnd()
}

/** One event whose payload comes as several lines. */
function split(data: string): ReadonlyArray<string> {
  const at = data.indexOf(",") + 1
  return [`data: ${data.slice(0, at)}\n`, `data: ${data.slice(at)}\n\n`]
}

const models = [{ id: "fast", targets: [{ provider: ProviderId.make("openai"), model: "real-name" }] }]

layer(Verbatim.layer({ answers, models }), { excludeTestServices: true })("between two ends of one protocol", (it) => {
  it.effect("an alias is replaced in the request and every other byte stays, and the answer's model is the provider's own", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* Verbatim.Verbatim
      const body = (model: string): string =>
        `{ "temperature":1.0,"model" : ${
          JSON.stringify(model)
        }, "messages":[{"role":"user","content":"caf\\u00e9","x":null}],"seed":9007199254740993, "odd\\/key":[ 1e2 ] }`
      const { status, text } = yield* Verbatim.send(`${url}/v1/chat/completions`, body("fast"))
      assert.deepStrictEqual([status, text], [200, answer("Hello")])
      assert.deepStrictEqual(asked("real-name").map((one) => one.body), [body("real-name")])
    }))

  it.effect("a stream is forwarded event for event, those that nobody knows and signs of life too", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("anthropic", "anthropic/relayed", { stream: true })
      // A comment that stands alone is no event: the gateway has its own signs of life
      assert.strictEqual(text, relayed.slice(1).join(""))
      assert.deepInclude(yield* Verbatim.entryOf("anthropic/relayed"), { outcome: "Completed", lane: "bytes", usage: { input: 7, output: 3 } })
    }))

  it.effect("a refusal keeps the provider's message and how long to wait", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* Verbatim.ask("anthropic", "anthropic/busy")
      assert.deepStrictEqual([status, headers.get("retry-after")], [429, "17"])
      assert.deepInclude(JSON.parse(text), { type: "error", error: { type: "rate_limit_error", message: "Slow down, please." } })
    }))

  it.effect("the first words reach the client while the provider still writes", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* Verbatim.Verbatim
      for (const client of ["openai", "anthropic"] as const) {
        const path = client === "openai" ? "/v1/chat/completions" : "/v1/messages"
        const body = { model: "openai/slow", stream: true, max_tokens: 10, messages: [{ role: "user", content: "Hello" }] }
        const waiting = yield* RawClient.send(url, path, body)
        yield* waiting.until((text) => text.includes("first "))
        assert.isFalse(asked("slow").at(-1)?.isAborted)
        yield* waiting.leave("FIN")
      }
    }))
})

/** What answers lost on their way to the client, by model. */
const lost = new Map<string, ReadonlyArray<CountedLoss>>()
const watching = Extension.layer({
  id: "watching",
  finish: ({ responseLosses }, { model }) => Effect.sync(() => void lost.set(model, responseLosses))
})

/** Waits until an exchange has been told to extensions. */
const lossesOf = (model: string) =>
  Effect.suspend(() => {
    const found = lost.get(model)
    return found === undefined ? Effect.fail("pending" as const) : Effect.succeed(found)
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }), Effect.orDie)

layer(Verbatim.layer({ answers }), { excludeTestServices: true })("a number that JavaScript rounds", (it) => {
  const id = "1234567890123456789"
  const history =
    `[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"id\\":${id}}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}]`
  const body = (model: string): string =>
    `{"model":"${model}","max_tokens":100,"messages":${history},"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"id":{"type":"integer","maximum":${id}}}}}}]}`

  it.effect("keeps its digits in the arguments of calls, both ways, and is a reported loss where it stands elsewhere in a translated request", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* Verbatim.Verbatim
      const { headers, text } = yield* Verbatim.send(`${url}/v1/chat/completions`, body("anthropic/called"))
      const sent = asked("called").at(-1)?.body ?? ""
      assert.include(sent, `"input":{"id":${id}}`)
      assert.include(sent, `"maximum":1234567890123456800`)
      assert.strictEqual(headers.get("x-sluice-losses"), "/tools/0/function/parameters/properties/id/maximum;approximated")
      assert.strictEqual(JSON.parse(text).choices[0].message.tool_calls[0].function.arguments, `{"id":${id}}`)
    }))

  it.effect("keeps its digits everywhere where the client's bytes are forwarded", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* Verbatim.Verbatim
      const { headers } = yield* Verbatim.send(`${url}/v1/chat/completions`, body("openai/real-name"))
      assert.strictEqual(asked("real-name").at(-1)?.body, body("real-name"))
      assert.isNull(headers.get("x-sluice-losses"))
    }))
})

layer(Verbatim.layer({ answers, parts: watching }), { excludeTestServices: true })("a stream for another protocol", (it) => {
  it.effect("leaves events that nobody knows out, and counts them", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("openai", "anthropic/relayed", { stream: true })
      const lines = text.split("\n").filter((line) => line.startsWith("data: {"))
      assert.strictEqual(lines.map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? "").join(""), "Hello")
      assert.notInclude(text, "moon")
      assert.deepStrictEqual(yield* lossesOf("anthropic/relayed"), [{ path: "/foreignEvents", reason: "dropped", count: 1 }])
      assert.deepInclude(yield* Verbatim.entryOf("anthropic/relayed"), { outcome: "Completed", usage: { input: 7, output: 3 } })
    }))

  for (const client of ["openai", "anthropic"] as const) {
    it.effect(`is read in every form the standard knows, its last event without an empty line too, for a client of ${client}`, () =>
      Effect.gen(function*() {
        const { text } = yield* Verbatim.ask(client, `openai/awkward-${client}`, { stream: true })
        const said = text.split(/\r\n|\r|\n/).filter((line) => /^data: ?\{/.test(line)).map((line) => /"(?:content|text)":"([^"]*)"/.exec(line)?.[1] ?? "")
          .join("")
        assert.include(said, "one zwölf 😀 ")
        assert.match(text, /\[DONE\]|message_stop/)
        assert.deepInclude(yield* Verbatim.entryOf(`openai/awkward-${client}`), { outcome: "Completed" })
      }))
  }

  it.effect("keeps marks of thinking that are cut across its pieces as the text they are", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("anthropic", "openai/thinks-aloud", { stream: true })
      const words = text.split("\n").filter((line) => line.includes("text_delta")).map((line) => JSON.parse(line.slice(6)).delta.text).join("")
      assert.strictEqual(words, "<think>hm</think>yes")
    }))
})
