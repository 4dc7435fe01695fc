/**
 * Conversations with thinking and tools whose client cannot carry the provider's proofs of thinking: the provider gets its own
 * proofs back in the next exchange, and nobody else does.
 */
import { assert, layer } from "@effect/vitest"
import * as Continuity from "@sluice/gateway/Continuity"
import { DialectId, isObject, type Json } from "@sluice/protocol/Wire"
import { Effect, Layer, Redacted } from "effect"
import * as Clients from "./Clients.ts"
import * as Rig from "./Rig.ts"

type Upstream = "anthropic" | "gemini" | "responses"

const model = (upstream: Upstream, scenario = "sim-reasoning;tools=1"): string => `${upstream}/${upstream === "gemini" ? "gemini-3-pro/" : ""}${scenario}`

const bypass = "skip_thought_signature_validator"

/** Every value of a key, wherever it stands. */
const valuesOf = (value: unknown, key: string): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap((inner) => valuesOf(inner, key))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => name === key && typeof inner === "string" ? [inner] : valuesOf(inner, key))
}

/** The proofs in what a provider was sent. */
const proofs = (upstream: Upstream, body: unknown): ReadonlyArray<string> => {
  const keys = { anthropic: "signature", gemini: "thoughtSignature", responses: "encrypted_content" }
  return valuesOf(body, keys[upstream]).filter((value) => value !== "" && value !== bypass)
}

const first = (client: Clients.Client, upstream: Upstream, text: string) => Clients.question(client, model(upstream), Clients.thinkingWithTool(client), text)

const pairs = (["anthropic", "gemini", "responses"] as const).flatMap((upstream) =>
  Rig.upstreams.flatMap((client) => client === upstream ? [] : [{ client, upstream }])
)

