/**
 * A server as its user runs it, whose configuration file is changed under it in the ways files are changed: what can be used is served
 * from then on, what cannot changes nothing, and both are told in the log and in the metrics.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import * as ServerProcess from "../end-to-end/ServerProcess.ts"
import * as GatedUpstream from "./GatedUpstream.ts"

/** What of the configuration a test changes. */
interface Parts {
  readonly provider?: string
  readonly url: string
  readonly apiKey?: string
  readonly keys?: string
  readonly more?: string
  readonly server?: string
}

const configuration = ({ apiKey = "upstream-key", keys = "- { id: k, key: sk-k }", more = "", provider = "one", server = "", url }: Parts) => `
server: { lameDuck: 0 seconds${server} }
auth: { mode: keys, adminToken: operator }
ledger: { url: "sqlite::memory:" }
log: { format: logfmt }
providers:
  - { id: ${provider}, dialect: openai-chat, baseUrl: "${url}", credentials: [{ id: main, apiKey: "${apiKey}" }] }
models:
  - { id: chat, targets: [{ provider: ${provider} }] }
keys:
  ${keys}
${more}`

/** A running server over a file that can be changed. */
const serving = Effect.fnUntraced(function*(first: Omit<Parts, "url"> = {}) {
  const files = yield* FileSystem.FileSystem
  const folder = yield* files.makeTempDirectoryScoped()
  const file = join(folder, "sluice.yaml")
  const upstream = yield* GatedUpstream.start("one")
  const whole = (parts: Omit<Parts, "url"> = {}) => configuration({ ...parts, url: upstream.url })
  const write = (text: string) => files.writeFileString(file, text)
  yield* write(whole(first))
  const server = yield* ServerProcess.start(file)

  const asked = (key: string, path = "/v1/chat/completions") =>
    Effect.promise(async () => {
      const body = { model: "chat", messages: [{ role: "user", content: "Who are you?" }] }
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
      const response = await fetch(`${server.url}${path}`, path === "/metrics" ? { headers } : { method: "POST", headers, body: JSON.stringify(body) })
      return { status: response.status, provider: response.headers.get("x-sluice-provider"), text: await response.text() }
    })
  /** Waits for a line of the log or of the metrics. */
  const told = (wanted: RegExp) =>
    Effect.gen(function*() {
      const page = yield* asked("operator", "/metrics")
      return wanted.test(server.output()) || wanted.test(page.text) ? undefined : yield* Effect.fail("pending" as const)
    }).pipe(
      Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 }),
      Effect.mapError(() => new Error(`${wanted} was not told:\n${server.output()}`)),
      Effect.orDie
    )
  const served = Effect.map(asked("sk-k"), ({ provider, status }) => [status, provider])
  return { ...server, files, file, whole, write, asked, told, served }
})

const applied = (count: number) => new RegExp(`^sluice_config_reload_total\\{result="applied"\\} ${count}$`, "m")
const failed = (count: number) => new RegExp(`^sluice_config_reload_total\\{result="failed"\\} ${count}$`, "m")
const lastSuccess = (is: 0 | 1) => new RegExp(`^sluice_config_last_reload_success ${is}$`, "m")

