import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { asProcess, folder, sluice, started, startedProcess, urlIn } from "./Sluice.ts"
import { takenPort } from "./TakenPort.ts"

const open = `
auth: { mode: open }
server: { lameDuck: 0 seconds }
ledger: { url: "sqlite::memory:" }
providers:
  - { id: sim, dialect: openai-chat, simulator: true }
  - { id: sim-anthropic, dialect: anthropic-messages, simulator: true }
models:
  - { id: chat, targets: [{ provider: sim }] }
  - { id: messages, targets: [{ provider: sim-anthropic }] }
`
const keyed = `${open.replace("open", "keys")}
keys:
  - { id: all, key: sk-all }
  - { id: some, key: sk-some, models: [chat] }
`
const served = (config: string) =>
  Effect.gen(function*() {
    const output = yield* started(["serve", "--config", join(yield* folder({ "sluice.yaml": config }), "sluice.yaml"), "--port", "0"])
    return { output, url: urlIn(output) }
  })

const fetched = (url: string, headers: Record<string, string> = {}, body?: unknown) =>
  Effect.promise(async () => {
    const reply = await fetch(
      url,
      body === undefined ? { headers } : { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) }
    )
    return { status: reply.status, headers: reply.headers, text: await reply.text() }
  })

const hello = { max_tokens: 50, messages: [{ role: "user", content: "Hello" }] }

