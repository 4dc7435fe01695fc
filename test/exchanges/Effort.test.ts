/** What stands in the ledger of how much thinking was asked for, whichever protocol says it, translated or passed on as it is. */
import { assert, layer } from "@effect/vitest"
import { AnthropicMessages } from "@sluice/anthropic"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Thinking from "@sluice/protocol/Thinking"
import type { JsonObject } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import { answer } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const answers = Object.fromEntries(
  ["chat", "crossed", "messages", "suffixed", "silent"].map((name) => [name, { headers: { "content-type": "application/json" }, body: [answer("Hello")] }])
)

layer(Verbatim.layer({ answers }), { excludeTestServices: true })("the effort of thinking that is asked for", (it) => {
  const asked: ReadonlyArray<readonly [client: "openai" | "anthropic", model: string, more: JsonObject, effort: string | undefined]> = [
    ["openai", "openai/chat", { reasoning_effort: "high" }, "high"],
    ["openai", "openai/suffixed(low)", { reasoning_effort: "high" }, "low"],
    ["anthropic", "openai/messages", { thinking: { type: "enabled", budget_tokens: 2048 }, max_tokens: 4096 }, "2048"],
    ["openai", "openai/silent", {}, undefined]
  ]
  for (const [client, model, more, effort] of asked) {
    it.effect(`stands in its entry: ${client}, ${model}`, () =>
      Effect.gen(function*() {
        yield* Verbatim.ask(client, model, more)
        assert.strictEqual((yield* Verbatim.entryOf(model)).effort, effort)
      }))
  }

  const told: ReadonlyArray<readonly [dialect: Dialect, body: JsonObject, effort: string | undefined]> = [
    [OpenAiChat.dialect, { reasoning_effort: "minimal" }, "minimal"],
    [OpenAiChat.dialect, { reasoning: { max_tokens: 2000 } }, "2000"],
    [OpenAiChat.dialect, { enable_thinking: false }, "none"],
    [OpenAiChat.dialect, {}, undefined],
    [OpenAiResponses.dialect, { reasoning: { effort: "xhigh" } }, "xhigh"],
    [OpenAiResponses.dialect, { reasoning: null }, undefined],
    [AnthropicMessages.dialect, { thinking: { type: "disabled" } }, "none"],
    [AnthropicMessages.dialect, { thinking: { type: "adaptive" }, output_config: { effort: "max" } }, "max"],
    [GeminiGenerate.dialect, { generationConfig: { thinkingConfig: { thinkingBudget: -1 } } }, "auto"],
    [GeminiGenerate.dialect, { generation_config: { thinking_config: { thinking_level: "HIGH" } } }, "high"],
    [GeminiGenerate.dialect, { generationConfig: {} }, undefined]
  ]
  for (const [dialect, body, effort] of told) {
    it.effect(`is told without decoding the request: ${dialect.id} ${JSON.stringify(body)}`, () =>
      Effect.sync(() => {
        const found = dialect.thinking?.effort?.(body)
        assert.strictEqual(found === undefined ? undefined : Thinking.toText(found), effort)
      }))
  }
})
