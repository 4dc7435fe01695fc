/** Exchanges that a router sends elsewhere than the model's name says. */
import { assert, layer } from "@effect/vitest"
import { CompletionClient } from "@sluice/gateway/CompletionClient"
import type { CompletionRequest } from "@sluice/gateway/CompletionModel"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as Router from "@sluice/gateway/Router"
import { Effect, Layer, Option } from "effect"
import * as Scripted from "./Scripted.ts"

const scripted = ProviderId.make("scripted")
const seen: Array<string> = []

const router = (id: string, priority: number, route: (context: Router.RoutingContext) => Router.RoutingDecision | undefined) =>
  Router.layer({ id, priority, route: (context) => Effect.sync(() => Option.fromUndefinedOr((seen.push(id), route(context)))) })

const isLong = Router.holds({ minTokens: 1000, tools: false })

const parts = Layer.mergeAll(
  router("broken", 9, ({ model }) => model === "routed" ? { model: "nobody knows it" } : undefined),
  router("long", 5, (context) => isLong(context) ? { model: "large" } : undefined),
  router("by-caller", 1, ({ principal }) => principal.attributes?.["desk"] === "4" ? { targets: [{ provider: scripted, model: "desk-4" }] } : undefined)
)

const models = ["routed", "large"].map((id) => ({ id, targets: [{ provider: scripted, model: `${id}-upstream` }] }))

const asking = (text: string, attributes: { readonly [name: string]: string } = {}) => {
  const request: CompletionRequest = { turns: [{ role: "user", parts: [{ type: "text", text }] }] }
  return Effect.gen(function*() {
    const { asked } = yield* Scripted.Provider
    seen.length = 0
    yield* CompletionClient.use((client) => client.completionModel("routed", { as: { id: "caller", attributes } }).generate(request))
    return asked.at(-1)?.model
  })
}

layer(Scripted.layer({ parts, models }), { excludeTestServices: true })("a router", (it) => {
  it.effect("sends an exchange to another entry by what it holds, or to targets of its own by who asks", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* asking("Hello"), "routed-upstream")
      assert.strictEqual(yield* asking("Hello ".repeat(2000)), "large-upstream")
      assert.strictEqual(yield* asking("Hello", { desk: "4" }), "desk-4")
    }))

  it.effect("is asked by priority until one decides; one that names what does not exist is passed over", () =>
    Effect.gen(function*() {
      yield* asking("Hello ".repeat(2000), { desk: "4" })
      assert.deepStrictEqual(seen, ["broken", "long"])
      yield* asking("Hello")
      assert.deepStrictEqual(seen, ["broken", "long", "by-caller"])
    }))
})
