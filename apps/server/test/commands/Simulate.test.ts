import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { folder, sluice, started, startedProcess, urlIn } from "./Sluice.ts"
import { takenPort } from "./TakenPort.ts"

const ask = (url: string, model: string) =>
  Effect.promise(async () => {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer any" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] })
    })
    return [reply.status, await reply.text()] as const
  })

describe("simulate", () => {
  it.live("serves the simulated provider and lists what it can do", () =>
    Effect.gen(function*() {
      const output = yield* started(["simulate", "--port", "0"])
      for (const scenario of ["sim-text", "sim-tools", "sim-reset", "sim-context-overflow"]) assert.match(output, new RegExp(`^ {2}${scenario} +\\S`, "m"))
      const [status, body] = yield* ask(urlIn(output), "sim-text")
      assert.deepStrictEqual([status, JSON.parse(body).object], [200, "chat.completion"])
      assert.strictEqual((yield* ask(urlIn(output), "sim-error;status=429"))[0], 429)
    }).pipe(Effect.scoped), 30_000)

  it.live("says so when the port is taken", () =>
    Effect.gen(function*() {
      const port = yield* takenPort
      const { code, stderr, stdout } = yield* sluice(["simulate", "--port", `${port}`])
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.strictEqual(stderr, `cannot listen on 127.0.0.1 port ${port}: another process uses it; choose another with --port (0 takes a free one)`)
    }).pipe(Effect.scoped), 30_000)

  it.live("is a program that ends with 0 when it is told to stop", () =>
    Effect.gen(function*() {
      const { end, output } = yield* startedProcess(["simulate", "--port", "0"], yield* folder())
      assert.strictEqual((yield* ask(urlIn(output), "any"))[0], 200)
      assert.strictEqual(yield* end("SIGINT"), 0)
    }).pipe(Effect.scoped), 60_000)
})
