/**
 * Rules about what may be said, in requests and in answers: what a rule finds is masked, or ends the exchange with an error in the
 * client's own protocol. The end of an answer is held back while it streams, so that nothing slips through between two events; answers
 * that come whole are judged before they go out.
 *
 * @example
 * Guardrail.layer({ rules: [{ name: "projects", own: [{ name: "code-name", pattern: "Project \\w+" }], action: "block" }] })
 */
import { fail, type Failure } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Condition from "../Condition.ts"
import type { ExchangeContext } from "../Extension.ts"
import * as Interceptor from "../Interceptor.ts"
import * as Patterns from "../Patterns.ts"
import { merged, type Span } from "../patterns/Span.ts"
import type { Interceptors } from "../Registries.ts"
import * as HeldFrames from "../texts/HeldFrames.ts"
import * as PatternRule from "../texts/PatternRule.ts"
import * as RequestTexts from "../texts/RequestTexts.ts"

/** One rule. */
export interface Rule extends Patterns.Wanted {
  /** Stands in errors. */
  readonly name: string
  /** `mask`: a word such as `[email]` stands in its place. `block`: the request is refused, or the answer ends with an error. */
  readonly action: "mask" | "block"
  /** Absent = both. */
  readonly on?: ReadonlyArray<"request" | "answer">
  /** Absent = always. */
  readonly when?: Condition.Condition
}

/** What a guardrail is made of. */
export interface Options {
  readonly rules: ReadonlyArray<Rule>
  /** Characters held back at the end of an answer while it streams; longer matches may be recognised too late. Absent = 256. */
  readonly hold?: number
}

const defaultHold = 256

interface Compiled {
  readonly rule: Rule
  readonly search: Patterns.Search
  readonly holds: (facts: Condition.Facts) => boolean
}

const compile = (rule: Rule): Result.Result<Compiled, Patterns.PatternError> =>
  Result.map(Patterns.make(rule), (search) => ({ rule, search, holds: Condition.make(rule.when) }))

const refusal = (name: string, what: "request" | "answer"): Failure => ({
  class: "content-filter",
  code: "guardrail",
  message: what === "request" ? `The request is not allowed by the rule "${name}".` : `The answer was stopped by the rule "${name}".`
})

/** Labels of what blocks, told from those of masks. */
const blocking = "block:"

const overlaps = (one: Span, other: Span): boolean => one.from < other.to && other.from < one.to

/** All rules as one search; where a mask and a block meet, the block stands. */
const together = (rules: ReadonlyArray<Compiled>): Patterns.Search => {
  const masks = rules.filter(({ rule }) => rule.action === "mask")
  const blocks = rules.filter(({ rule }) => rule.action === "block")
  return (text) => {
    const masked = merged(masks.flatMap(({ search }) => search(text)))
    if (blocks.length === 0) return masked
    const blocked = merged(blocks.flatMap(({ rule, search }) => search(text).map((span) => ({ ...span, label: blocking + rule.name }))))
    return blocked.length === 0
      ? masked
      : [...masked.filter((mask) => !blocked.some((block) => overlaps(mask, block))), ...blocked].toSorted((a, b) => a.from - b.from)
  }
}

const ruleOf = (rules: ReadonlyArray<Compiled>, side: "request" | "answer"): Omit<PatternRule.Options, "hold"> => ({
  search: together(rules),
  wants: () => true,
  verdict: ({ label }) =>
    label.startsWith(blocking) ? { _tag: "Block", failure: refusal(label.slice(blocking.length), side) } : { _tag: "Mask", by: `[${label}]` }
})

const untouched: Interceptor.FrameStage = { step: (frame) => [frame] }

const parts = (all: ReadonlyArray<Compiled>, hold: number): Layer.Layer<never, never, Interceptors> => {
  const on = (side: "request" | "answer") => all.filter(({ rule }) => rule.on === undefined || rule.on.includes(side))
  const ofRequests = on("request")
  const ofAnswers = on("answer")

  /** Changes the texts of a request, or fails as the first rule that blocks says. */
  const judged = <Q>(request: Q, context: ExchangeContext, walk: (request: Q, change: Parameters<typeof RequestTexts.of>[1]) => Q) => {
    const rules = ofRequests.filter(({ holds }) => holds(context))
    if (rules.length === 0) return Effect.succeed(request)
    const rule = ruleOf(rules, "request")
    let blocked: Failure | undefined
    const changed = walk(request, (text, passage) => {
      if (blocked !== undefined) return text
      const made = PatternRule.change(rule, text, passage)
      blocked = made.blocked
      return made.text
    })
    return blocked === undefined ? Effect.succeed(changed) : Effect.fail(fail(blocked))
  }

  return Interceptor.layer({
    id: "guardrail",
    ...(ofRequests.length === 0 ? {} : {
      request: (request, context) => judged(request, context, RequestTexts.of),
      embed: (request, context) => judged(request, context, RequestTexts.ofEmbedding)
    }),
    ...(ofAnswers.length === 0 ? {} : {
      events: (context) => {
        const rules = ofAnswers.filter(({ holds }) => holds(context))
        return rules.length === 0 ? untouched : HeldFrames.make(PatternRule.make({ ...ruleOf(rules, "answer"), hold }))
      }
    })
  })
}

/** Fails where a pattern of one's own cannot be used. */
export const layer = ({ hold = defaultHold, rules }: Options): Layer.Layer<never, Patterns.PatternError, Interceptors> =>
  Result.match(Result.all(rules.map(compile)), {
    onFailure: (error) => Layer.effectDiscard(Effect.fail(error)),
    onSuccess: (compiled) => parts(compiled, hold)
  })