layer(Rig.layer({ keys: [{ key: Redacted.make("sk-other"), principal: { id: "other" } }] }), { excludeTestServices: true })("proofs of thinking", (it) => {
  for (const { client, upstream } of pairs) {
    for (const isStreamed of [false, true]) {
      it.effect(`of ${upstream} come back from a client of ${client}, ${isStreamed ? "streamed" : "whole"}`, () =>
        Effect.gen(function*() {
          const ask = (sent: Clients.Sent) =>
            Effect.map(Clients.send(isStreamed ? Clients.streamed(client, sent) : sent), ({ losses, status, text }) => {
              assert.strictEqual(status, 200, text)
              return { losses, answer: isStreamed ? Clients.folded(client, text) : JSON.parse(text) }
            })
          const question = first(client, upstream, `${client} ${upstream} ${isStreamed}`)
          const called = yield* ask(question)
          assert.lengthOf(Clients.callsOf(client, called.answer), 1)
          assert.lengthOf(proofs(upstream, yield* Clients.received), 0)

          const answered = Clients.next(client, question, called.answer)
          const said = yield* ask(answered)
          const given = proofs(upstream, yield* Clients.received)
          assert.lengthOf(given, 1)
          // Gemini has no use for thoughts without a proof
          assert.strictEqual(/\/(?:messages|input|contents)\/1\b/.test(said.losses), upstream === "gemini", said.losses)

          const more = yield* ask(Clients.next(client, answered, said.answer))
          const again = proofs(upstream, yield* Clients.received)
          assert.strictEqual(again[0], given[0])
          assert.isAtLeast(again.length, 1)
          assert.isNotEmpty(JSON.stringify(more.answer))
        }))
    }

    it.effect(`of ${upstream} do not go to another principal, and what is missing is reported, client of ${client}`, () =>
      Effect.gen(function*() {
        const question = first(client, upstream, `principal ${client} ${upstream}`)
        const answer = JSON.parse((yield* Clients.send(question)).text)
        const answered = Clients.next(client, question, answer)
        const other = yield* Clients.send(answered, "sk-other")
        assert.strictEqual(other.status, 200, other.text)
        assert.lengthOf(proofs(upstream, yield* Clients.received), 0)
        assert.match(other.losses, /(?:reasoning|thinking|content\/0|input\/1|parts\/0)[^,]*;dropped/)
        yield* Clients.send(answered)
        assert.lengthOf(proofs(upstream, yield* Clients.received), 1)
      }))

    it.effect(`of ${upstream} do not go to another conversation, client of ${client}`, () =>
      Effect.gen(function*() {
        const question = first(client, upstream, `mine ${client} ${upstream}`)
        const answer = JSON.parse((yield* Clients.send(question)).text)
        const other = yield* Clients.send(Clients.next(client, first(client, upstream, `yours ${client} ${upstream}`), answer))
        assert.strictEqual(other.status, 200, other.text)
        assert.lengthOf(proofs(upstream, yield* Clients.received), 0)
      }))
  }

  it.effect("are found for a client of Gemini that leaves the ids of calls out", () =>
    Effect.gen(function*() {
      const question = first("gemini", "anthropic", "no ids")
      const answer = JSON.parse((yield* Clients.send(question)).text)
      const { body, path } = Clients.next("gemini", question, answer)
      const withoutIds = JSON.parse(JSON.stringify(body, (key, value) => key === "id" ? undefined : value))
      const { status, text } = yield* Clients.send({ path, body: withoutIds })
      assert.strictEqual(status, 200, text)
      assert.lengthOf(proofs("anthropic", yield* Clients.received), 1)
    }))

  for (const upstream of ["anthropic", "gemini", "responses"] as const) {
    it.effect(`of ${upstream} come back once for parallel calls`, () =>
      Effect.gen(function*() {
        const rest = Clients.thinkingWithTool("openai")
        const [tool] = JSON.parse(JSON.stringify(rest)).tools
        const tools = ["look", "listen"].map((name) => ({ ...tool, function: { ...tool.function, name } }))
        const question = Clients.question("openai", model(upstream, "sim-auto"), { ...rest, tools }, `parallel ${upstream}`)
        const answer = JSON.parse((yield* Clients.send(question)).text)
        assert.lengthOf(Clients.callsOf("openai", answer), 2)
        const { status, text } = yield* Clients.send(Clients.next("openai", question, answer))
        assert.strictEqual(status, 200, text)
        assert.lengthOf(proofs(upstream, yield* Clients.received), 1)
      }))
  }

  it.effect("of thinking that nobody may read come back, too", () =>
    Effect.gen(function*() {
      const question = Clients.question("openai", model("anthropic", "sim-reasoning;redacted=1;tools=1"), Clients.thinkingWithTool("openai"), "redacted")
      const answer = JSON.parse((yield* Clients.send(question)).text)
      const { status, text } = yield* Clients.send(Clients.next("openai", question, answer))
      assert.strictEqual(status, 200, text)
      assert.lengthOf(valuesOf(yield* Clients.received, "data"), 1)
    }))

  it.effect("go nowhere but to the provider they are of", () =>
    Effect.gen(function*() {
      const question = first("openai", "anthropic", "moved")
      const answer = JSON.parse((yield* Clients.send(question)).text)
      const { body, path } = Clients.next("openai", question, answer)
      for (const upstream of ["gemini", "responses"] as const) {
        const { status, text } = yield* Clients.send({ path, body: { ...body, model: model(upstream) } })
        assert.strictEqual(status, 200, text)
        const received: Json = JSON.parse(JSON.stringify(yield* Clients.received))
        for (const other of ["anthropic", "gemini", "responses"] as const) assert.lengthOf(proofs(other, received), 0)
      }
    }))

  it.effect("are not there for thinking of another provider, which is taken out when the conversation goes on at Anthropic", () =>
    Effect.gen(function*() {
      for (const [scenario, isCalled] of [["sim-reasoning", false], ["sim-reasoning;tools=1", true]] as const) {
        const question = Clients.question("anthropic", model("gemini", scenario), Clients.thinkingWithTool("anthropic"), `moved ${scenario}`)
        const { body, path } = Clients.next("anthropic", question, JSON.parse((yield* Clients.send(question)).text))
        const { losses, status, text } = yield* Clients.send({ path, body: { ...body, model: "anthropic/claude-sonnet-4-5/sim-text" } })
        assert.strictEqual(status, 200, text)
        const received = yield* Clients.received
        assert.isTrue(isObject(received))
        assert.notInclude(JSON.stringify(received), "\"type\":\"thinking\"")
        // The answer under way began without proven thinking: with a budget it cannot go on
        assert.strictEqual(isObject(received) && "thinking" in received, !isCalled)
        assert.strictEqual(losses, isCalled ? "/messages/1/content/0;dropped, /thinking;dropped" : "/messages/1/content/0;dropped")
        const [row] = yield* Rig.settled(1)
        assert.strictEqual(row?.lane, "typed")
      }
    }))

  it.effect("are not asked of models of other makers that speak Anthropic's protocol: their thinking goes back to them as it came", () =>
    Effect.gen(function*() {
      const thinking = { type: "thinking", thinking: "hm", signature: "" }
      const messages = [{ role: "user", content: "Hi" }, { role: "assistant", content: [thinking, { type: "text", text: "Hello" }] }, {
        role: "user",
        content: "So"
      }]
      yield* Clients.send({ path: "/v1/messages", body: { model: "anthropic/other/sim-text", max_tokens: 100, messages } })
      const received = yield* Clients.received
      assert.deepStrictEqual(isObject(received) ? received["messages"] : undefined, messages)
    }))

  it.effect("that stand for none go to no other provider, and to Gemini as they are", () =>
    Effect.gen(function*() {
      const contents = [
        { role: "user", parts: [{ text: "Look." }] },
        { role: "model", parts: [{ functionCall: { name: "look", args: { at: "x" } }, thoughtSignature: bypass }] },
        { role: "user", parts: [{ functionResponse: { name: "look", response: { result: "found" } } }] }
      ]
      for (const upstream of Rig.upstreams) {
        const name = `${upstream}/gemini-3-pro/sim-text`
        const { status, text } = yield* Clients.send({
          path: `/v1beta/models/${name}:generateContent`,
          body: { ...Clients.thinkingWithTool("gemini"), contents }
        })
        assert.strictEqual(status, 200, text)
        const body = JSON.stringify(yield* Clients.received)
        assert.strictEqual(body.includes(bypass), upstream === "gemini")
      }
    }))
})

