/**
 * Whether the official schemas are worth anything as judges: what the crossings of recorded traffic emit is given one fault at a
 * time, and the share of faults is counted that a judge complains about.
 */
import type { Json } from "@sluice/protocol/Wire"
import * as Coverage from "../../../packages/testing/src/Coverage.ts"
import type { Oracle } from "../../../packages/testing/src/Laws.ts"
import * as Fixtures from "../Fixtures.ts"
import * as Official from "../Official.ts"
import * as Rules from "../Rules.ts"
import { subjects } from "../Subjects.ts"
import { type Fault, faults, mutated } from "./Mutations.ts"

/** What is judged. */
export type Kind = "request" | "body" | "event" | "error reply"

const kinds: ReadonlyArray<Kind> = ["request", "body", "event", "error reply"]

/** How many faults of a kind a judge was shown, and how many it saw. */
export interface Share {
  readonly dialect: string
  readonly kind: Kind
  readonly fault: Fault
  readonly shown: number
  readonly seen: number
}

/** Values of a kind that are enough to meet everything a dialect says. */
const most = 300

const judgeOf = (oracle: Oracle, kind: Kind) => (value: Json): string | undefined => {
  const body = JSON.parse(JSON.stringify(value))
  switch (kind) {
    case "request":
      return oracle.request?.(body)
    case "body":
      return oracle.response?.(body)
    case "error reply":
      return oracle.error?.(body)
    case "event":
      return oracle.stream?.([{ data: JSON.stringify(value) }], { model: "m", turns: [] })
  }
}

type Emitted = { readonly [K in Kind]: Array<Json> }

/** An oracle that finds nothing wrong and keeps what it is shown. */
const keeper = (into: Emitted): Oracle => ({
  request: (body) => void into.request.push(body),
  response: (body) => void into.body.push(body),
  error: (body) => void into["error reply"].push(body),
  stream: (events) => void into.event.push(...events.filter(({ data }) => data !== "[DONE]").map(({ data }) => JSON.parse(data)))
})

/** What crossings of every third recording into a dialect emit. */
const emittedBy = (target: Rules.Subject): Emitted => {
  const emitted: Emitted = { request: [], body: [], event: [], "error reply": [] }
  const allow = { allows: () => true, allowsAnswer: () => true, coverage: Coverage.make() }
  const rules = Rules.crossingRules({ subject: { ...target, oracle: keeper(emitted) }, ...allow })
  for (const subject of subjects.filter(({ protocol }) => protocol !== target.protocol)) {
    const some = Fixtures.casesOf(subject.protocol).filter((_, index) => index % 3 === 0)
    for (const recorded of some) for (const rule of rules) if (Rules.applies(rule, recorded)) rule.check(subject, recorded)
  }
  return emitted
}

const thinned = (values: ReadonlyArray<Json>): ReadonlyArray<Json> => {
  const step = Math.max(1, Math.floor(values.length / most))
  return values.filter((_, index) => index % step === 0)
}

/**
 * The least share that must be seen. What a schema does not require may be left out, and what it does not close may be called
 * otherwise: nearly everything is optional in Gemini's, and closed. The type of an error is any text at OpenAI,
 * and a text may stand where a list does.
 */
export const floors: { readonly [dialect: string]: { readonly [F in Fault]: number } } = {
  "openai-chat": { "key left out": 0.7, "key misnamed": 0.7, "type swapped": 0.95, "word unknown": 0.9 },
  "anthropic-messages": { "key left out": 0.85, "key misnamed": 0.95, "type swapped": 0.95, "word unknown": 1 },
  "openai-responses": { "key left out": 0.65, "key misnamed": 0.65, "type swapped": 0.9, "word unknown": 0.9 },
  "gemini-generate": { "key left out": 0.05, "key misnamed": 0.98, "type swapped": 0.98, "word unknown": 0.98 }
}

const sharesOf = (target: Rules.Subject, oracle: Oracle): ReadonlyArray<Share> => {
  const emitted = emittedBy(target)
  return kinds.flatMap((kind) => {
    const judge = judgeOf(oracle, kind)
    const values = thinned(emitted[kind]).filter((value) => judge(value) === undefined)
    return faults.map((fault) => {
      const faulty = values.flatMap((value, index) => mutated(value, fault, index * 31 + 7) ?? [])
      return { dialect: target.dialect.id, kind, fault, shown: faulty.length, seen: faulty.filter((value) => judge(value) !== undefined).length }
    })
  })
}

/** The share of faults seen, by dialect, kind and fault; nothing where recordings or schemas are absent. */
export const shares = (): ReadonlyArray<Share> =>
  subjects.flatMap((target) => {
    const oracle = Official.oracles[target.dialect.id]
    return oracle === undefined || !Fixtures.isPresent ? [] : sharesOf(target, oracle)
  })