describe("a configuration file that changes", () => {
  it.live("is served from then on, written or put in the place of the old one, but for what waits for a restart", () =>
    Effect.gen(function*() {
      const { file, files, served, told, whole, write } = yield* serving()
      assert.deepStrictEqual(yield* served, [200, "one"])
      yield* told(lastSuccess(1))
      yield* write(whole({ provider: "two" }))
      yield* told(applied(1))
      assert.deepStrictEqual(yield* served, [200, "two"])
      yield* files.writeFileString(`${file}.draft`, whole({ provider: "three" }))
      yield* files.rename(`${file}.draft`, file)
      yield* told(applied(2))
      assert.deepStrictEqual(yield* served, [200, "three"])
      yield* told(/providers: \+three -two.*models: chat/)

      // What needs a restart waits, is named, and does not keep the rest from being served
      yield* write(whole({ provider: "four", server: ", connections: 5", more: "continuity: { answers: 3 }" }))
      yield* told(/needRestart.*server\.connections.*continuity\.answers/)
      assert.deepStrictEqual(yield* served, [200, "four"])
      yield* write(whole({ provider: "four", server: ", connections: 6", more: "continuity: { answers: 3 }" }))
      yield* told(/^sluice_config_reload_total\{result="unchanged"\} 1$/m)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 300_000)

  it.live(
    "changes nothing while it cannot be used: broken, half written, gone, or with a variable that is not set, and shows no secret",
    () =>
      Effect.gen(function*() {
        const { asked, file, files, output, served, told, whole, write } = yield* serving()
        const attempts: ReadonlyArray<readonly [change: Effect.Effect<void, unknown>, told: RegExp]> = [
          [write(whole({ more: "unknwon: 1" })), /sluice\.yaml:12: unknwon: unknown key/],
          [write(whole({ provider: "two" }).slice(0, -60)), /sluice\.yaml.*(keys|models)/],
          [
            write(whole({ apiKey: "${SLUICE_TEST_NOWHERE}" })),
            /sluice\.yaml:7: providers\[0\]\.credentials\[0\]\.apiKey: the variable SLUICE_TEST_NOWHERE is not set/
          ],
          [files.remove(file), /sluice\.yaml: cannot be read: there is no such file/]
        ]
        for (const [at, [change, reason]] of attempts.entries()) {
          yield* change
          yield* told(failed(at + 1))
          yield* told(reason)
          yield* told(lastSuccess(0))
          assert.deepStrictEqual(yield* served, [200, "one"])
        }
        yield* write(whole({ provider: "two" }))
        yield* told(applied(1))
        yield* told(lastSuccess(1))
        assert.deepStrictEqual(yield* served, [200, "two"])

        // Neither of them shows a secret, also one that stands where none is expected
        yield* write(whole({ apiKey: "canary-credential", keys: "- { id: k, key: canary-key }" }))
        yield* told(applied(2))
        const misplaced = whole({ keys: "- { id: k, key: [canary-key] }", more: "log: { level: canary-level }" })
        yield* write(misplaced.replace("mode: keys", "mode: canary-mode").replace("log: { format: logfmt }\n", ""))
        yield* told(failed(5))
        assert.notMatch(output(), /canary/)
        assert.notMatch((yield* asked("operator", "/metrics")).text, /canary/)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live("changes keys and limits at once, and what was counted stays counted", () =>
    Effect.gen(function*() {
      const { asked, told, whole, write } = yield* serving({ keys: "- { id: k, key: sk-k, limits: { requestsPerDay: 2 } }" })
      const statuses = (key: string, count: number) => Effect.forEach(Array.from({ length: count }), () => Effect.map(asked(key), ({ status }) => status))
      assert.deepStrictEqual(yield* statuses("sk-k", 3), [200, 200, 429])
      yield* write(whole({ keys: "- { id: k, key: sk-other, limits: { requestsPerDay: 3 } }\n  - { id: new, key: sk-new }" }))
      yield* told(applied(1))
      assert.deepStrictEqual(yield* statuses("sk-k", 1), [401], "a key that was taken away")
      assert.deepStrictEqual(yield* statuses("sk-other", 2), [200, 429], "two of three were used before")
      assert.deepStrictEqual(yield* statuses("sk-new", 1), [200])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 300_000)

  it.live("is not looked at where the server is told not to, but at a SIGHUP, which never ends the server", () =>
    Effect.gen(function*() {
      const { output, served, signal, told, whole, write } = yield* serving({ server: ", watch: false" })
      yield* write(whole({ provider: "two", server: ", watch: false" }))
      yield* signal("SIGHUP")
      yield* told(applied(1))
      assert.deepStrictEqual(yield* served, [200, "two"])
      yield* write("no: [")
      yield* signal("SIGHUP")
      yield* told(failed(1))
      assert.deepStrictEqual(yield* served, [200, "two"])
      assert.notMatch(output(), /trigger=file/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 300_000)
})