layer(Rig.layer({ continuity: { entries: 0 } }), { excludeTestServices: true })("proofs of thinking where nothing is to be remembered", (it) => {
  it.effect("are lost", () =>
    Effect.gen(function*() {
      const question = first("openai", "anthropic", "forgotten")
      const answer = JSON.parse((yield* Clients.send(question)).text)
      const { losses, status, text } = yield* Clients.send(Clients.next("openai", question, answer))
      assert.strictEqual(status, 200, text)
      assert.lengthOf(proofs("anthropic", yield* Clients.received), 0)
      assert.include(losses, "/reasoning_effort;dropped")
    }))
})

const forged: Continuity.SealedAnswer = {
  thoughts: [{
    part: { type: "reasoning", form: "raw", text: "hm", signature: { by: DialectId.make("anthropic-messages"), value: "forged" } },
    texts: 0,
    calls: 0,
    next: "call"
  }],
  onTexts: [],
  onCalls: [],
  callIds: []
}

const stale = Layer.succeed(Continuity.Continuity)({ remember: () => {}, recall: () => forged, has: () => true })

layer(Rig.layer({ memory: stale }), { excludeTestServices: true })("proofs of thinking that the provider does not take any more", (it) => {
  it.effect("are left away in another try, and the client is answered", () =>
    Effect.gen(function*() {
      const question = first("openai", "anthropic", "stale")
      const answer = JSON.parse((yield* Clients.send(question)).text)
      const { status, text } = yield* Clients.send(Clients.next("openai", question, answer))
      assert.strictEqual(status, 200, text)
      assert.lengthOf(proofs("anthropic", yield* Clients.received), 0)
      const [row] = yield* Rig.settled(2)
      assert.strictEqual(row?.attempts, 2)
    }))

  it.effect("do not hide what is wrong with a request", () =>
    Effect.gen(function*() {
      const question = first("openai", "anthropic", "wrong")
      const answer = JSON.parse((yield* Clients.send(question)).text)
      const { body, path } = Clients.next("openai", question, answer)
      const { status } = yield* Clients.send({ path, body: { ...body, model: "anthropic/sim-error;status=400" } })
      assert.strictEqual(status, 400)
    }))
})
