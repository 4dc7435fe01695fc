/** What an operator reads in the metrics after a request was served. */
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as Clients from "./Clients.ts"
import * as Rig from "./Rig.ts"

layer(Rig.layer(), { excludeTestServices: true })("the metrics", (it) => {
  it.effect("count exchanges by outcome, attempts by result, and tokens by class", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      yield* Effect.promise(() =>
        fetch(`${url}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
          body: JSON.stringify({ model: "anthropic/sim-text", messages: [{ role: "user", content: "Hello" }] })
        }).then((response) => response.text())
      )
      const [entry] = yield* Rig.settled(1)
      const text = yield* PrometheusMetrics.format().pipe(
        Effect.flatMap((text) => text.includes("sluice_exchanges_total{") ? Effect.succeed(text) : Effect.fail("pending" as const)),
        Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 200 })
      )
      assert.match(text, /sluice_exchanges_total\{[^}]*outcome="Completed"[^}]*\} 1/)
      assert.match(text, /sluice_attempts_total\{[^}]*result="ok"[^}]*\} 1/)
      assert.match(text, new RegExp(`sluice_tokens_total\\{[^}]*class="output"[^}]*\\} ${entry?.usage.output}`))
    }))

  it.effect("count the proofs of thinking that are given back to a provider", () =>
    Effect.gen(function*() {
      const question = Clients.question("openai", "anthropic/sim-reasoning;tools=1", Clients.thinkingWithTool("openai"))
      const { text: answer } = yield* Clients.send(question)
      yield* Clients.send(Clients.next("openai", question, JSON.parse(answer)))
      const text = yield* PrometheusMetrics.format().pipe(
        Effect.flatMap((text) => text.includes("sluice_sealed_parts_restored_total{") ? Effect.succeed(text) : Effect.fail("pending" as const)),
        Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 200 })
      )
      assert.match(text, /sluice_sealed_parts_restored_total\{[^}]*upstream="anthropic-messages"[^}]*\} 1/)
    }))
})
