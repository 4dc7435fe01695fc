import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { plain, start, token, userKey } from "./Surface.ts"

const yaml = { "content-type": "application/yaml" }

describe("the configuration of a running server", () => {
  it.live("is shown without its secrets, with its defaults", () =>
    Effect.gen(function*() {
      const { ask, file } = yield* start()
      const { json, status, text } = yield* ask("/admin/config")
      assert.deepStrictEqual([status, json.file], [200, file])
      assert.strictEqual(json.config.auth.adminToken, "<secret>")
      assert.strictEqual(json.config.providers[0].credentials[0].apiKey, "<secret>")
      assert.strictEqual(json.config.server.bodyLimit, "33554432B")
      assert.strictEqual(json.config.server.heartbeat, "15000 millis")
      for (const secret of [token, userKey, "upstream-canary"]) assert.notInclude(text, secret)
    }).pipe(Effect.scoped))

  it.live("has a text with marks in the place of secrets, which can be sent back as it is", () =>
    Effect.gen(function*() {
      const { ask, file } = yield* start()
      const before = readFileSync(file, "utf8")
      const shown = yield* ask("/admin/config/text")
      assert.deepStrictEqual([shown.status, shown.headers.get("content-type")], [200, "application/yaml"])
      assert.strictEqual(
        shown.text,
        before.replace(token, "\"<secret 1>\"").replace("upstream-canary-1a2b3c4d5e6f", "\"<secret 2>\"").replace(userKey, "\"<secret 3>\"")
      )
      const etag = shown.headers.get("etag") ?? ""
      const put = yield* ask("/admin/config/text", { method: "PUT", body: shown.text, headers: { ...yaml, "if-match": etag } })
      assert.deepStrictEqual([put.status, put.json.etag], [200, etag])
      assert.strictEqual(readFileSync(file, "utf8"), before)
    }).pipe(Effect.scoped))

  it.live("is replaced whole, with its comments and its mode, and the text before is kept beside it", () =>
    Effect.gen(function*() {
      const { ask, cwd, file } = yield* start()
      const before = readFileSync(file, "utf8")
      const shown = yield* ask("/admin/config/text")
      const body = shown.text.replace("# answers by itself", "# answers by itself, once\n    retries: 3")
      const put = yield* ask("/admin/config/text", { method: "PUT", body, headers: { ...yaml, "if-match": shown.headers.get("etag") ?? "" } })
      assert.strictEqual(put.status, 200, put.text)
      assert.strictEqual(readFileSync(file, "utf8"), before.replace("# answers by itself", "# answers by itself, once\n    retries: 3"))
      assert.strictEqual(readFileSync(put.json.backup, "utf8"), before)
      assert.strictEqual(statSync(put.json.backup).mode & 0o077, 0)
      assert.deepStrictEqual(readdirSync(cwd).filter((name) => name.startsWith(".") || name === "sluice.yaml.lock"), [])
      assert.notStrictEqual(put.json.etag, shown.headers.get("etag"))
    }).pipe(Effect.scoped))

  it.live("is not overwritten by somebody who has not seen the latest text, or does not say which he has seen", () =>
    Effect.gen(function*() {
      const { ask, file } = yield* start()
      const shown = yield* ask("/admin/config/text")
      const etag = shown.headers.get("etag") ?? ""
      const unsaid = yield* ask("/admin/config/text", { method: "PUT", body: shown.text, headers: yaml })
      assert.strictEqual(unsaid.status, 428)
      writeFileSync(file, readFileSync(file, "utf8").replace("# for operators", "# for a few operators"))
      const between = readFileSync(file, "utf8")
      const late = yield* ask("/admin/config/text", { method: "PUT", body: shown.text, headers: { ...yaml, "if-match": etag } })
      assert.deepStrictEqual([late.status, late.headers.get("content-type")], [412, "application/problem+json"])
      const change = yield* ask("/admin/config", {
        method: "PATCH",
        body: { changes: [{ path: ["log", "level"], value: "warn" }] },
        headers: { "if-match": etag }
      })
      assert.strictEqual(change.status, 412)
      assert.strictEqual(readFileSync(file, "utf8"), between)
    }).pipe(Effect.scoped))

  it.live("stays as it is when a bad text is sent, and every problem is told with its line", () =>
    Effect.gen(function*() {
      const { ask, cwd, file } = yield* start()
      const before = readFileSync(file, "utf8")
      const shown = yield* ask("/admin/config/text")
      const etag = shown.headers.get("etag") ?? ""
      const send = (body: string) => ask("/admin/config/text", { method: "PUT", body, headers: { ...yaml, "if-match": etag } })
      const wrong = yield* send(shown.text.replace("simulator: true", "simulater: true\n    retries: many"))
      assert.strictEqual(wrong.status, 422)
      assert.deepStrictEqual(
        wrong.json.problems.map(({ line, path }: { readonly line: number; readonly path: string }) => [path, line]),
        [["providers[0].simulater", 10], ["providers[0].retries", 11]]
      )
      const broken = yield* send(`${shown.text}\n  - {`)
      assert.strictEqual(broken.status, 422)
      assert.isNumber(broken.json.problems[0].line)
      assert.notInclude(broken.text + wrong.text, "canary")
      assert.strictEqual(readFileSync(file, "utf8"), before)
      assert.deepStrictEqual(readdirSync(cwd).filter((name) => name.includes(".bak") || name.startsWith(".")), [])
    }).pipe(Effect.scoped))

  it.live("is served as soon as it is written, and what needs a restart is said", () =>
    Effect.gen(function*() {
      const { ask } = yield* start()
      const { headers } = yield* ask("/admin/config/text")
      const patched = yield* ask("/admin/config", {
        method: "PATCH",
        headers: { "if-match": headers.get("etag") ?? "" },
        body: { changes: [{ path: ["models", "fast", "preCommit"], value: "2 seconds" }, { path: ["server", "connections"], value: 77 }] }
      })
      assert.strictEqual(patched.status, 200, patched.text)
      const { ok, report } = patched.json.reload
      assert.deepStrictEqual([ok, report.result, report.generation, report.needRestart], [true, "applied", 2, ["server.connections"]])
      const served = (yield* ask("/admin/config")).json.config
      assert.deepStrictEqual([served.models[0].preCommit, served.server.connections], ["2000 millis", 10_000])
      const status = (yield* ask("/admin/reload")).json
      assert.deepStrictEqual([status.last.trigger, status.last.outcome.ok, status.needRestart], ["admin", true, ["server.connections"]])
      assert.deepStrictEqual((yield* ask("/admin/reload", { method: "POST" })).json.result, "unchanged")
    }).pipe(Effect.scoped))

  it.live("that was broken by hand changes nothing when it is read again, and the problem is told", () =>
    Effect.gen(function*() {
      const { ask, file } = yield* start({ config: plain.replace("server: { lameDuck: 0 seconds }", "server: { lameDuck: 0 seconds, watch: false }") })
      writeFileSync(file, readFileSync(file, "utf8").replace("dialect: openai-chat", "dialect: morse"))
      const reloaded = yield* ask("/admin/reload", { method: "POST" })
      assert.deepStrictEqual([reloaded.status, reloaded.headers.get("content-type")], [422, "application/problem+json"])
      assert.deepStrictEqual([reloaded.json.problems[0].path, reloaded.json.problems[0].line], ["providers[0].dialect", 9])
      assert.deepStrictEqual((yield* ask("/admin/reload")).json.last.outcome.ok, false)
      assert.strictEqual((yield* ask("/admin/config")).json.config.providers[0].dialect, "openai-chat")
    }).pipe(Effect.scoped))

  it.live("takes no modules over the network, which would be code", () =>
    Effect.gen(function*() {
      const { ask, file } = yield* start()
      const before = readFileSync(file, "utf8")
      const { headers, text } = yield* ask("/admin/config/text")
      const match = { "if-match": headers.get("etag") ?? "" }
      const put = yield* ask("/admin/config/text", { method: "PUT", body: `${text}plugins: [{ module: ./evil.js }]\n`, headers: { ...yaml, ...match } })
      assert.deepStrictEqual([put.status, put.json.problems[0].path], [422, "plugins"])
      const patched = yield* ask("/admin/config", {
        method: "PATCH",
        body: { changes: [{ path: ["plugins"], value: [{ module: "./evil.js" }] }] },
        headers: match
      })
      assert.strictEqual(patched.status, 422)
      assert.strictEqual(readFileSync(file, "utf8"), before)
    }).pipe(Effect.scoped))

  it.live("is checked without being written", () =>
    Effect.gen(function*() {
      const { ask, file } = yield* start()
      const before = readFileSync(file, "utf8")
      const { text } = yield* ask("/admin/config/text")
      assert.deepStrictEqual((yield* ask("/admin/config/check", { body: text, headers: yaml })).json, { ok: true, problems: [] })
      const bad = yield* ask("/admin/config/check", { body: text.replace("simulator: true", "simulator: maybe"), headers: yaml })
      assert.deepStrictEqual(bad.json.problems, [{ path: "providers[0].simulator", line: 10, message: "Expected true or false" }])
      assert.strictEqual(readFileSync(file, "utf8"), before)
    }).pipe(Effect.scoped))

  it.live("takes single values by their path and leaves everything else as it stands", () =>
    Effect.gen(function*() {
      const { ask, file } = yield* start()
      const before = readFileSync(file, "utf8")
      const { headers } = yield* ask("/admin/config/text")
      const patched = yield* ask("/admin/config", {
        method: "PATCH",
        headers: { "if-match": headers.get("etag") ?? "" },
        body: { changes: [{ path: ["models", "fast", "targets", 0, "model"], value: "sim-other" }, { path: ["providers", "sim", "simulator"], value: true }] }
      })
      assert.strictEqual(patched.status, 200, patched.text)
      assert.strictEqual(readFileSync(file, "utf8"), before.replace("model: sim-text", "model: \"sim-other\""))
      const more = yield* ask("/admin/config", {
        method: "PATCH",
        headers: { "if-match": patched.json.etag },
        body: { changes: [{ path: ["log"], value: { level: "warn" } }, { path: ["models", "fast", "preCommit"], value: "2 seconds" }] }
      })
      assert.strictEqual(more.status, 200, more.text)
      const after = readFileSync(file, "utf8")
      for (const comment of ["# The gateway of these tests", "# for operators", "# kept here", "# answers by itself"]) assert.include(after, comment)
      assert.match(after, /log:\n {2}level: warn/)
      const missing = yield* ask("/admin/config", {
        method: "PATCH",
        headers: { "if-match": more.json.etag },
        body: { changes: [{ path: ["providers", "nobody", "retries"], value: 1 }] }
      })
      assert.deepStrictEqual([missing.status, missing.json.problems[0].message], [422, "no entry of providers has the id \"nobody\""])
    }).pipe(Effect.scoped))
})
