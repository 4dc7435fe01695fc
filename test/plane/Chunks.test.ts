/** What interceptors of chunks see of a streamed answer: its head once, every wire event in order, what was sent before, and its end. */
import { assert, layer } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import * as Interceptor from "@sluice/gateway/Interceptor"
import * as ShortCircuit from "@sluice/gateway/ShortCircuit"
import { Effect, Layer, Schedule } from "effect"
import * as RawClient from "../end-to-end/RawClient.ts"
import { closed, ended, opened, said, spoken } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const big = "x".repeat(300 * 1024)

const answers: { readonly [model: string]: Verbatim.Answer } = {
  words: { body: [said("one"), said("two") + said("three"), ...ended] },
  many: { body: [Array.from({ length: 80 }, (_, index) => said(`w${index}`)).join(""), ...ended] },
  big: { body: [said(big), said(big), said(big), said(big), said("last"), ...ended] },
  cut: { body: [said("one"), said("two")] },
  held: { body: [said("one"), said("two")], ending: "held" },
  messages: { body: [...opened, spoken("one"), spoken("two"), ...closed] }
}

interface Seen {
  readonly calls: Array<number>
  readonly texts: Array<string>
  readonly histories: Array<ReadonlyArray<number>>
  readonly ends: Array<Interceptor.EndReason>
  readonly lists: Set<ReadonlyArray<Uint8Array>>
}

/** What stages saw, by the model of the exchange. */
const seen = new Map<string, Array<Seen>>()
const seenOf = (model: string): Seen => {
  const last = seen.get(model)?.at(-1)
  assert.isDefined(last)
  return last
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const text = (bytes: Uint8Array): string => decoder.decode(bytes)

const watching = Interceptor.layer({
  id: "watch",
  phase: "late",
  chunks: ({ model }) => {
    const one: Seen = { calls: [], texts: [], histories: [], ends: [], lists: new Set() }
    seen.set(model, [...seen.get(model) ?? [], one])
    return {
      head: ({ headers, index, status }) => {
        one.calls.push(index)
        return {
          clear: ["X-Sluice-Attempts"],
          set: { "x-head": `${index} ${status} ${headers["content-type"]}`, "content-type": "text/event-stream; charset=utf-8" }
        }
      },
      step: ({ bytes, history, index }) => {
        one.calls.push(index)
        one.texts.push(text(bytes))
        one.histories.push([history.length, history.reduce((sum, { length }) => sum + length, 0)])
        one.lists.add(history)
        return bytes
      },
      end: (reason) => {
        one.ends.push(reason)
        return reason === "interrupted" ? undefined : encoder.encode(`: ${reason}\n\n`)
      }
    }
  }
})

const changing = Interceptor.layer({
  id: "change",
  chunks: ({ header }) => ({
    step: ({ bytes }) =>
      header("x-test") === "drop" && text(bytes).includes("two")
        ? undefined
        : header("x-test") === "edit"
        ? encoder.encode(text(bytes).replace("two", "2"))
        : bytes
  })
})

const canned = Extension.layer({ id: "canned", admit: ({ header }) => header("x-test") === "canned" ? ShortCircuit.text("one two") : Effect.void })

const ask = (model: string, test = "none", path = "/v1/chat/completions") =>
  Effect.flatMap(
    Verbatim.Verbatim,
    ({ url }) =>
      Verbatim.send(`${url}${path}`, JSON.stringify({ model, stream: true, max_tokens: 10, messages: [{ role: "user", content: "Hi" }] }), { "x-test": test })
  )

const until = (holds: () => boolean) =>
  Effect.suspend(() => holds() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }),
    Effect.orDie
  )

