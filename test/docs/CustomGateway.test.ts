/** The gateway of docs/examples, run as its reader would, with the simulator in the place of the provider. */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, FileSystem, Schedule } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import OpenAI from "openai"

const example = join(import.meta.dirname, "../../docs/examples/custom-gateway.ts")

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address !== null ? address.port : 0
})

it("the example has at most twenty lines", () => {
  assert.isAtMost(readFileSync(example, "utf8").split("\n").filter((line) => line.trim() !== "").length, 20)
})

it.live("the example serves an OpenAI client from an Anthropic upstream", () =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const { url } = yield* SimulatorServer
    const cwd = yield* files.makeTempDirectoryScoped()
    const port = yield* freePort
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [example], {
          cwd,
          stdio: "inherit",
          env: { ...process.env, PORT: String(port), ANTHROPIC_API_KEY: "upstream-key", ANTHROPIC_BASE_URL: url }
        })
      ),
      (child) =>
        Effect.promise(async () => {
          const exited = once(child, "exit")
          child.kill("SIGTERM")
          await exited
        })
    )
    yield* Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/health/live`)).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 400 }))
    const client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "sk-local", maxRetries: 0 })
    const answer = yield* Effect.promise(() =>
      client.chat.completions.stream({ model: "claude-haiku-4-5", messages: [{ role: "user", content: "Hello" }] }).finalChatCompletion()
    )
    assert.include(answer.choices[0]?.message.content, "Hello")
    const stranger = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "sk-other", maxRetries: 0 })
    const refused = yield* Effect.promise(() => stranger.models.list().then(() => undefined, (error: unknown) => error))
    assert.instanceOf(refused, OpenAI.AuthenticationError)
    assert.isTrue(yield* files.exists(join(cwd, "sluice.db")))
  }).pipe(Effect.scoped, Effect.provide([Simulator.layerServer(), NodeServices.layer])), 60_000)
