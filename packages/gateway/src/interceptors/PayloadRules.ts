/**
 * Edits requests in the provider's own words, by JSON Pointer, after they were encoded for it: for options that no canonical word stands
 * for. `default` sets what is not there, `override` sets whatever is there, `filter` takes out. Every change is reported as a loss.
 *
 * @example
 * PayloadRules.layer([{ override: { "/reasoning/effort": "low" }, when: { upstreamModels: ["gpt-5*"] } }])
 */
import { sameJson } from "@sluice/protocol/Equality"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Condition from "../Condition.ts"
import * as Interceptor from "../Interceptor.ts"
import type { Interceptors } from "../Registries.ts"

/** When a rule applies: beside whom, what stands in the body and in the client's headers. */
export interface When extends Condition.AttemptCondition {
  /** Headers the client sent, by lower-case name; one `*` in a value stands for anything. */
  readonly headers?: { readonly [name: string]: string }
  /** Places of the body at which something must stand. */
  readonly has?: ReadonlyArray<string>
  /** Values that must stand at places of the body. */
  readonly equals?: { readonly [pointer: string]: Json }
}

/** One rule; what it does is done in the order of the keys here. */
export interface Rule {
  /** Values by JSON Pointer, set where nothing stands. What the gateway itself fills in counts as there. */
  readonly default?: { readonly [pointer: string]: Json }
  /** Values by JSON Pointer, set whatever stands there. */
  readonly override?: { readonly [pointer: string]: Json }
  /** Places by JSON Pointer that are taken out. */
  readonly filter?: ReadonlyArray<string>
  /** Absent = always. */
  readonly when?: When
}

/** A place that cannot be edited. */
export class PayloadRuleError extends Schema.TaggedError<PayloadRuleError>()("PayloadRuleError", { pointer: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `The place "${this.pointer}" ${this.reason}.`
  }
}

/** What the gateway has decided by them already: another value here would make the record, the limits or the framing untrue. */
const decided: ReadonlySet<string> = new Set(["model", "stream"])

const reasonAgainst = (pointer: string): string | undefined => {
  if (!pointer.startsWith("/") || pointer === "/") return "is no JSON Pointer to a member of the body, such as /temperature"
  return decided.has(Pointer.steps(pointer)[0] ?? "") ? "is decided by the gateway and cannot be edited" : undefined
}

const places = (
  { default: missing = {}, filter = [], override = {} }: Rule
): ReadonlyArray<string> => [...Object.keys(missing), ...Object.keys(override), ...filter]

/** The first place of some rules that cannot be edited. */
export const problem = (rules: ReadonlyArray<Rule>): PayloadRuleError | undefined => {
  for (const pointer of rules.flatMap(places)) {
    const reason = reasonAgainst(pointer)
    if (reason !== undefined) return new PayloadRuleError({ pointer, reason })
  }
  return undefined
}

const indexOf = (step: string, list: ReadonlyArray<Json>): number => step === "-" ? list.length : /^(?:0|[1-9]\d{0,8})$/.test(step) ? Number(step) : -1

const memberOf = (value: Json | undefined, step: string): Json | undefined => {
  if (Array.isArray(value)) return value[indexOf(step, value)]
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

/** What stands at a place. */
const at = (body: Json, steps: ReadonlyArray<string>): Json | undefined => steps.reduce<Json | undefined>(memberOf, body)

/** The value with something at a place, where objects are made on the way; the same value where that cannot be. */
const put = (value: Json | undefined, steps: ReadonlyArray<string>, given: Json): Json => {
  const [step, ...rest] = steps
  if (step === undefined) return given
  if (Array.isArray(value)) {
    const index = indexOf(step, value)
    return index < 0 || index > value.length ? value : value.toSpliced(index, 1, put(value[index], rest, given))
  }
  if (value !== undefined && !isObject(value)) return value
  // Names such as __proto__ are data like any other
  const entries = Object.entries(value ?? {})
  const member: readonly [string, Json] = [step, put(memberOf(value, step), rest, given)]
  return Object.fromEntries(entries.some(([key]) => key === step) ? entries.map((entry) => entry[0] === step ? member : entry) : [...entries, member])
}

/** The value without what stands at a place. */
const without = (value: Json, steps: ReadonlyArray<string>): Json => {
  const [step, ...rest] = steps
  const inner = step === undefined ? undefined : memberOf(value, step)
  if (step === undefined || inner === undefined) return value
  if (rest.length > 0) return put(value, [step], without(inner, rest))
  if (Array.isArray(value)) return value.toSpliced(indexOf(step, value), 1)
  return Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => key !== step))
}