layer(Verbatim.layer({ answers, parts: Layer.mergeAll(watching, changing, canned) }), { excludeTestServices: true })("interceptors of chunks", (it) => {
  it.effect("are shown the head first, as call -1, and only then may change headers", () =>
    Effect.gen(function*() {
      const { headers } = yield* ask("openai/words")
      assert.strictEqual(headers.get("x-head"), "-1 200 text/event-stream")
      assert.strictEqual(headers.get("content-type"), "text/event-stream; charset=utf-8")
      assert.isNull(headers.get("x-sluice-attempts"))
      assert.deepStrictEqual(seenOf("openai/words").calls.slice(0, 2), [-1, 0])
    }))

  for (const [lane, model, path] of [["byte", "openai/words", "/v1/chat/completions"], ["typed", "openai/words", "/v1/messages"]] as const) {
    it.effect(`see one wire event each on the ${lane} lane, however the provider cut its bytes`, () =>
      Effect.gen(function*() {
        const reply = yield* ask(model, "none", path)
        const { calls, ends, texts } = seenOf(model)
        assert.deepStrictEqual(calls, [-1, ...texts.map((_, index) => index)])
        for (const one of texts) assert.match(one, /^(?:event: [^\n]*\n)?data: [^\n]*\n\n$/)
        assert.strictEqual(reply.text, `${texts.join("")}: end\n\n`)
        assert.deepStrictEqual(ends, ["end"])
      }))
  }

  it.effect("drop chunks, which are counted, and of which those behind and the history know nothing", () =>
    Effect.gen(function*() {
      const reply = yield* ask("openai/words", "drop")
      assert.notInclude(reply.text, "two")
      assert.include(reply.text, "three")
      const { calls, histories } = seenOf("openai/words")
      assert.deepStrictEqual(calls.slice(0, 3), [-1, 0, 2])
      assert.deepStrictEqual(histories.map(([count]) => count).slice(0, 2), [0, 1])
    }))

  it.effect("change chunks, and those behind see the change", () =>
    Effect.gen(function*() {
      const reply = yield* ask("openai/words", "edit")
      assert.include(reply.text, `"content":"2"`)
      assert.isTrue(seenOf("openai/words").texts.some((one) => one.includes(`"content":"2"`)))
      assert.deepInclude((yield* Verbatim.entriesOf("openai/words"))[0], { outcome: "Completed", usage: { input: 7, output: 3 } })
    }))

  it.effect("have a history of at most 64 chunks, the same list in every call", () =>
    Effect.gen(function*() {
      yield* ask("openai/many")
      const { histories, lists } = seenOf("openai/many")
      assert.strictEqual(Math.max(...histories.map(([count = 0]) => count)), 64)
      assert.strictEqual(histories.at(-1)?.[0], 64)
      assert.strictEqual(lists.size, 1)
    }))

  it.effect("have a history of at most a mebibyte", () =>
    Effect.gen(function*() {
      yield* ask("openai/big")
      const sizes = seenOf("openai/big").histories.map(([, bytes = 0]) => bytes)
      assert.isAtMost(Math.max(...sizes), 1024 * 1024)
      assert.isAbove(Math.max(...sizes), 900 * 1024)
    }))

  it.effect("are told that the answer ended in an error", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("openai/cut")
      assert.deepStrictEqual(seenOf("openai/cut").ends, ["error"])
      assert.match(text, /: error\n\n$/)
    }))

  it.effect("are told that the client left", () =>
    Effect.gen(function*() {
      const { url } = yield* Verbatim.Verbatim
      const client = yield* RawClient.send(url, "/v1/chat/completions", { model: "openai/held", stream: true, messages: [{ role: "user", content: "Hi" }] })
      yield* client.until((received) => received.includes("two"))
      yield* client.leave("FIN")
      yield* until(() => (seen.get("openai/held")?.[0]?.ends.length ?? 0) > 0)
      assert.deepInclude(yield* Verbatim.entryOf("openai/held"), { outcome: "Cancelled(client)" })
      assert.deepStrictEqual(seenOf("openai/held").ends, ["interrupted"])
    }))

  it.effect("see the chunks of an answer that a part gave", () =>
    Effect.gen(function*() {
      const { headers, text } = yield* ask("openai/words", "canned")
      assert.strictEqual(headers.get("x-head"), "-1 200 text/event-stream")
      const { ends, texts } = seenOf("openai/words")
      assert.strictEqual(text, `${texts.join("")}: end\n\n`)
      assert.include(text, "one two")
      assert.deepStrictEqual(ends, ["end"])
    }))

  it.effect("see nothing of whole answers", () =>
    Effect.gen(function*() {
      const before = seen.size
      yield* Verbatim.ask("openai", "nobody/knows")
      assert.strictEqual(seen.size, before)
    }))
})
