/** The gateways of docs/examples, run as their reader would: one of twenty lines, and one with parts of its own. */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, FileSystem } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import OpenAI from "openai"
import * as ExampleProcess from "./ExampleProcess.ts"

const linesOf = (path: string): number => readFileSync(path, "utf8").split("\n").filter((line) => line.trim() !== "").length

const clientOf = (url: string, apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })

it("the plain example has at most twenty lines, and the one with parts of its own at most a hundred and fifty", () => {
  assert.isAtMost(linesOf(ExampleProcess.pathOf("custom-gateway.ts")), 20)
  const folder = ExampleProcess.pathOf("custom-gateway")
  assert.isAtMost(readdirSync(folder).reduce((sum, name) => sum + linesOf(join(folder, name)), 0), 150)
})

it.live("the plain example serves an OpenAI client from an Anthropic upstream", () =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const { url: simulator } = yield* SimulatorServer
    const cwd = yield* files.makeTempDirectoryScoped()
    const { url } = yield* ExampleProcess.start("custom-gateway.ts", { cwd, env: { ANTHROPIC_API_KEY: "upstream-key", ANTHROPIC_BASE_URL: simulator } })
    const answer = yield* Effect.promise(() =>
      clientOf(url, "sk-local").chat.completions.stream({ model: "claude-haiku-4-5", messages: [{ role: "user", content: "Hello" }] }).finalChatCompletion()
    )
    assert.include(answer.choices[0]?.message.content, "Hello")
    const refused = yield* Effect.promise(() => clientOf(url, "sk-other").models.list().then(() => undefined, (error: unknown) => error))
    assert.instanceOf(refused, OpenAI.AuthenticationError)
    assert.isTrue(yield* files.exists(join(cwd, "sluice.db")))
  }).pipe(Effect.scoped, Effect.provide([Simulator.layerServer(), NodeServices.layer])), 60_000)

it.live("the other example serves clients of two protocols from a provider without a network, by its own rules", () =>
  Effect.gen(function*() {
    const { printed, url } = yield* ExampleProcess.start("custom-gateway/main.ts")
    const { completions } = clientOf(url, "ada-3").chat
    const messages = [{ role: "user", content: "darn it" }] as const
    const whole = yield* Effect.promise(() => completions.create({ model: "any", messages: [...messages] }).withResponse())
    assert.strictEqual(whole.data.choices[0]?.message.content, "You said (high): d**n it")
    assert.strictEqual(whole.response.headers.get("x-sluice-provider"), "parrot")
    const streamed = yield* Effect.promise(() => completions.stream({ model: "any", messages: [...messages], temperature: 0.5 }).finalChatCompletion())
    assert.strictEqual(streamed.choices[0]?.message.content, "You said (high): d**n it")
    yield* printed(/meter: ada \d+ tokens, \d+ bytes/)

    const post = (body: object, badge = "judy-4") =>
      Effect.promise(() =>
        fetch(`${url}/ask`, { method: "POST", headers: { authorization: `Bearer ${badge}`, "content-type": "application/json" }, body: JSON.stringify(body) })
          .then(async (reply) => ({ status: reply.status, text: await reply.text() }))
      )
    assert.deepStrictEqual(yield* post({ model: "any", ask: "Who is there?" }), { status: 200, text: "{\"answer\":\"You said (low): Who is there?\"}" })
    assert.include((yield* post({ model: "any", ask: "Hi", stream: true })).text, "data: {\"done\":true}")
    assert.strictEqual((yield* post({ model: "any" })).status, 400)
    assert.strictEqual((yield* post({ model: "any", ask: "Hi" }, "judy-5")).status, 401)

    const stranger = yield* Effect.promise(() => clientOf(url, "ada-4").models.list().then(() => undefined, (error: unknown) => error))
    assert.instanceOf(stranger, OpenAI.AuthenticationError)
    const long = [{ role: "user", content: "One" }, { role: "assistant", content: "Two" }, { role: "user", content: "Three" }] as const
    const refused = yield* Effect.promise(() => completions.create({ model: "any", messages: [...long] }).then(() => undefined, (error: unknown) => error))
    assert.instanceOf(refused, OpenAI.BadRequestError)
  }).pipe(Effect.scoped), 60_000)
