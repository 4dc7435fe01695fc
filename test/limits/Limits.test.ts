/** Limits as clients meet them: what passes, what is refused with which words, and what they are told of what is left. */
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, layer } from "@effect/vitest"
import type { ApiKey } from "@sluice/gateway/ApiKeys"
import * as LimitRules from "@sluice/gateway/LimitRules"
import * as Limits from "@sluice/gateway/Limits"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import type { Principal } from "@sluice/gateway/Principal"
import * as Money from "@sluice/protocol/Money"
import { Effect, Layer, Redacted } from "effect"
import OpenAI from "openai"
import * as Clients from "../end-to-end/Clients.ts"
import * as Rig from "../end-to-end/Rig.ts"
import * as Contest from "./Contest.ts"
import * as Prices from "./Prices.ts"

const usd = (dollars: number) => Money.fromNanos(BigInt(dollars) * 1_000_000_000n)

/** A key whose secret is its id. */
const key = (id: string, limits: LimitRules.LimitRules, more: Partial<Principal> = {}): ApiKey => ({
  key: Redacted.make(`sk-${id}`),
  principal: { id, limits, ...more }
})

const requests = (limit: number) => LimitRules.perMinute("requests", limit)
const tokens = (limit: number) => LimitRules.perMinute("tokens", limit)

const keys = [
  key("two", { rates: [requests(2)] }),
  key("anthropic-two", { rates: [requests(2), tokens(200_000)] }),
  key("small", { rates: [tokens(50)] }),
  key("roomy", { rates: [tokens(10_000)] }),
  key("alone", { concurrency: 1 }),
  key("ten", { budgets: [{ limit: usd(10), period: "day" }] }),
  key("broke", { budgets: [{ limit: usd(1), period: "month" }] }),
  key("globbed", { models: [{ model: "openai/sim-t*", rates: [requests(1)] }] }),
  key("left", {}, { team: "pair", tenant: "t" }),
  key("right", {}, { team: "pair", tenant: "t" }),
  key("counts", { rates: [requests(3)] })
]

const allowance = Limits.layer({
  teams: new Map([["pair", { rates: [requests(3)] }]]),
  tenants: new Map([["t", { rates: [requests(100)] }]])
}).pipe(Layer.provide(LimitStoreMemory.layer))

const rig = () => Rig.layer({ keys, allowance, prices: Prices.layer })

