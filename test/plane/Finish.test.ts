/**
 * Every extension that was entered is finished exactly once, in reverse order, however the exchange ended: over the ways to end, the
 * number of extensions, and where among them it goes wrong.
 */
import { assert, describe, it } from "@effect/vitest"
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import * as Extension from "@sluice/gateway/Extension"
import type { Gateway } from "@sluice/gateway/Gateway"
import { Generations } from "@sluice/gateway/Generations"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { Ledger } from "@sluice/gateway/Ledger"
import { Lifecycle } from "@sluice/gateway/Lifecycle"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { RecordedAnswer } from "@sluice/gateway/RecordedAnswer"
import * as ShortCircuit from "@sluice/gateway/ShortCircuit"
import { OpenAiChat } from "@sluice/openai"
import { frame } from "@sluice/protocol/CanonicalEvent"
import { fail } from "@sluice/protocol/GatewayError"
import { label } from "@sluice/protocol/Outcome"
import { Effect, Exit, Fiber, Layer, Option, Schema, Scope } from "effect"
import { HttpServerError } from "effect/http"
import { TestClock } from "effect/testing"
import * as InProcess from "./InProcess.ts"

/** How an exchange ends, and what the ledger says of it. `k` stands for the extension it depends on. */
const ways = {
  completed: "Completed",
  "completed-whole": "Completed",
  "refused upstream": "UpstreamFailed(bad-request)",
  cut: "Truncated",
  "client gone before the head": "Cancelled(client)",
  "client gone in mid-stream": "Cancelled(client)",
  "never pulled": "Cancelled(unpolled)",
  drained: "Cancelled(server)",
  "shut down": "Cancelled(server)",
  "defect of ours": "Defect",
  "defect in mid-stream": "Defect",
  "denied by k": "Denied(admit:k)",
  "short-circuited by k": "Denied(admit:k)",
  "answered by k": "Cached(admit:k)",
  "k dies": "Denied(admit:k)",
  "k hangs": "Denied(admit:k)",
  "found by k": "Cached(lookup:k)",
  "denied by an interceptor": "Denied(interceptor:stop)",
  "denied in its frames": "Denied(interceptor:stop)",
  "finish of k dies": "Completed",
  "finish of k hangs": "Completed"
} as const

type Way = keyof typeof ways

/** Whether the exchange ends while extensions are entered, at `k`. */
const endsAtAdmission: ReadonlySet<string> = new Set<Way>(["denied by k", "short-circuited by k", "answered by k", "k dies", "k hangs"])

const nameOf = (index: number): string => `e${String(index).padStart(2, "0")}`

const recorded: RecordedAnswer = {
  exchange: ExchangeId.make("01M7WQRHD3YJ1YRN1MV6WSD001"),
  recordedAt: 1,
  provider: ProviderId.make("up"),
  upstream: OpenAiChat.dialect.id,
  upstreamModel: "stream",
  finish: "stop",
  form: "stream",
  frames: [
    frame({ type: "start" }),
    frame({ type: "block-start", choice: 0, index: 0, kind: "text" }),
    frame({ type: "text-delta", choice: 0, index: 0, text: "kept" }),
    frame({ type: "block-end", choice: 0, index: 0 }, { type: "finish", choice: 0, reason: "stop" }, { type: "end" })
  ]
}

interface Log {
  readonly entered: Array<string>
  readonly finished: Array<string>
}

const extension = (way: Way, index: number, isK: boolean, log: Log) => {
  const id = nameOf(index)
  const is = (name: Way): boolean => isK && way === name
  return Extension.layer({
    id,
    timeout: "1 second",
    admit: () => {
      log.entered.push(id)
      if (is("denied by k")) return fail({ class: "denied", message: "No.", status: 403 })
      if (is("short-circuited by k")) return ShortCircuit.reply({ status: 418 })
      if (is("answered by k")) return ShortCircuit.text("By myself.")
      if (is("k dies")) throw new Error("a bug")
      return is("k hangs") ? Effect.never : Effect.void
    },
    lookup: () => Effect.succeed(is("found by k") ? Option.some(recorded) : Option.none()),
    observe: () => Effect.void,
    finish: ({ outcome }) =>
      Effect.suspend(() => {
        log.finished.push(`${id} ${label(outcome)}`)
        return is("finish of k dies") ? Effect.die("a bug") : is("finish of k hangs") ? Effect.never : Effect.void
      })
  })
}

