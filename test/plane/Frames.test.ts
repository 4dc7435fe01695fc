/** What stages of frames may do with an answer: hold back, refuse, and hear once how it ended, in every lane and form. */
import { assert, layer } from "@effect/vitest"
import * as Interceptor from "@sluice/gateway/Interceptor"
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import { Effect, Layer, Schedule } from "effect"
import * as RawClient from "../end-to-end/RawClient.ts"
import { answer, chunk, ended, said } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const json = { "content-type": "application/json" }

/** Kept until a client has its head. */
const secret = Promise.withResolvers<string>()

const answers: { readonly [model: string]: Verbatim.Answer } = {
  words: { body: [said("one "), said("two "), said("three"), ...ended] },
  whole: { headers: json, body: [answer("one two three")] },
  fails: { body: [said("one "), Verbatim.sse({ error: { message: "Boom.", type: "server_error" } })] },
  cut: { body: [said("one "), said("two ")] },
  held: { body: [said("one "), said("two ")], ending: "held" },
  forbidden: { body: [chunk({ role: "assistant", content: "" }), said("a secret"), said(" more"), ...ended] },
  "forbidden-later": { body: [said("fine "), secret.promise, said(" more"), ...ended] },
  "forbidden-whole": { headers: json, body: [answer("a secret")] },
  early: { status: 500, headers: json, body: [JSON.stringify({ error: { message: "Boom." } })] }
}

const ends: Array<string> = []
const deltas = (frame: Frame): ReadonlyArray<CanonicalEvent> => frame.events.filter(({ type }) => type === "text-delta")

/** Holds back everything from the first text to the end. */
const holding = Interceptor.layer({
  id: "hold",
  events: ({ header, model }) => {
    const isOn = header("x-test") === "hold"
    let held: Array<Frame> = []
    return {
      step: (frame) => {
        if (!isOn || (held.length === 0 && deltas(frame).length === 0)) return [frame]
        const isLast = frame.events.some(({ type }) => type === "end" || type === "error")
        const rest = frame.events.filter(({ type }) => type !== "end" && type !== "error")
        if (rest.length > 0) held.push({ ...frame, events: rest })
        return isLast ? [{ events: frame.events.filter(({ type }) => type === "end" || type === "error") }] : []
      },
      end: (reason) => {
        ends.push(`hold ${model} ${reason}`)
        const all = held
        held = []
        return all
      }
    }
  }
})

const refusing = Interceptor.layer({
  id: "guard",
  priority: -1,
  events: ({ attempt, model }) => ({
    step: (frame) =>
      frame.events.some((event) => event.type === "text-delta" && event.text.includes("secret"))
        ? [{ events: [{ type: "error", failure: { class: "content-filter", message: "Not for you." } }] }]
        : [frame],
    end: (reason) => {
      ends.push(`guard ${model} ${attempt} ${reason}`)
      return []
    }
  })
})

const ask = (model: string, test = "none", stream = true) =>
  Effect.gen(function*() {
    ends.length = 0
    const { url } = yield* Verbatim.Verbatim
    return yield* Verbatim.send(`${url}/v1/chat/completions`, JSON.stringify({ model, stream, messages: [{ role: "user", content: "Hi" }] }), {
      "x-test": test
    })
  })

const words = (text: string): string => [...text.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word).join("")

const until = (holds: () => boolean) =>
  Effect.suspend(() => holds() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }),
    Effect.orDie
  )

layer(Verbatim.layer({ answers, parts: Layer.mergeAll(holding, refusing) }), { excludeTestServices: true })("a stage of frames", (it) => {
  it.effect("gives what it held back before the end of the answer", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("openai/words", "hold")
      assert.strictEqual(words(text), "one two three")
      assert.match(text, /"finish_reason":"stop"[^]*data: \[DONE\]\n\n$/)
      assert.deepStrictEqual(ends, ["hold openai/words end", "guard openai/words 1 end"])
      assert.deepInclude((yield* Verbatim.entriesOf("openai/words"))[0], { outcome: "Completed", usage: { input: 7, output: 3 } })
    }))

  it.effect("gives it in whole answers too", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("openai/whole", "hold", false)
      assert.strictEqual(JSON.parse(text).choices[0].message.content, "one two three")
      assert.deepStrictEqual(ends, ["hold openai/whole end", "guard openai/whole 1 end"])
    }))

  for (const model of ["openai/fails", "openai/cut"]) {
    it.effect(`gives it before the error an answer ends with: ${model}`, () =>
      Effect.gen(function*() {
        const { text } = yield* ask(model, "hold")
        assert.match(words(text), /^one /)
        assert.isAbove(text.indexOf(`"error"`), text.indexOf("one "))
        assert.deepStrictEqual(ends, [`hold ${model} error`, `guard ${model} 1 error`])
      }))
  }

  it.effect("hears that the client left, and nothing else", () =>
    Effect.gen(function*() {
      const { url } = yield* Verbatim.Verbatim
      ends.length = 0
      const client = yield* RawClient.send(url, "/v1/chat/completions", { model: "openai/held", stream: true, messages: [{ role: "user", content: "Hi" }] })
      yield* client.until((received) => received.includes("two"))
      yield* client.leave("RST")
      yield* until(() => ends.length === 2)
      assert.deepStrictEqual(ends, ["hold openai/held interrupted", "guard openai/held 1 interrupted"])
      assert.deepInclude(yield* Verbatim.entryOf("openai/held"), { outcome: "Cancelled(client)" })
    }))

  it.effect("refuses with a status while nothing has gone out", () =>
    Effect.gen(function*() {
      const { status, text } = yield* ask("openai/forbidden-whole", "none", false)
      assert.strictEqual(status, 400)
      assert.strictEqual(JSON.parse(text).error.message, "Not for you.")
      assert.deepInclude(yield* Verbatim.entryOf("openai/forbidden-whole"), {
        outcome: "Denied(interceptor:guard)",
        usage: { input: 7, output: 3 },
        attempts: 1
      })
    }))

  it.effect("refuses in the stream once something has, and the provider is left", () =>
    Effect.gen(function*() {
      ends.length = 0
      const { url } = yield* Verbatim.Verbatim
      const body = JSON.stringify({ model: "openai/forbidden-later", stream: true, messages: [{ role: "user", content: "Hi" }] })
      const headers = { authorization: "Bearer sk-test", "content-type": "application/json" }
      const text = yield* Effect.promise(async () => {
        const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })
        assert.strictEqual(response.status, 200)
        secret.resolve(said("a secret"))
        return response.text()
      })
      assert.strictEqual(words(text), "fine ")
      assert.notInclude(text, "secret")
      assert.include(text, "Not for you.")
      assert.notInclude(text, `"finish_reason":"stop"`)
      assert.deepStrictEqual(ends.filter((line) => line.startsWith("guard")), ["guard openai/forbidden-later 1 error"])
      const entry = yield* Verbatim.entryOf("openai/forbidden-later")
      assert.deepInclude(entry, { outcome: "Denied(interceptor:guard)", attempts: 1 })
      assert.isAbove(entry.usage.input ?? 0, 0)
    }))

  it.effect("is not started for what fails before it answers", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask("openai/early")).status, 502)
      assert.deepStrictEqual(ends, [])
    }))
})
