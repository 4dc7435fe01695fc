/** Redaction over real sockets: what a provider of every protocol is sent, and what its client gets back, streamed and whole. */
import { assert, layer } from "@effect/vitest"
import * as Redact from "@sluice/gateway/interceptors/Redact"
import { Effect, Layer } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import { ask, type Client, clients, upstream } from "./Asking.ts"

const address = "jane.doe@mail.example.com"
const card = "4111 1111 1111 1111"
const text = `My address is ${address}, my card ${card}. Write to ${address} soon.`

const protocols = Object.keys(clients).filter((name): name is Client => name in clients)
const pairs = protocols.flatMap((client) => protocols.map((provider) => [client, provider] as const))
const modes = [false, true] as const

layer(Rig.layer({ parts: Layer.orDie(Redact.layer()) }), { excludeTestServices: true })("masks for good", (it) => {
  for (const [client, provider] of pairs) {
    it.effect(`keep what they hide from ${provider} when a client of ${client} says it`, () =>
      Effect.gen(function*() {
        const model = `${provider}/${client}-to-${provider}`
        for (const stream of modes) {
          const answer = yield* ask({ client, model, text, stream })
          assert.strictEqual(answer.said, "You said: My address is [email], my card [card]. Write to [email] soon.")
        }
        const seen = yield* upstream(`${client}-to-${provider}`)
        assert.strictEqual(seen.length, 2)
        for (const request of seen) {
          assert.notInclude(request.text, address)
          assert.notInclude(request.text, card)
        }
      }))
  }

  it.effect("are told as losses, in the head and in the ledger, without what they hide", () =>
    Effect.gen(function*() {
      const before = (yield* Rig.settled(0)).length
      const answer = yield* ask({ model: "openai/told", text })
      assert.strictEqual(answer.headers.get("x-sluice-losses"), "/messages/0;approximated")
      const [entry] = yield* Rig.settled(before + 1)
      assert.deepStrictEqual(entry?.losses, ["/messages/0;approximated"])
    }))

  it.effect("leave a request alone in which nothing is found: it is passed on as it came", () =>
    Effect.gen(function*() {
      const before = (yield* Rig.settled(0)).length
      yield* ask({ model: "openai/alone", text: "Hello there" })
      const [entry] = yield* Rig.settled(before + 1)
      assert.strictEqual(entry?.lane, "bytes")
    }))

  it.effect("stand in results of tools and in arguments of calls too", () =>
    Effect.gen(function*() {
      yield* ask({
        model: "anthropic/tools",
        request: {
          turns: [
            { role: "user", parts: [{ type: "text", text: "Pay." }] },
            {
              role: "assistant",
              parts: [{ type: "tool-call", kind: "function", id: "call_1", name: "pay", arguments: JSON.stringify({ to: address, card: 4111111111111111 }) }]
            },
            { role: "tool", parts: [{ type: "tool-result", kind: "function", id: "call_1", parts: [{ type: "text", text: `Sent to ${address}` }] }] }
          ]
        }
      })
      const [seen] = yield* upstream("tools")
      assert.notInclude(seen?.text, address)
      assert.notInclude(seen?.text, "4111111111111111")
      assert.include(seen?.text, "\"card\":0")
    }))
})

layer(Rig.layer({ parts: Layer.orDie(Redact.layer({ kinds: ["email"], own: [{ name: "ticket", pattern: "TCK-\\d+" }], isReversible: true })) }), {
  excludeTestServices: true
})("masks that are put back", (it) => {
  for (const [client, provider] of pairs) {
    it.effect(`hide the values from ${provider} and give them back to a client of ${client}, streamed and whole`, () =>
      Effect.gen(function*() {
        const model = `${provider}/${client}-to-${provider}`
        for (const stream of modes) {
          const answer = yield* ask({ client, model, text: `Case TCK-42 of ${address}`, stream })
          assert.strictEqual(answer.said, `You said: Case TCK-42 of ${address}`)
        }
        for (const request of yield* upstream(`${client}-to-${provider}`)) {
          assert.match(request.text, /Case \[ticket:[a-z2-7]{8}\] of \[email:[a-z2-7]{8}\]/)
        }
      }))
  }

  it.effect("give a value the same token in every turn, and another one to another key", () =>
    Effect.gen(function*() {
      yield* ask({ model: "openai/same", text: address })
      yield* ask({ model: "openai/same", text: `Again: ${address}` })
      const tokens = (yield* upstream("same")).map(({ text }) => /\[email:[a-z2-7]{8}\]/.exec(text)?.[0])
      assert.strictEqual(tokens[0], tokens[1])
    }))

  it.effect("leave alone what only looks like a token", () =>
    Effect.gen(function*() {
      const answer = yield* ask({ model: "openai/like", text: "[email:aaaaaaaa] and [ticket:", stream: true })
      assert.strictEqual(answer.said, "You said: [email:aaaaaaaa] and [ticket:")
    }))
})