const stop = (way: Way) =>
  Interceptor.layer({
    id: "stop",
    ...(way === "denied by an interceptor" ? { request: () => fail({ class: "denied", message: "No." }) } : {}),
    ...(way === "denied in its frames"
      ? { events: () => ({ step: () => [frame({ type: "error", failure: { class: "content-filter", message: "No." } })] }) }
      : {})
  })

const models: { readonly [W in Way]?: InProcess.Model } = {
  "completed-whole": "whole",
  "refused upstream": "refuses",
  cut: "cut",
  "client gone before the head": "silent",
  "client gone in mid-stream": "stalls",
  "never pulled": "stalls",
  drained: "stalls",
  "shut down": "stalls",
  "defect of ours": "dies",
  "defect in mid-stream": "buggy"
}

const byClient = HttpServerError.ClientAbort.annotation

/** Time passes until everything that waits for the wheel has seen it. */
const pass = Effect.forEach(Array.from({ length: 80 }), () => TestClock.adjust("100 millis"), { discard: true })

/** Runs one exchange to its end, in the given way. */
const run = (way: Way, gateway: Gateway) =>
  Effect.gen(function*() {
    const model = models[way] ?? "stream"
    const request = yield* Scope.make()
    const handled = Scope.provide(InProcess.handle(gateway, model, { stream: model !== "whole" }), request)
    const driven = Effect.gen(function*() {
      const reply = yield* handled
      return way === "never pulled" ? "" : yield* InProcess.text(reply)
    })
    switch (way) {
      case "client gone before the head":
      case "client gone in mid-stream": {
        const fiber = yield* Effect.forkChild(driven, { startImmediately: true })
        yield* TestClock.adjust("100 millis")
        fiber.interruptUnsafe(undefined, byClient)
        yield* Fiber.await(fiber)
        return yield* Scope.close(request, Exit.void)
      }
      case "drained": {
        const fiber = yield* Effect.forkChild(driven, { startImmediately: true })
        yield* Effect.flatMap(Lifecycle, ({ drain }) => drain({ lameDuckMs: 0, drainMs: 0 }))
        yield* pass
        yield* Fiber.await(fiber)
        return yield* Scope.close(request, Exit.void)
      }
      case "shut down": {
        const fiber = yield* Effect.forkChild(driven, { startImmediately: true })
        fiber.interruptUnsafe()
        yield* Fiber.await(fiber)
        return yield* Scope.close(request, Exit.void)
      }
      default: {
        const fiber = yield* Effect.forkChild(Effect.ensuring(Effect.exit(driven), Scope.close(request, Exit.void)), { startImmediately: true })
        yield* pass
        yield* Fiber.await(fiber)
      }
    }
  })

const Case = Schema.Struct({
  way: Schema.Literals(Object.keys(ways).filter((way): way is Way => way in ways)),
  extensions: Schema.Literals([0, 1, 2, 3, 5, 16]),
  at: Schema.Natural.check(Schema.isLessThanOrEqualTo(15))
})

const check = ({ at, extensions, way }: typeof Case.Type) =>
  Effect.gen(function*() {
    const log: Log = { entered: [], finished: [] }
    const k = extensions === 0 ? 0 : at % extensions
    const parts = Layer.mergeAll(stop(way), ...Array.from({ length: extensions }, (_, index) => extension(way, index, index === k, log)))
    const outcome = extensions === 0 && / k|k /.test(way) ? "Completed" : ways[way].replace(":k", `:${nameOf(k)}`)
    yield* Effect.gen(function*() {
      const { current } = yield* Generations
      yield* run(way, current())
      yield* pass
      const rows = yield* Effect.flatMap(Ledger, ({ query }) => query({ limit: 10 }))
      assert.deepStrictEqual(rows.map(({ outcome, status }) => [outcome, status === "open"]), [[outcome, false]], way)
    }).pipe(Effect.provide(InProcess.layer(parts), { local: true }))
    const names = Array.from({ length: extensions }, (_, index) => nameOf(index))
    const entered = endsAtAdmission.has(way) && extensions > 0 ? names.slice(0, k + 1) : names
    assert.deepStrictEqual(log.entered, entered, way)
    assert.deepStrictEqual(log.finished, entered.toReversed().map((id) => `${id} ${outcome}`), way)
  })

describe("extensions that were entered", () => {
  for (const way of Case.fields.way.literals) {
    it.effect(`are finished once, in reverse: ${way}`, () => check({ way, extensions: 3, at: 1 }))
  }

  it.effect.prop("are finished once, in reverse, whatever ends the exchange and wherever", [Case], ([each]) => check(each), {
    arbitrary: { runs: 150 }
  })
})
