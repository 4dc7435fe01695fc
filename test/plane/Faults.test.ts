/** What becomes of exchanges when a part of the gateway is at fault: it dies, takes too long, or is fused; open or closed. */
import { assert, layer } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import * as Fuse from "@sluice/gateway/Fuse"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { Effect, Layer, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { answer, ended, said } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const json = { "content-type": "application/json" }
const answers: { readonly [model: string]: Verbatim.Answer } = {
  whole: { headers: json, body: [answer("Hello")] },
  stream: { body: [said("Hello"), said(" there"), ...ended] }
}

const fuses = Fuse.fuses()
const bug = (): never => {
  throw new Error("a bug")
}

/** Parts do their harm only to the test that names them. */
type When = (context: Pick<Extension.ExchangeContext, "header">) => boolean
const when = (name: string): When => ({ header }) => header("x-test") === name

const dying = (name: string, more: Partial<Interceptor.Interceptor>) => {
  const is = when(name)
  return Interceptor.layer({ id: name, request: (request, context) => is(context) ? bug() : Effect.succeed(request), ...more })
}

const finished: Array<string> = []

const parts = Layer.mergeAll(
  dying("throws-closed", {}),
  dying("throws-open", { failPolicy: "open" }),
  dying("dies", { request: (request, context) => when("dies")(context) ? Effect.die(new Error("a bug")) : Effect.succeed(request), fuseAfter: 2 }),
  dying("fused-open", { failPolicy: "open", fuseAfter: 3 }),
  dying("hangs-closed", { timeout: "100 millis", request: (request, context) => when("hangs-closed")(context) ? Effect.never : Effect.succeed(request) }),
  Interceptor.layer({
    id: "hangs-open",
    timeout: "100 millis",
    failPolicy: "open",
    attempt: (request, context) => when("hangs-open")(context) ? Effect.uninterruptible(Effect.never) : Effect.succeed(request)
  }),
  dying("interrupts", { request: (request, context) => when("interrupts")(context) ? Effect.interrupt : Effect.succeed(request), failPolicy: "open" }),
  Interceptor.layer({ id: "frames-closed", events: (context) => ({ step: (frame) => when("frames-closed")(context) ? bug() : [frame] }) }),
  Interceptor.layer({
    id: "frames-open",
    failPolicy: "open",
    events: (context) => ({ step: (frame) => when("frames-open")(context) && frame.events.some(({ type }) => type === "text-delta") ? bug() : [frame] })
  }),
  Interceptor.layer({
    id: "illegal",
    events: (context) => ({ step: (frame) => when("illegal")(context) ? frame.events.some(({ type }) => type === "block-start") ? [] : [frame] : [frame] })
  }),
  Interceptor.layer({
    id: "start-closed",
    events: (context) => when("start-closed")(context) ? bug() : ({ step: (frame) => [frame] })
  }),
  Interceptor.layer({
    id: "chunks-closed",
    chunks: (context) => ({ step: ({ bytes, index }) => when("chunks-closed")(context) && index === 1 ? bug() : bytes })
  }),
  Interceptor.layer({
    id: "chunks-open",
    failPolicy: "open",
    chunks: (context) => ({ step: ({ bytes, index }) => when("chunks-open")(context) && index === 1 ? bug() : bytes })
  }),
  Interceptor.layer({
    id: "header-reply",
    response: (_, context) =>
      Effect.succeed(
        when("header-reply")(context)
          ? { headers: { set: { "x-cut": "a\r\nset-cookie: b" } } }
          : when("odd-reply")(context)
          ? { status: 7, headers: { set: { "content-length": "1" } } }
          : undefined
      )
  }),
  Interceptor.layer({
    id: "header-attempt",
    attempt: (request, context) => Effect.succeed(when("header-attempt")(context) ? Interceptor.change({ headers: { set: { "bad name": "a" } } }) : request)
  }),
  Interceptor.layer({ id: "header-head", chunks: (context) => ({ head: () => when("header-head")(context) ? { set: { "x-a": "\n" } } : undefined }) }),
  Interceptor.layer({ id: "head-closed", chunks: (context) => ({ head: () => when("head-closed")(context) ? bug() : undefined }) }),
  Interceptor.layer({ id: "reply-closed", response: (_, context) => when("reply-closed")(context) ? bug() : Effect.succeed(undefined) }),
  Interceptor.layer({ id: "reply-open", failPolicy: "open", response: (_, context) => when("reply-open")(context) ? bug() : Effect.succeed(undefined) }),
  Extension.layer({ id: "admits-closed", fuseAfter: 2, admit: (context) => when("admits-closed")(context) ? bug() : Effect.void }),
  Extension.layer({ id: "lookup-open", lookup: (_, context) => when("lookup-open")(context) ? bug() : Effect.succeedNone }),
  Extension.layer({
    id: "observes",
    fuseAfter: 2,
    observe: (_, context) => when("observes")(context) ? bug() : Effect.void,
    finish: (_, context) => when("observes")(context) ? Effect.sync(() => void finished.push("observes")) : Effect.void
  }),
  Extension.layer({ id: "finishes", finish: (_, context) => when("finishes")(context) ? Effect.die("a bug") : Effect.void }),
  Extension.layer({ id: "last", priority: -1, finish: (_, context) => Effect.sync(() => void finished.push(`last ${context.header("x-test")}`)) })
)

const ask = (test: string, stream = false) =>
  Effect.flatMap(Verbatim.Verbatim, ({ url }) =>
    Verbatim.send(
      `${url}/v1/chat/completions`,
      JSON.stringify({ model: stream ? "openai/stream" : "openai/whole", stream, messages: [{ role: "user", content: "Hi" }] }),
      { "x-test": test }
    ))

const outcome = (stream = false) => Effect.map(Verbatim.entriesOf(stream ? "openai/stream" : "openai/whole"), ([entry]) => entry?.outcome)

const statusOf = (id: string): Fuse.Status | undefined => fuses.status().find((status) => status.id === id)

const metrics = (of: RegExp) =>
  PrometheusMetrics.format().pipe(
    Effect.flatMap((text) => of.test(text) ? Effect.succeed(text) : Effect.fail("pending" as const)),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 }),
    Effect.orDie
  )

