/** A ledger that does not answer: how long a gateway waits for it, and what the client notices. */
import { assert, it } from "@effect/vitest"
import { Ledger, LedgerUnavailable } from "@sluice/gateway/Ledger"
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { answer } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const answers = { good: { headers: { "content-type": "application/json" }, body: [answer("Hello")] } }

const ledger = (settle: Effect.Effect<void, LedgerUnavailable>, open: Effect.Effect<void, LedgerUnavailable> = Effect.void): Layer.Layer<Ledger> =>
  Layer.mock(Ledger)({ open: () => open, checkpoint: () => Effect.void, settle: () => settle })

it.live("a ledger that hangs holds neither the client's answer nor the end of the gateway", () =>
  Effect.gen(function*() {
    let asked = 0
    const hanging = ledger(Effect.andThen(Effect.sync(() => void asked++), Effect.never))
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Verbatim.layer({ answers, ledger: hanging }), scope)
    const { status } = yield* Effect.provide(Verbatim.ask("openai", "openai/good"), context)
    assert.strictEqual(status, 200)
    yield* Scope.close(scope, Exit.void)
    assert.strictEqual(asked, 1)
  }))

it.live("a ledger that does not take an opening lets nothing go upstream", () =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const refusing = ledger(Effect.void, Effect.fail(new LedgerUnavailable({ reason: "the disk is full" })))
    const context = yield* Layer.buildWithScope(Verbatim.layer({ answers, ledger: refusing }), scope)
    const { headers, status, text } = yield* Effect.provide(Verbatim.ask("openai", "openai/good"), context)
    assert.deepStrictEqual([status, headers.get("retry-after")], [503, "1"])
    assert.include(text, "the disk is full")
    assert.deepStrictEqual(Context.get(context, Verbatim.Verbatim).asked("good"), [])
    yield* Scope.close(scope, Exit.void)
  }))

it.live("a ledger that takes neither opening nor settlement is served around where the settings allow it, and what has no record is counted", () =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const full = Effect.fail(new LedgerUnavailable({ reason: "the disk is full" }))
    let asked = 0
    const refusing = ledger(
      Effect.suspend(() => {
        asked++
        return full
      }),
      full
    )
    const context = yield* Layer.buildWithScope(Verbatim.layer({ answers, ledger: refusing, settings: { onLedgerFailure: "allow" } }), scope)
    const { status } = yield* Effect.provide(Verbatim.ask("openai", "openai/good"), context)
    assert.strictEqual(status, 200)
    yield* Scope.close(scope, Exit.void)
    assert.strictEqual(asked, 1)
    const metrics = yield* PrometheusMetrics.format()
    assert.match(metrics, /sluice_unrecorded_total\{inbound="openai-chat"\} 1/)
    assert.match(metrics, /sluice_unsettled_total\{inbound="openai-chat"\} 1/)
  }).pipe(Effect.provide(Logger.layer([]))))
