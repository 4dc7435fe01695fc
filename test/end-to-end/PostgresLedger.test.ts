/**
 * Two servers on one PostgreSQL ledger, one of them killed: every request has exactly one entry, whichever server took it, and the
 * command line reads them without ever showing the password.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, FileSystem } from "effect"
import { join } from "node:path"
import { describe } from "vitest"
import * as Postgres from "../../packages/ledger/test/postgres.ts"
import * as ServerProcess from "./ServerProcess.ts"

const password = "a-password-nobody-may-see"

const configuration = (upstream: string, ledger: string, spill: string) => `
server: { lameDuck: 0 seconds }
auth: { mode: open }
ledger: { url: "${ledger}", spill: "${spill}" }
log: { level: error }
providers: [{ id: same, dialect: openai-chat, baseUrl: "${upstream}/v1", credentials: [{ id: main, apiKey: upstream-key }] }]
models: [{ id: "*", targets: [{ provider: same }] }]
`

const withPassword = (text: string): string => {
  const url = new URL(text)
  url.password = password
  return url.href
}

/** Gives the status of the whole answer. */
const ask = ({ url }: ServerProcess.ServerProcess, index: number) =>
  Effect.promise(async () => {
    const body = JSON.stringify({ model: `sim-text;tag=${index}`, messages: [{ role: "user", content: "Count." }] })
    const reply = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers: { "content-type": "application/json" }, body })
    await reply.text()
    return reply.status
  })

describe.skipIf(Postgres.service.missing !== undefined)(`servers on one PostgreSQL ledger${Postgres.skipped}`, () => {
  it.live("keep every request once, though one of them is killed", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const simulator = yield* SimulatorServer
      const folder = yield* files.makeTempDirectoryScoped()
      const config = join(folder, "sluice.yaml")
      const ledger = withPassword(yield* Postgres.temporaryUrl)
      yield* files.writeFileString(config, configuration(simulator.url, ledger, join(folder, "ledger")))
      const [first, second] = yield* Effect.all([ServerProcess.start(config), ServerProcess.start(config)], { concurrency: "unbounded" })
      const replies = yield* Effect.forEach(Array.from({ length: 60 }, (_, index) => index), (index) => ask(index % 2 === 0 ? first : second, index), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(new Set(replies), new Set([200]))
      yield* first.kill("SIGKILL")
      yield* Effect.forEach(Array.from({ length: 20 }, (_, index) => 60 + index), (index) => ask(second, index), { concurrency: "unbounded" })
      const query = ["ledger", "query", "--config", config, "--limit", "1000", "--json"]
      // What the killed server had no time to settle is still open, and no less recorded
      const { code, stderr, stdout } = yield* ServerProcess.command(query)
      assert.strictEqual(code, 0, stderr)
      const entries: ReadonlyArray<{ readonly model: string }> = stdout.trim().split("\n").map((line) => JSON.parse(line))
      assert.strictEqual(new Set(entries.map(({ model }) => model)).size, 80)
      assert.strictEqual(entries.length, 80)
      yield* second.kill("SIGTERM")
      const said = yield* Effect.forEach([["check-config", "--config", config], query], ServerProcess.command)
      // Nobody is there to answer at this port, and the reason is told
      yield* files.writeFileString(config, configuration(simulator.url, ledger.replace(/@[^/]*/, "@127.0.0.1:1"), join(folder, "ledger")))
      const failed = yield* ServerProcess.command(query)
      assert.match(failed.stderr, /the ledger postgres:\/\/127\.0\.0\.1:1\/\S+ cannot be read: .*ECONNREFUSED/)
      for (const output of [...said, failed]) assert.notInclude(`${output.stdout}${output.stderr}`, password)
    }).pipe(Effect.provide([NodeServices.layer, Simulator.layerServer()])), 120_000)
})