const until = (holds: () => boolean) =>
  Effect.suspend(() => holds() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }),
    Effect.orDie
  )

layer(Verbatim.layer({ answers, parts, fuses: Layer.succeed(Fuse.Fuses, fuses) }), { excludeTestServices: true })("a part at fault", (it) => {
  for (const test of ["throws-closed", "hangs-closed"]) {
    it.effect(`fails the exchange where it is closed: ${test}`, () =>
      Effect.gen(function*() {
        const { headers, status, text } = yield* ask(test)
        assert.strictEqual(status, 503)
        assert.strictEqual(JSON.parse(text).error.message, `The interceptor "${test}" does not work, and nothing passes without it.`)
        assert.strictEqual(headers.get("retry-after"), "1")
        assert.strictEqual(yield* outcome(), `Denied(interceptor:${test})`)
        assert.deepInclude(statusOf(`interceptor:${test}`), { faults: 1, failPolicy: "closed", isFused: false })
      }))
  }

  for (const test of ["throws-open", "hangs-open", "interrupts", "reply-open", "lookup-open"]) {
    it.effect(`changes nothing where it is open: ${test}`, () =>
      Effect.gen(function*() {
        const { status, text } = yield* ask(test)
        assert.strictEqual(status, 200)
        assert.strictEqual(JSON.parse(text).choices[0].message.content, "Hello")
        assert.strictEqual(yield* outcome(), "Completed")
        assert.strictEqual(fuses.status().find(({ part }) => part === test)?.faults, 1)
      }))
  }

  it.effect("is counted by part and kind of fault", () =>
    Effect.gen(function*() {
      yield* ask("throws-open")
      yield* ask("hangs-open")
      const text = yield* metrics(
        /sluice_part_faults_total\{part="interceptor:hangs-open",fault="timeout"\}|sluice_part_faults_total\{fault="timeout",part="interceptor:hangs-open"\}/
      )
      assert.match(text, /sluice_part_faults_total\{[^}]*"interceptor:throws-open"[^}]*\} [1-9]/)
    }))

  it.effect("is fused after so many faults: closed parts fail closed, others and their fuses go on, and a reset makes it whole", () =>
    Effect.gen(function*() {
      yield* ask("dies")
      yield* ask("dies")
      assert.deepInclude(statusOf("interceptor:dies"), { faults: 2, after: 2, isFused: true, lastFault: "Error: a bug" })
      // Now everything is refused, also what did it no harm
      const { status } = yield* ask("none")
      assert.strictEqual(status, 503)
      assert.strictEqual(yield* outcome(), "Denied(interceptor:dies)")
      assert.strictEqual(statusOf("interceptor:dies")?.faults, 2)
      yield* metrics(/sluice_part_skipped_total\{[^}]*"interceptor:dies"[^}]*\}/)
      assert.isTrue(fuses.reset("interceptor:dies"))
      assert.isFalse(fuses.reset("interceptor:nobody"))
      assert.strictEqual((yield* ask("none")).status, 200)
    }))

  it.effect("is skipped once it is fused, where it is open", () =>
    Effect.gen(function*() {
      for (let times = 0; times < 5; times++) assert.strictEqual((yield* ask("fused-open")).status, 200)
      assert.deepInclude(statusOf("interceptor:fused-open"), { faults: 3, isFused: true })
    }))

  it.effect("that admits is closed without saying so, and is not entered once it is fused", () =>
    Effect.gen(function*() {
      finished.length = 0
      for (let times = 0; times < 3; times++) assert.strictEqual((yield* ask("admits-closed")).status, 503)
      assert.strictEqual(yield* outcome(), "Denied(admit:admits-closed)")
      assert.deepInclude(statusOf("extension:admits-closed"), { faults: 2, isFused: true })
      fuses.reset("extension:admits-closed")
    }))

  it.effect("in its frames ends the answer where it is closed: with a status before the head", () =>
    Effect.gen(function*() {
      for (const test of ["frames-closed", "start-closed", "illegal"]) {
        const { status } = yield* ask(test)
        assert.strictEqual(status, 503, test)
        assert.strictEqual(yield* outcome(), `Denied(interceptor:${test})`)
      }
      assert.match(statusOf("interceptor:illegal")?.lastFault ?? "", /illegal sequence/)
    }))

  it.effect("in its frames is taken out of the answer where it is open", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("frames-open", true)
      assert.match(text, /Hello[^]*there[^]*\[DONE\]/)
      assert.strictEqual(yield* outcome(true), "Completed")
      assert.strictEqual(statusOf("interceptor:frames-open")?.faults, 1)
    }))

  it.effect("in its chunks ends the stream with an error where it is closed, and is taken out where it is open", () =>
    Effect.gen(function*() {
      const closed = yield* ask("chunks-closed", true)
      assert.strictEqual(closed.status, 200)
      assert.include(closed.text, "does not work")
      assert.notInclude(closed.text, "there")
      assert.strictEqual(yield* outcome(true), "Denied(interceptor:chunks-closed)")
      const open = yield* ask("chunks-open", true)
      assert.match(open.text, /Hello[^]*there[^]*\[DONE\]/)
    }))

  it.effect("before the head of a stream is told with a status", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask("head-closed", true)).status, 503)
      assert.strictEqual(yield* outcome(true), "Denied(interceptor:head-closed)")
    }))

  for (const [test, stream] of [["header-reply", false], ["header-attempt", false], ["header-head", true]] as const) {
    it.effect(`is what sets a header that HTTP cannot carry: ${test}`, () =>
      Effect.gen(function*() {
        const { headers, status } = yield* ask(test, stream)
        assert.strictEqual(status, 503)
        assert.isNull(headers.get("set-cookie"))
        assert.strictEqual(yield* outcome(stream), `Denied(interceptor:${test})`)
        assert.match(statusOf(`interceptor:${test}`)?.lastFault ?? "", /which HTTP cannot carry/)
      }))
  }

  it.effect("that says what is HTTP's own is not heard", () =>
    Effect.gen(function*() {
      const { status, text } = yield* ask("odd-reply")
      assert.strictEqual(status, 200)
      assert.strictEqual(JSON.parse(text).choices[0].message.content, "Hello")
    }))

  it.effect("in whole replies is told once", () =>
    Effect.gen(function*() {
      const { status, text } = yield* ask("reply-closed")
      assert.strictEqual(status, 503)
      assert.include(text, "does not work")
      assert.strictEqual(yield* outcome(), "Denied(interceptor:reply-closed)")
    }))

  it.effect("beside the exchange leaves answers alone, and is finished all the same", () =>
    Effect.gen(function*() {
      finished.length = 0
      const { text } = yield* ask("observes", true)
      assert.match(text, /Hello[^]*\[DONE\]/)
      yield* until(() => finished.includes("observes"))
      assert.deepInclude(statusOf("extension:observes"), { isFused: true })
    }))

  it.effect("at the end keeps nobody else from finishing", () =>
    Effect.gen(function*() {
      finished.length = 0
      yield* ask("finishes")
      yield* until(() => finished.includes("last finishes"))
      assert.strictEqual(yield* outcome(), "Completed")
      assert.strictEqual(statusOf("extension:finishes")?.faults, 1)
    }))
})
