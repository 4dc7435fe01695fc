/**
 * What of a request and its answer is on disk, for each policy: with `none` and `digest` not a word of them in any file beside the
 * database, with `redacted` no address and no key, not even one that a stream said in pieces.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Policy } from "@sluice/gateway/Bodies"
import type { Bodies } from "@sluice/gateway/Ledger"
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import { Effect, Layer, Schedule } from "effect"
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { answer, ended, said } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const prompt = "canary-prompt-8c1f: write to asked.canary@mail.example, key sk-canary-asked-1234567890"
const words = ["canary-prompt-8c1f", "asked.canary@mail.example", "sk-canary-asked-1234567890"]
const pieces = ["canary-answer-77aa: ask told.", "canary@mail", ".example with sk-canary-", "told-", "1234567890."]
const told = ["canary-answer-77aa", "told.canary@mail.example", "sk-canary-told-1234567890"]

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-bodies-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const send = (url: string, body: string) =>
  Effect.promise(async () => {
    const headers = { authorization: "Bearer sk-test", "content-type": "application/json" }
    return await (await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })).text()
  })

const bodyOf = (model: string, stream: boolean) => JSON.stringify({ model: `openai/${model}`, stream, messages: [{ role: "user", content: prompt }] })

/** Asks for a stream, a body and something that is refused; gives what is on disk, what is kept of the three, and what was sent and received. */
const asked = (policy: Policy) =>
  Effect.gen(function*() {
    const place = yield* folder
    const filename = join(place, "ledger.db")
    const gateway = Verbatim.layer({
      answers: {
        streamed: { body: [...pieces.map(said), ...ended] },
        whole: { headers: { "content-type": "application/json" }, body: [answer(pieces.join(""))] }
      },
      settings: { bodies: policy },
      ledger: Layer.orDie(SqliteLedger.layer({ filename }))
    })
    const exchanged = yield* Effect.gen(function*() {
      const { ledger, url } = yield* Verbatim.Verbatim
      const sent = [bodyOf("streamed", true), bodyOf("whole", false), JSON.stringify({ model: 7, note: prompt })]
      const received = yield* Effect.forEach(sent, (body) => send(url, body))
      const entries = yield* ledger.query({ limit: 10 }).pipe(
        Effect.flatMap((entries) => entries.filter(({ status }) => status !== "open").length === 3 ? Effect.succeed(entries) : Effect.fail("pending" as const)),
        Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 1000 })
      )
      const kept = yield* Effect.forEach(entries.toReversed(), ({ id }) => LedgerReader.bodies({ _tag: "Sqlite", filename }, id))
      return { sent, received, kept }
    }).pipe(Effect.provide(gateway))
    const disk = readdirSync(place).map((name) => readFileSync(join(place, name), "latin1")).join("")
    return { ...exchanged, disk }
  })

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

const digestsOf = (kept: ReadonlyArray<Bodies | undefined>) => kept.map((bodies) => [bodies?.request.sha256, bodies?.response.sha256])

describe("bodies on disk", () => {
  it.live("are not there when nothing is kept", () =>
    Effect.gen(function*() {
      const { disk, kept } = yield* asked("none")
      assert.deepStrictEqual(kept, [undefined, undefined, undefined])
      for (const word of [...words, ...told]) assert.notInclude(disk, word)
    }))

  it.live("are only digests when digests are kept", () =>
    Effect.gen(function*() {
      const { disk, kept, received, sent } = yield* asked("digest")
      assert.deepStrictEqual(digestsOf(kept), sent.map((text, index) => [sha256(text), sha256(received[index] ?? "")]))
      assert.deepStrictEqual(kept.map((bodies) => [bodies?.request.text, bodies?.response.text]), [[undefined, undefined], [undefined, undefined], [
        undefined,
        undefined
      ]])
      for (const word of [...words, ...told]) assert.notInclude(disk, word)
    }))

  it.live("are masked when they are redacted, and still what was said otherwise", () =>
    Effect.gen(function*() {
      const { disk, kept, received, sent } = yield* asked("redacted")
      assert.deepStrictEqual(digestsOf(kept), sent.map((text, index) => [sha256(text), sha256(received[index] ?? "")]))
      assert.include(disk, "canary-prompt-8c1f")
      assert.include(disk, "canary-answer-77aa")
      for (const word of [...words.slice(1), ...told.slice(1), "told.\"", "canary@mail", "told-\"", "1234567890"]) assert.notInclude(disk, word)
      const request: { readonly messages: ReadonlyArray<{ readonly content: string }> } = JSON.parse(kept[0]?.request.text ?? "")
      assert.strictEqual(request.messages[0]?.content, "canary-prompt-8c1f: write to [email], key [secret]")
      assert.include(kept[1]?.response.text ?? "", "ask [email] with [secret].")
      assert.match(kept[0]?.response.text ?? "", /\[email\][\s\S]*\[secret\]/)
      assert.include(kept[0]?.response.text ?? "", "[DONE]")
    }))

  it.live("are whole when they are kept in full, with refusals", () =>
    Effect.gen(function*() {
      const { kept, received, sent } = yield* asked("full")
      assert.deepStrictEqual(kept.map((bodies) => [bodies?.request.text, bodies?.response.text]), sent.map((text, index) => [text, received[index]]))
      assert.match(received[2] ?? "", /"error"/)
    }))
})
