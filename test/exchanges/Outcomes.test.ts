/** What stands in the ledger, once, behind every way an answer can end, and what the client was told of it. */
import { assert, layer } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { label } from "@sluice/protocol/Outcome"
import { Effect, Layer, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as RawClient from "../end-to-end/RawClient.ts"
import { chunk, closed, ended, event, opened, said, spoken } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const { sse } = Verbatim

const awkward = "line one\nline \"two\"\u2028three\u0007\t\\"
const finishWithoutUsage = [chunk({}, "stop"), sse("[DONE]")]

const answers: { readonly [model: string]: Verbatim.Answer } = {
  "whole": { body: [said("Hel"), said("lo"), ...ended] },
  "fails-later": { body: [said("Hello there"), sse({ error: { message: awkward, type: "server_error" } })] },
  "nothing": { body: [] },
  "cut": { body: [said("Hello"), said(" there")] },
  "unmetered": { body: [said("Hello there"), ...finishWithoutUsage] },
  "silent": { body: finishWithoutUsage },
  "unmetered-messages": {
    body: [
      ...opened,
      spoken("Hello there"),
      event({ type: "content_block_stop", index: 0 }),
      event({ type: "message_delta", delta: { stop_reason: "end_turn" } }),
      event({ type: "message_stop" })
    ]
  },
  "no-reason": { body: [said("Hello"), sse("[DONE]")] },
  "huge": { body: [said("Hello"), said("x".repeat(1_100_000)), ...ended] },
  "held": { body: [said("token1 "), said("token2 "), said("token3 ")], ending: "held" },
  "left": { body: [said("token1 "), said("token2 "), said("token3 ")], ending: "held" },
  "refused": {
    status: 400,
    headers: { "content-type": "application/json" },
    body: [JSON.stringify({ error: { message: "No.", type: "invalid_request_error" } })]
  },
  "messages": { body: [...opened, spoken("Hello"), ...closed] }
}

const finished: Array<string> = []
/** Whether an answer was flagged as not metered, by model. */
const misses = new Map<string, boolean>()

const watching = (id: string) =>
  Extension.layer({ id, finish: (settlement, { model }) => Effect.sync(() => void finished.push(`${id} ${model} ${label(settlement.outcome)}`)) })

const parts = Layer.mergeAll(
  watching("one"),
  watching("two"),
  Extension.layer({
    id: "meter",
    finish: ({ outcome }, { model }) => Effect.sync(() => void misses.set(model, "captureMiss" in outcome && outcome.captureMiss === true))
  }),
  Interceptor.layer({
    id: "breaks",
    request: (request) => request.model === "openai/whole-defect" ? Effect.die(new Error("a bug")) : Effect.succeed(request)
  })
)

const aliases = [{ id: "alias", targets: [{ provider: ProviderId.make("openai"), model: "whole" }] }]
const gateway = Verbatim.layer({ answers, parts, models: aliases })

/** Waits until something holds that happens by itself. */
const until = (holds: () => boolean) =>
  Effect.suspend(() => holds() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }),
    Effect.orDie
  )

/** The metrics, once they say something. */
const metrics = (of: RegExp) =>
  PrometheusMetrics.format().pipe(
    Effect.flatMap((text) => of.test(text) ? Effect.succeed(text) : Effect.fail("pending" as const)),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 }),
    Effect.orDie
  )

const finishesOf = (model: string): ReadonlyArray<string> => finished.filter((line) => line.split(" ")[1] === model)

