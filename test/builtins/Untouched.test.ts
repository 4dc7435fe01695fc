/** A guardrail that finds nothing leaves the streams of every protocol as they are: the same events with the same names, only later. */
import { assert, layer } from "@effect/vitest"
import * as Interceptor from "@sluice/gateway/Interceptor"
import * as Guardrail from "@sluice/gateway/interceptors/Guardrail"
import { Effect, Layer } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import { ask, type Client, clients } from "./Asking.ts"

const protocols = Object.keys(clients).filter((name): name is Client => name in clients)
const scenarios = ["text", "tools", "parallel-tools", "reasoning", "refusal", "many-choices", "logprobs", "ping", "empty-events", "usage-always"]

/** What is not the same in two answers: ids that the simulated provider counts, and their times. */
const shown = (raw: string): string =>
  raw.replaceAll(/sim0*\d+|"(?:created|created_at|createTime)":\s*"?[\dT:.Z-]+"?|call_\w+|toolu_\w+|"obfuscation":"[^"]*"/g, "_")

const streams = Effect.forEach(
  scenarios,
  (scenario) =>
    Effect.forEach(
      protocols,
      (client) => Effect.map(ask({ client, model: `${client}/sim-${scenario}`, stream: true }), ({ raw }) => [`${client} ${scenario}`, shown(raw)] as const)
    ),
  { concurrency: 1 }
).pipe(Effect.map((all) => Object.fromEntries(all.flat())))

let before: { readonly [name: string]: string } = {}

// The frames are decoded in both, so that nothing but the guardrail differs
const looking = Interceptor.layer({ id: "looking", events: () => ({ step: (frame) => [frame] }) })
const guarding = Layer.orDie(
  Guardrail.layer({ rules: [{ name: "never", own: [{ name: "never", pattern: "this is never said" }], action: "mask", on: ["answer"] }] })
)

layer(Rig.layer({ parts: looking }), { excludeTestServices: true })("streams", (it) => {
  it.effect("without a guardrail", () =>
    Effect.gen(function*() {
      before = yield* streams
      assert.strictEqual(Object.keys(before).length, scenarios.length * protocols.length)
    }))
})

layer(Rig.layer({ parts: guarding }), { excludeTestServices: true })("streams", (it) => {
  it.effect("under a guardrail that finds nothing", () =>
    Effect.gen(function*() {
      const after = yield* streams
      for (const [name, raw] of Object.entries(before)) assert.strictEqual(after[name], raw, name)
    }))
})