type Edited = ReturnType<Interceptor.Edit>

const lossOf = (pointer: string, before: Json | undefined, after: Json | undefined): Loss => ({
  at: pointer,
  // Not a field of the canonical model
  canonical: "",
  reason: after === undefined ? "dropped" : before === undefined ? "defaulted" : "approximated",
  weight: "hint",
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after })
})

const bodyOf = (value: Json, otherwise: JsonObject): JsonObject => isObject(value) ? value : otherwise

/** The body after one rule, whose condition is not looked at. */
export const apply = (body: JsonObject, { default: missing = {}, filter = [], override = {} }: Rule): Edited => {
  const losses: Array<Loss> = []
  let current = body

  const set = (pointer: string, given: Json): void => {
    const steps = Pointer.steps(pointer)
    const before = at(current, steps)
    if (before !== undefined && sameJson(before, given)) return
    const next = bodyOf(put(current, steps, given), current)
    // Behind a text or a number there is no place to set anything at
    if (sameJson(next, current)) return
    current = next
    losses.push(lossOf(pointer, before, given))
  }

  for (const [pointer, given] of Object.entries(missing)) if (at(current, Pointer.steps(pointer)) === undefined) set(pointer, given)
  for (const [pointer, given] of Object.entries(override)) set(pointer, given)
  for (const pointer of filter) {
    const steps = Pointer.steps(pointer)
    const before = at(current, steps)
    if (before === undefined) continue
    current = bodyOf(without(current, steps), current)
    losses.push(lossOf(pointer, before, undefined))
  }
  return { body: current, losses }
}

const holdsIn = (body: JsonObject, { equals = {}, has = [] }: When): boolean =>
  has.every((pointer) => at(body, Pointer.steps(pointer)) !== undefined) &&
  Object.entries(equals).every(([pointer, value]) => sameJson(at(body, Pointer.steps(pointer)), value))

/** The body after all rules, each applied to what those before it made. */
export const applyAll = (body: JsonObject, rules: ReadonlyArray<Rule>): Edited =>
  rules.reduce<Edited>((edited, rule) => {
    if (rule.when !== undefined && !holdsIn(edited.body, rule.when)) return edited
    const next = apply(edited.body, rule)
    return { body: next.body, losses: [...edited.losses, ...next.losses] }
  }, { body, losses: [] })

const parts = (rules: ReadonlyArray<Rule>): Layer.Layer<never, never, Interceptors> => {
  const compiled = rules.map((rule) => ({
    rule,
    holds: Condition.make(rule.when),
    headers: Object.entries(rule.when?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), Condition.fits([value])] as const)
  }))
  return Interceptor.layer({
    id: "payload",
    attempt: (request, context) => {
      const held = compiled.flatMap(({ headers, holds, rule }) => holds(context) && headers.every(([name, fits]) => fits(context.header(name))) ? [rule] : [])
      return Effect.succeed(held.length === 0 ? request : Interceptor.change({ edit: (body) => applyAll(body, held) }))
    }
  })
}

/** Rules in their order. Fails where a place cannot be edited. */
export const layer = (rules: ReadonlyArray<Rule>): Layer.Layer<never, PayloadRuleError, Interceptors> => {
  const wrong = problem(rules)
  return wrong === undefined ? parts(rules) : Layer.effectDiscard(Effect.fail(wrong))
}