layer(gateway, { excludeTestServices: true })("an answer", (it) => {
  it.effect("that is whole leaves one completed entry with the reported tokens, and reaches the client in its own words", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("anthropic", "openai/whole", { stream: true })
      const types = text.split("\n").filter((line) => line.startsWith("event: ")).map((line) => line.slice(7))
      assert.deepStrictEqual(types, [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop"
      ])
      const entry = yield* Verbatim.entryOf("openai/whole")
      assert.deepInclude(entry, {
        outcome: "Completed",
        status: "completed",
        usage: { input: 7, output: 3 },
        provenance: { input: "reported", output: "reported" }
      })
    }))

  it.effect("that fails after some text ends in an error the client can read, and is settled by what was streamed", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("anthropic", "openai/fails-later", { stream: true })
      const last = text.trimEnd().split("\n\n").at(-1) ?? ""
      assert.match(last, /^event: error\ndata: /)
      assert.strictEqual(JSON.parse(last.slice(last.indexOf("data: ") + 6)).error.message, awkward)
      assert.notInclude(text, "message_stop")
      const entry = yield* Verbatim.entryOf("openai/fails-later")
      assert.deepInclude(entry, { outcome: "UpstreamFailed(transient)", status: "failed", provenance: { input: "estimated", output: "estimated" } })
      assert.isAbove(entry.usage.output ?? 0, 0)
    }))

  it.effect("that fails with quotes, line ends, separators and control characters in its message stays one event of valid JSON", () =>
    Effect.gen(function*() {
      for (const client of ["openai", "responses"] as const) {
        const { text } = yield* Verbatim.ask(client, `openai/fails-later`, { stream: true })
        const lines = text.split("\n").filter((line) => line.startsWith("data: "))
        const last: { readonly error?: { readonly message: string }; readonly response?: { readonly error: { readonly message: string } } } = JSON.parse(
          lines.at(-1)?.slice(6) ?? ""
        )
        assert.strictEqual(last.error?.message ?? last.response?.error.message, awkward)
        assert.isFalse(text.includes("\u2028") || text.includes("\u0007"))
      }
    }))

  it.effect("that is empty is told as one, and costs nothing", () =>
    Effect.gen(function*() {
      const { status } = yield* Verbatim.ask("openai", "openai/nothing", { stream: true })
      assert.strictEqual(status, 502)
      assert.deepInclude(yield* Verbatim.entryOf("openai/nothing"), { outcome: "Empty", status: "failed", usage: {} })
    }))

  it.effect("that ends without its stop is Truncated and gets no invented one", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("anthropic", "openai/cut", { stream: true })
      assert.notMatch(text, /stop_reason":"|message_stop/)
      assert.match(text, /event: error/)
      assert.deepInclude(yield* Verbatim.entryOf("openai/cut"), { outcome: "Truncated", status: "failed" })
    }))

  it.effect("with content and no count of tokens is completed, estimated, and flagged as not metered", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/unmetered", { stream: true })
      const entry = yield* Verbatim.entryOf("openai/unmetered")
      assert.deepInclude(entry, { outcome: "Completed", status: "completed", provenance: { input: "estimated", output: "estimated" } })
      yield* until(() => misses.has("openai/unmetered"))
      assert.isTrue(misses.get("openai/unmetered"))
      assert.match(yield* metrics(/sluice_unmetered_total/), /sluice_unmetered_total\{[^}]*provider="openai"[^}]*\} 1/)
    }))

  it.effect("without content and without a count is completed and not flagged", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/silent", { stream: true })
      assert.strictEqual((yield* Verbatim.entryOf("openai/silent")).outcome, "Completed")
      yield* until(() => misses.has("openai/silent"))
      assert.isFalse(misses.get("openai/silent"))
    }))

  it.effect("whose only count of output stands in its beginning is not metered by it", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "anthropic/unmetered-messages", { stream: true })
      const entry = yield* Verbatim.entryOf("anthropic/unmetered-messages")
      assert.deepInclude(entry.provenance, { input: "reported", output: "estimated" })
      assert.isAbove(entry.usage.output ?? 0, 1)
    }))

  it.effect("with a mark and no finish gets no reason invented", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("anthropic", "openai/no-reason", { stream: true })
      assert.notMatch(text, /"stop_reason":"/)
      assert.include(text, "message_stop")
      assert.deepInclude(yield* Verbatim.entryOf("openai/no-reason"), { finish: "missing" })
    }))

  it.effect("with an event larger than allowed ends in one error", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("openai", "openai/huge", { stream: true })
      const lines = text.split("\n").filter((line) => line.startsWith("data: "))
      assert.strictEqual(lines.length, 2)
      assert.match(JSON.parse(lines[1]?.slice(6) ?? "").error.message, /larger than 1048576 bytes/)
      assert.deepInclude(yield* Verbatim.entryOf("openai/huge"), { outcome: "UpstreamFailed(protocol-violation)" })
    }))

  it.effect("of an alias is recorded under the name that was asked, the one that was sent and the one that answered", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "alias", { stream: true })
      assert.deepInclude(yield* Verbatim.entryOf("alias"), {
        model: "alias",
        upstreamModel: "whole",
        servedModel: "served-1",
        provider: ProviderId.make("openai")
      })
    }))
})

layer(gateway, { excludeTestServices: true })("the end of an exchange", (it) => {
  const ends: ReadonlyArray<readonly [what: string, model: string, outcome: string]> = [
    ["success", "openai/whole", "Completed"],
    ["the provider's refusal", "openai/refused", "UpstreamFailed(bad-request)"],
    ["a refusal of ours", "nobody/knows", "Denied(model)"],
    ["a defect of a part", "openai/whole-defect", "Denied(interceptor:breaks)"]
  ]
  for (const [what, model, outcome] of ends) {
    it.effect(`is told to every extension exactly once, in reverse: ${what}`, () =>
      Effect.gen(function*() {
        finished.length = 0
        yield* Verbatim.ask("openai", model, { stream: true })
        const { outcome: stored } = yield* Verbatim.entryOf(model)
        assert.strictEqual(stored, outcome)
        yield* until(() => finishesOf(model).length > 1)
        assert.deepStrictEqual(finishesOf(model), [`two ${model} ${outcome}`, `one ${model} ${outcome}`])
      }))
  }

  it.effect("by a client that left after three pieces is told, counted and settled exactly once", () =>
    Effect.gen(function*() {
      finished.length = 0
      const { asked, url } = yield* Verbatim.Verbatim
      const body = { model: "openai/left", stream: true, messages: [{ role: "user", content: "Hello" }] }
      const client = yield* RawClient.send(url, "/v1/chat/completions", body)
      yield* client.until((text) => text.includes("token3 "))
      yield* client.leave("FIN")
      const entry = yield* Verbatim.entryOf("openai/left")
      assert.deepInclude(entry, { outcome: "Cancelled(client)", status: "cancelled", provenance: { input: "estimated", output: "estimated" } })
      assert.isAbove(entry.usage.output ?? 0, 0)
      yield* until(() => finishesOf("openai/left").length > 1)
      assert.deepStrictEqual(finishesOf("openai/left"), ["two openai/left Cancelled(client)", "one openai/left Cancelled(client)"])
      yield* until(() => asked("left")[0]?.isAborted === true)
      assert.strictEqual(asked("left").length, 1)
      assert.match(yield* metrics(/Cancelled/), /sluice_exchanges_total\{[^}]*outcome="Cancelled\(client\)"[^}]*\} 1/)
    }))
})