const raw = (id: string, sent: Clients.Sent) =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}${sent.path}`, {
        method: "POST",
        headers: { authorization: `Bearer sk-${id}`, "content-type": "application/json", "anthropic-version": "2023-06-01" },
        body: JSON.stringify(sent.body)
      })
      return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
    }))

const hello = (client: Clients.Client, more: object = {}) => Clients.question(client, "openai/sim-text", more)

describe("limits", () => {
  layer(rig(), { excludeTestServices: true })((it) => {
    it.effect("refuse what is too often, as OpenAI's SDK reads it, and tell what is left", () =>
      Effect.gen(function*() {
        const { url } = yield* Rig.Rig
        const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-two", maxRetries: 0 })
        const ask = () => client.chat.completions.create({ model: "openai/sim-text", messages: [{ role: "user", content: "Hello" }] }).withResponse()
        const [first, second] = [yield* Effect.promise(ask), yield* Effect.promise(ask)]
        assert.deepStrictEqual(
          [first, second].map(({ response: { headers } }) => [headers.get("x-ratelimit-limit-requests"), headers.get("x-ratelimit-remaining-requests")]),
          [["2", "1"], ["2", "0"]]
        )
        assert.match(second.response.headers.get("x-ratelimit-reset-requests") ?? "", /^(1m[01]s|\d+(\.\d)?s)$/)
        const error = yield* Effect.promise(() => ask().then(() => undefined, (reason: unknown) => reason))
        assert.instanceOf(error, OpenAI.RateLimitError)
        assert.deepStrictEqual({ code: error.code, type: error.type }, { code: "rate_limit_exceeded", type: "requests" })
        assert.match(error.message, /the key "two" may use 2 requests per minute\. Try again in \d+ s\./)
        assert.isAtLeast(Number(error.headers.get("retry-after")), 1)
        assert.isAtMost(Number(error.headers.get("retry-after")), 61)
        assert.strictEqual(error.headers.get("x-ratelimit-remaining-requests"), "0")
        assert.isNull(error.headers.get("x-should-retry"))
      }))

    it.effect("speak Anthropic's words to Anthropic's SDK", () =>
      Effect.gen(function*() {
        const { url } = yield* Rig.Rig
        const client = new Anthropic({ baseURL: url, apiKey: "sk-anthropic-two", maxRetries: 0 })
        const ask = () => client.messages.create({ model: "openai/sim-text", max_tokens: 100, messages: [{ role: "user", content: "Hello" }] }).withResponse()
        const { response: { headers } } = yield* Effect.promise(ask)
        yield* Effect.promise(ask)
        assert.strictEqual(headers.get("anthropic-ratelimit-requests-limit"), "2")
        assert.strictEqual(headers.get("anthropic-ratelimit-requests-remaining"), "1")
        assert.strictEqual(headers.get("anthropic-ratelimit-tokens-limit"), "200000")
        assert.match(headers.get("anthropic-ratelimit-requests-reset") ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
        assert.isFalse([...headers.keys()].some((name) => name.startsWith("x-ratelimit")))
        const error = yield* Effect.promise(() => ask().then(() => undefined, (reason: unknown) => reason))
        assert.instanceOf(error, Anthropic.RateLimitError)
        assert.match(JSON.stringify(error.error), /^\{"type":"error","error":\{"type":"rate_limit_error"/)
      }))

    it.effect("refuse a prompt that can never fit, once and for all", () =>
      Effect.gen(function*() {
        const { body, headers, status } = yield* raw("small", Clients.question("openai", "openai/sim-text", {}, "Hello! ".repeat(100)))
        assert.strictEqual(status, 429)
        assert.match(body.error.message, /may use 50 per minute: it can never pass/)
        assert.strictEqual(headers.get("x-should-retry"), "false")
        assert.isNull(headers.get("retry-after"))
      }))

    it.effect("give back the tokens that were reserved and not used", () =>
      Effect.gen(function*() {
        const left = ({ headers }: { readonly headers: Headers }) => Number(headers.get("x-ratelimit-remaining-tokens"))
        const first = yield* raw("roomy", hello("openai", { max_tokens: 9000 }))
        assert.isBelow(left(first), 1000)
        yield* Rig.settledOf("roomy", 1)
        const second = yield* raw("roomy", hello("openai", { max_tokens: 100 }))
        assert.isAbove(left(second), 9000)
      }))

    it.effect("let one request run at a time where one may, and the next when it has ended", () =>
      Effect.gen(function*() {
        const { url } = yield* Rig.Rig
        const held = new AbortController()
        const first = yield* Effect.promise(() =>
          fetch(`${url}/v1/chat/completions`, {
            method: "POST",
            signal: held.signal,
            headers: { authorization: "Bearer sk-alone", "content-type": "application/json" },
            body: JSON.stringify({ model: "openai/sim-slow", stream: true, messages: [{ role: "user", content: "Hello" }] })
          })
        )
        assert.strictEqual(first.status, 200)
        const second = yield* raw("alone", hello("openai"))
        assert.strictEqual(second.status, 429)
        assert.match(second.body.error.message, /has as many requests running as it may have at the same time \(1\)/)
        assert.strictEqual(second.headers.get("retry-after"), "1")
        held.abort()
        yield* Rig.settledOf("alone", 2)
        assert.strictEqual((yield* raw("alone", hello("openai"))).status, 200)
      }))

    it.effect("let at most ten of two hundred at once spend a budget that is worth ten", () =>
      Effect.gen(function*() {
        const { ledger, url } = yield* Rig.Rig
        const { byStatus, refusals } = yield* Contest.run({ urls: [url], key: "sk-ten", model: "openai/sim-text", requests: 200 })
        assert.deepStrictEqual(byStatus, { 200: 10, 429: 190 })
        assert.isTrue(refusals.every((text) => /budget/.test(text)))
        const entries = yield* Rig.settledOf("ten", 200)
        assert.deepStrictEqual(
          Object.fromEntries(["Completed", "Denied(limits)"].map((outcome) => [outcome, entries.filter((entry) => entry.outcome === outcome).length])),
          { Completed: 10, "Denied(limits)": 190 }
        )
        assert.strictEqual((yield* ledger.spent({ kind: "key", id: "ten" }, 0)).spent, usd(10))
      }))

    it.effect("tell a spent budget as exhausted quota, which no SDK tries again", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* raw("broke", hello("openai"))).status, 200)
        yield* Rig.settledOf("broke", 1)
        const { body, headers, status } = yield* raw("broke", hello("openai"))
        assert.strictEqual(status, 429)
        assert.deepInclude(body.error, { type: "insufficient_quota", code: "insufficient_quota" })
        assert.match(body.error.message, /The budget of the key "broke" \(\$1\) is spent\. The budget begins anew at \d{4}-\d\d-01T00:00:00\.000Z\./)
        assert.strictEqual(headers.get("x-should-retry"), "false")
        const [entry] = yield* Rig.settledOf("broke", 2)
        assert.deepInclude(entry, { outcome: "Denied(limits)", status: "denied" })
        assert.strictEqual(entry?.error?.class, "quota-exhausted")
      }))

    it.effect("refuse a model without a price to a key with a budget, and say so", () =>
      Effect.gen(function*() {
        const { body, status } = yield* raw("ten", Clients.question("openai", "openai/sim-unpriced"))
        assert.strictEqual(status, 429)
        assert.match(body.error.message, /no price known for the model "openai\/sim-unpriced"/)
      }))

    it.effect("hold for the models they name", () =>
      Effect.gen(function*() {
        const ask = (model: string) => Effect.map(raw("globbed", Clients.question("openai", model)), ({ status }) => status)
        assert.deepStrictEqual([yield* ask("openai/sim-text"), yield* ask("openai/sim-text"), yield* ask("openai/sim-length")], [200, 429, 200])
      }))

    it.effect("are shared by the keys of a team", () =>
      Effect.gen(function*() {
        const ask = (id: string) => Effect.map(raw(id, hello("openai")), ({ body, status }) => [status, body.error?.message])
        yield* ask("left")
        yield* ask("left")
        yield* ask("right")
        const [status, message] = yield* ask("right")
        assert.strictEqual(status, 429)
        assert.match(message, /the team "pair" may use 3 requests/)
      }))

    it.effect("count every operation: answers, counts and embeddings", () =>
      Effect.gen(function*() {
        const model = "openai/sim-text"
        const count = { path: "/v1/messages/count_tokens", body: { model, messages: [{ role: "user", content: "Hello" }] } }
        const embed = { path: "/v1/embeddings", body: { model, input: "Hello" } }
        const statuses = []
        for (const sent of [hello("openai"), count, embed, count, embed, hello("gemini")]) statuses.push((yield* raw("counts", sent)).status)
        assert.deepStrictEqual(statuses, [200, 200, 200, 429, 429, 429])
      }))
  })
})