describe("serve", () => {
  it.live("answers both protocols from both providers, streamed and buffered", () =>
    Effect.gen(function*() {
      const { url } = yield* served(open)
      for (const model of ["chat", "messages"]) {
        const chat = yield* fetched(`${url}/v1/chat/completions`, {}, { ...hello, model })
        assert.deepStrictEqual([chat.status, JSON.parse(chat.text).choices[0].message.content], [200, "You said: Hello"])
        const chatStream = yield* fetched(`${url}/v1/chat/completions`, {}, { ...hello, model, stream: true })
        assert.match(chatStream.text, /data: \[DONE\]\n\n$/)
        const messages = yield* fetched(`${url}/v1/messages`, {}, { ...hello, model })
        assert.deepStrictEqual([messages.status, JSON.parse(messages.text).content[0].text], [200, "You said: Hello"])
        const messagesStream = yield* fetched(`${url}/v1/messages`, {}, { ...hello, model, stream: true })
        assert.match(messagesStream.text, /event: message_stop\ndata: {"type":"message_stop"}\n\n$/)
        assert.strictEqual(messagesStream.headers.get("x-sluice-provider"), model === "chat" ? "sim" : "sim-anthropic")
      }
    }).pipe(Effect.scoped), 30_000)

  it.live("says where it is, what it serves and how clients reach it", () =>
    Effect.gen(function*() {
      const { output, url } = yield* served(open)
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
      assert.include(output, "sim (openai-chat, simulated), sim-anthropic (anthropic-messages, simulated)")
      assert.include(output, `curl ${url}/v1/chat/completions`)
      assert.include(output, `new OpenAI({ baseURL: "${url}/v1"`)
      assert.include(output, `new Anthropic({ baseURL: "${url}"`)
      assert.include(output, `ANTHROPIC_BASE_URL=${url}`)
      assert.match(output, /Admin: .*writing under \/admin takes the token \S{43} /)
      assert.strictEqual((yield* fetched(`${url}/metrics`)).status, 200)
    }).pipe(Effect.scoped), 30_000)

  it.live("asks for a key in mode keys, and holds each key to its models", () =>
    Effect.gen(function*() {
      const { output, url } = yield* served(keyed)
      assert.include(output, "Bearer KEY")
      assert.notInclude(output, "sk-")
      const status = (model: string, headers: Record<string, string>) =>
        Effect.map(fetched(`${url}/v1/chat/completions`, headers, { ...hello, model }), ({ status }) => status)
      assert.strictEqual(yield* status("chat", {}), 401)
      assert.strictEqual(yield* status("chat", { authorization: "Bearer sk-wrong" }), 401)
      assert.strictEqual(yield* status("messages", { authorization: "Bearer sk-all" }), 200)
      assert.strictEqual(yield* status("chat", { "x-api-key": "sk-some" }), 200)
      assert.strictEqual(yield* status("messages", { authorization: "Bearer sk-some" }), 403)
    }).pipe(Effect.scoped), 30_000)

  it.live("makes an admin token where none is configured, and guards the metrics with it", () =>
    Effect.gen(function*() {
      const { output, url } = yield* served(keyed)
      const made = /token (\S+)/.exec(output)?.[1] ?? ""
      assert.isAtLeast(made.length, 32)
      const metrics = (headers: Record<string, string>) => Effect.map(fetched(`${url}/metrics`, headers), ({ status }) => status)
      assert.deepStrictEqual([yield* metrics({}), yield* metrics({ authorization: "Bearer sk-all" })], [401, 401])
      assert.strictEqual(yield* metrics({ authorization: `Bearer ${made}` }), 200)
    }).pipe(Effect.scoped), 30_000)

  it.live("keeps a configured admin token to itself", () =>
    Effect.gen(function*() {
      const { output, url } = yield* served(keyed.replace("{ mode: keys }", "{ mode: keys, adminToken: canary }"))
      assert.notInclude(output, "canary")
      assert.notInclude(output, "token")
      assert.strictEqual((yield* fetched(`${url}/metrics`, { authorization: "Bearer canary" })).status, 200)
    }).pipe(Effect.scoped), 30_000)

  it.live("refuses a request with more headers than it would look at, instead of losing some", () =>
    Effect.gen(function*() {
      const { url } = yield* served(open)
      const headers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "1"]))
      const body = { ...hello, model: "chat" }
      assert.strictEqual((yield* fetched(`${url}/v1/chat/completions`, headers(80), body)).status, 200)
      const refused = yield* fetched(`${url}/v1/chat/completions`, headers(101), body)
      assert.deepStrictEqual([refused.status, JSON.parse(refused.text).error.message], [431, "The request has more than 100 headers."])
    }).pipe(Effect.scoped), 30_000)

  const complaint = (config: string, ...flags: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      const file = join(yield* folder({ "sluice.yaml": config }), "sluice.yaml")
      const { code, stderr, stdout } = yield* sluice(["serve", "--config", file, ...flags])
      return [code, stdout, stderr.replaceAll(file, "FILE")]
    }).pipe(Effect.scoped)

  it.live("ends with one line and 1 when it cannot start", () =>
    Effect.gen(function*() {
      const port = yield* takenPort
      assert.deepStrictEqual(yield* complaint(open, "--port", `${port}`), [
        1,
        "",
        `cannot listen on 127.0.0.1 port ${port}: another process uses it; choose another with --port (0 takes a free one)`
      ])
      assert.deepStrictEqual(yield* complaint(open.replace("mode: open", "mode: shut")), [1, "", "FILE:2: auth.mode: Expected one of keys, jwt, open"])
      assert.deepStrictEqual(yield* complaint(open, "--host", "0.0.0.0"), [
        1,
        "",
        "configuration: auth.mode: open is refused on 0.0.0.0: anybody who can reach it could spend your keys; use mode keys, or listen on 127.0.0.1"
      ])
      assert.match(
        `${(yield* complaint(open.replace("lameDuck: 0 seconds", "lameDuck: 0 seconds, admission: { streams: 900000000 }"), "--port", "0"))[2]}`,
        /^server\.admission\.streams: 900000000 requests at the same time need 2000000000 open files, but this process may have \d+ /
      )
      const missing = yield* sluice(["serve", "--config", "/nowhere.yaml"])
      assert.deepStrictEqual([missing.code, missing.stderr], [1, "/nowhere.yaml: cannot be read: there is no such file"])
      assert.match(
        `${(yield* complaint(open.replace("sqlite::memory:", "sqlite:/nowhere/sluice.db"), "--port", "0"))[2]}`,
        /^the ledger \/nowhere\/sluice\.db cannot be opened: .+$/
      )
    }).pipe(Effect.scoped), 30_000)

  it.live("is a program that needs no file, records what it serves, and ends with 0 when it is told to stop", () =>
    Effect.gen(function*() {
      const cwd = yield* folder()
      const { end, output } = yield* startedProcess(["serve", "--port", "0"], cwd)
      const { status } = yield* fetched(`${urlIn(output)}/v1/messages`, {}, { ...hello, model: "gpt-4o" })
      assert.strictEqual(status, 200)
      const query = asProcess(["ledger", "query", "--json"], cwd)
      const expected = { outcome: "Completed", principal: "anonymous", inbound: "anthropic-messages", upstream: "openai-chat", lane: "typed", provider: "sim" }
      const running = yield* query
      assert.deepInclude(JSON.parse(running.stdout), expected)
      assert.strictEqual(yield* end("SIGTERM"), 0)
      assert.deepStrictEqual((yield* query).stdout, running.stdout)
    }).pipe(Effect.scoped), 60_000)
})
