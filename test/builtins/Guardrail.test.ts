/** Guardrails over real sockets: in every protocol, streamed and whole, nothing of what a rule finds reaches anybody it must not reach. */
import { assert, layer } from "@effect/vitest"
import * as Guardrail from "@sluice/gateway/interceptors/Guardrail"
import { Effect, Layer, Redacted } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import { ask, type Client, clients, upstream } from "./Asking.ts"

const protocols = Object.keys(clients).filter((name): name is Client => name in clients)
const pairs = protocols.flatMap((client) => protocols.map((provider) => [client, provider] as const))
const modes = [false, true] as const

const parts = Guardrail.layer({
  hold: 48,
  rules: [
    { name: "mail", kinds: ["email"], action: "mask", on: ["answer"] },
    { name: "projects", own: [{ name: "code-name", pattern: "project falcon \\d+", ignoreCase: true }], action: "block", on: ["answer"] },
    { name: "cards", kinds: ["card"], action: "block", on: ["request"] },
    { name: "phones", kinds: ["phone"], action: "mask", on: ["request"], when: { principals: ["guarded"] } }
  ]
})

layer(Rig.layer({ parts: Layer.orDie(parts), keys: [{ key: Redacted.make("sk-guarded"), principal: { id: "guarded" } }] }), { excludeTestServices: true })(
  "guardrails",
  (it) => {
    for (const [client, provider] of pairs) {
      it.effect(`mask what ${provider} says before a client of ${client} reads it`, () =>
        Effect.gen(function*() {
          for (const stream of modes) {
            const answer = yield* ask({ client, model: `${provider}/mask`, text: "jane.doe@example.com and bob@example.org, both", stream })
            assert.strictEqual(answer.said, "You said: [email] and [email], both")
            assert.notInclude(answer.raw, "jane")
            assert.notInclude(answer.raw, "example.")
          }
        }))

      it.effect(`end what ${provider} says with an error of ${client}'s own`, () =>
        Effect.gen(function*() {
          const before = (yield* Rig.settled(0)).length
          for (const stream of modes) {
            const answer = yield* ask({
              client,
              model: `${provider}/sim-auto;delay=1;tag=block`,
              text: `${"a word ".repeat(12)}project Falcon 77 is secret`,
              stream
            })
            assert.notInclude(answer.raw, "Falcon")
            assert.include(answer.raw, "The answer was stopped by the rule \\\"projects\\\".")
            if (stream) {
              assert.strictEqual(answer.status, 200)
              assert.strictEqual(answer.response.failure?.message, "The answer was stopped by the rule \"projects\".")
            } else assert.strictEqual(answer.status, 400)
          }
          for (const entry of (yield* Rig.settled(before + 2)).slice(0, 2)) assert.strictEqual(entry.outcome, "Denied(interceptor:guardrail)")
        }))

      it.effect(`refuse a request of ${client} before it goes to ${provider}`, () =>
        Effect.gen(function*() {
          for (const stream of modes) {
            const answer = yield* ask({ client, model: `${provider}/refused-${client}-${provider}`, text: "pay with 4111 1111 1111 1111", stream })
            assert.strictEqual(answer.status, 400)
            assert.include(answer.raw, "The request is not allowed by the rule \\\"cards\\\".")
          }
          assert.deepStrictEqual(yield* upstream(`refused-${client}-${provider}`), [])
        }))
    }

    it.effect("apply to whom they are for", () =>
      Effect.gen(function*() {
        const text = "call +49 170 1234567"
        assert.strictEqual((yield* ask({ model: "openai/for", text })).said, `You said: ${text}`)
        assert.strictEqual((yield* ask({ model: "openai/for", text, apiKey: "sk-guarded" })).said, "You said: call [phone]")
      }))

    it.effect("hide the probabilities of the tokens they hide", () =>
      Effect.gen(function*() {
        const request = { logprobs: { enabled: true } }
        for (const stream of modes) {
          const answer = yield* ask({ model: "openai/sim-auto;logprobs=1", text: "jane.doe@example.com", stream, request })
          assert.notInclude(answer.raw, "jane")
        }
      }))

    it.effect("mask the arguments of a call", () =>
      Effect.gen(function*() {
        const tools = [{
          type: "function" as const,
          name: "mail",
          parameters: { type: "object", properties: { to: { type: "string", enum: ["jane.doe@example.com"] } }, required: ["to"] }
        }]
        for (const client of protocols) {
          for (const stream of modes) {
            const answer = yield* ask({ client, model: "openai/call", stream, request: { tools } })
            const call = answer.response.choices[0]?.parts.find(({ part }) => part.type === "tool-call")?.part
            assert.deepStrictEqual(call?.type === "tool-call" ? JSON.parse(call.arguments) : undefined, { to: "[email]" })
            // Responses repeats the tools of the request, whose schema names her
            if (client !== "responses") assert.notInclude(answer.raw, "jane")
          }
        }
      }))
  }
)
