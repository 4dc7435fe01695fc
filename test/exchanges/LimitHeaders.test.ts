/** Whose limits a client is told of: those of the gateway's account with the provider, unless it has limits of its own. */
import { assert, describe, layer } from "@effect/vitest"
import * as LimitRules from "@sluice/gateway/LimitRules"
import { Effect } from "effect"
import { answer } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const theirs = {
  "content-type": "application/json",
  "retry-after": "7",
  "x-ratelimit-limit-requests": "9999",
  "x-ratelimit-remaining-tokens": "123456",
  "anthropic-ratelimit-requests-remaining": "77"
}
const answers = { whole: { headers: theirs, body: [answer("Hello")] } }

/** Headers about limits. */
const told = (headers: Headers) => Object.fromEntries([...headers].filter(([name]) => /ratelimit|retry-after/.test(name) && !name.includes("-reset-")))

describe("the headers of limits", () => {
  layer(Verbatim.layer({ answers }), { excludeTestServices: true })((it) => {
    it.effect("are the provider's where the key has no limits", () =>
      Effect.gen(function*() {
        const { headers } = yield* Verbatim.ask("openai", "openai/whole")
        assert.deepStrictEqual(told(headers), { "retry-after": "7", "x-ratelimit-limit-requests": "9999", "x-ratelimit-remaining-tokens": "123456" })
      }))
  })

  layer(Verbatim.layer({ answers, rules: { rates: [LimitRules.perMinute("requests", 5)] } }), { excludeTestServices: true })((it) => {
    it.effect("are the gateway's own, in the client's protocol, where it has", () =>
      Effect.gen(function*() {
        const chat = yield* Verbatim.ask("openai", "openai/whole")
        assert.deepStrictEqual(told(chat.headers), { "x-ratelimit-limit-requests": "5", "x-ratelimit-remaining-requests": "4" })
        const messages = yield* Verbatim.ask("anthropic", "openai/whole")
        const { "anthropic-ratelimit-requests-reset": reset, ...rest } = told(messages.headers)
        assert.deepStrictEqual(rest, { "anthropic-ratelimit-requests-limit": "5", "anthropic-ratelimit-requests-remaining": "3" })
        assert.isFalse(Number.isNaN(Date.parse(reset ?? "")))
      }))
  })
})
