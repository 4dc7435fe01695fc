/**
 * Asks the extensions that keep answers for one before a provider is asked, and hands them the answer of a provider when the exchange
 * has ended, where they had none. Limits are reserved before, so that a hit counts as a request and costs no tokens.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { contextOf, type Exchange } from "./Exchange.ts"
import type { Extension } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import * as GivenAnswer from "./GivenAnswer.ts"
import type { Given } from "./GivenAnswer.ts"
import type { Installed } from "./Hooks.ts"
import type { Settlement } from "./Ledger.ts"
import * as PartCall from "./PartCall.ts"
import type { RecordedAnswer } from "./RecordedAnswer.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as Recording from "./stages/Recording.ts"

/** The first answer there is; where there is none, that of the provider is gathered for those who want to keep it. */
export const find = Effect.fnUntraced(function*(
  gateway: Gateway,
  exchange: Exchange,
  entered: ReadonlyArray<Installed<Extension>>,
  request: CanonicalRequest,
  hideUsage: boolean
): Effect.fn.Return<Given | undefined, Stop> {
  const context = contextOf(exchange)
  const place = { gateway, exchange, step: "lookup" }
  for (const hook of gateway.hooks.lookup) {
    if (!entered.some(({ id }) => id === hook.id)) continue
    const found = yield* PartCall.run(place, hook, (lookup) => lookup(request, context), Option.none<RecordedAnswer>())
    if (Option.isNone(found)) continue
    const problem = GivenAnswer.problem(found.value.frames)
    if (problem !== undefined) yield* Effect.fromResult(PartCall.fault(place, hook, problem, undefined))
    else return given(PartCall.nameOf(place, hook), found.value, hideUsage)
  }
  const keepers = entered.filter(({ call }) => call.store !== undefined)
  if (keepers.length > 0) exchange.recording = Recording.make(keepers, request)
  return undefined
})

const given = (by: string, { costUsd, exchange, form, frames }: RecordedAnswer, hideUsage: boolean): Given => ({
  by,
  frames,
  form,
  headers: { "x-sluice-cache": "hit", "x-sluice-cache-of": exchange },
  savedUsd: costUsd,
  hideUsage
})

/** How long an extension may take to keep an answer where it does not ask for less, in milliseconds. */
const storeWithinMs = 5_000

/** Hands the whole answer of a settled exchange to those who keep answers. */
export const store = (gateway: Gateway, exchange: Exchange, record: Settlement): Effect.Effect<void> => {
  const { recording } = exchange
  const { outcome, provider, upstream, upstreamModel } = record
  const isWhole = (outcome._tag === "Completed" || outcome._tag === "Incomplete") && outcome.brokeAfter !== true
  const whole = recording === undefined || !isWhole ? undefined : recording.whole()
  if (recording === undefined || whole === undefined || provider === undefined || upstream === undefined || upstreamModel === undefined) return Effect.void
  const answer: RecordedAnswer = {
    ...whole,
    exchange: exchange.id,
    recordedAt: record.endedAt,
    provider,
    upstream,
    upstreamModel,
    finish: record.finish ?? "missing",
    ...(record.costUsd === undefined ? {} : { costUsd: record.costUsd })
  }
  const context = contextOf(exchange)
  const place = { gateway, exchange, step: "store" }
  return Effect.ignore(Effect.forEach(recording.keepers, (keeper) => {
    const hook: Installed<Extension> = { ...keeper, failPolicy: "open", timeoutMs: Math.min(keeper.timeoutMs, storeWithinMs) }
    return PartCall.run(place, hook, ({ store }) => store?.(answer, recording.request, context) ?? Effect.void, undefined)
  }, { discard: true }))
}
