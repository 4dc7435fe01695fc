/** Runs every rule on every recorded exchange it applies to, once per process, for the suite and for the published page alike. */
import { Result } from "effect"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import type { Oracle } from "../../packages/testing/src/Laws.ts"
import * as Crossings from "./Crossings.ts"
import { exceptions } from "./Exceptions.ts"
import * as Fixtures from "./Fixtures.ts"
import * as Rules from "./Rules.ts"
import { subjects } from "./Subjects.ts"

/** What a rule found in the recordings of a protocol. */
export interface RuleResult {
  readonly protocol: string
  /** The rule as `name direction`, with the target where it is a crossing. */
  readonly rule: string
  readonly direction: Rules.Rule["direction"]
  readonly target?: string
  /** The cases it applies to. */
  readonly cases: ReadonlyArray<string>
  /** Cases that break the rule, with what is wrong. */
  readonly broken: ReadonlyMap<string, string>
  /** How many requests outside judges saw, in a crossing of requests. */
  readonly judged: number
}

const judged = (rule: Rules.Rule, subject: Rules.Subject, recorded: Fixtures.Case): string | undefined => {
  const result = Result.try({ try: () => rule.check(subject, recorded), catch: (error) => `threw ${error instanceof Error ? error.stack : String(error)}` })
  return Result.isSuccess(result) ? result.success : result.failure
}

/** Counts what a judge is shown. */
const counting = (oracle: Oracle, tally: { requests: number }): Oracle => ({
  ...oracle,
  request: (body) => {
    tally.requests += 1
    return oracle.request?.(body)
  }
})

const run = (rule: Rules.Rule, subject: Rules.Subject, cases: ReadonlyArray<Fixtures.Case>, target?: string, tally = { requests: 0 }): RuleResult => {
  const applicable = cases.filter((recorded) => Rules.applies(rule, recorded))
  const broken = new Map(applicable.flatMap((recorded) => {
    const wrong = judged(rule, subject, recorded)
    return wrong === undefined ? [] : [[recorded.id, wrong] as const]
  }))
  return {
    protocol: subject.protocol,
    rule: `${rule.name} ${rule.direction}`,
    direction: rule.direction,
    ...(target === undefined ? {} : { target }),
    cases: applicable.map(({ id }) => id),
    broken,
    judged: rule.direction === "request" ? tally.requests : 0
  }
}

/** How many exchanges are recorded of each protocol. */
export const caseCounts = (): ReadonlyMap<string, number> => new Map(subjects.map(({ protocol }) => [protocol, Fixtures.casesOf(protocol).length]))

/** All results; none where the recordings are absent. `coverage` counts the losses met. */
export const results = (coverage: Coverage.Coverage = Coverage.make()): ReadonlyArray<RuleResult> => {
  return subjects.flatMap((subject) => {
    const cases = Fixtures.casesOf(subject.protocol)
    const targets = subjects.filter((other) => other !== subject && Crossings.isDeclared(subject.dialect.id, other.dialect.id))
    return [
      ...Rules.rules.map((rule) => run(rule, subject, cases)),
      ...targets.flatMap((target) => {
        const pair = [subject.dialect.id, target.dialect.id] as const
        const tally = { requests: 0 }
        const judged = { ...target, oracle: counting(target.oracle, tally) }
        const rules = Rules.crossingRules({ subject: judged, allows: Crossings.allows(...pair), allowsAnswer: Crossings.allows(...pair, "answer"), coverage })
        return rules.map((rule) => run(rule, subject, cases, target.protocol, tally))
      })
    ]
  })
}

/** Broken cases without an exception, and exceptions that nothing needs. */
export const judge = (result: RuleResult): { readonly unexcused: ReadonlyArray<string> } => {
  const excused = new Set(exceptions.filter((exception) => exception.rules.includes(result.rule)).map((exception) => exception.case))
  return { unexcused: [...result.broken].flatMap(([id, wrong]) => excused.has(id) ? [] : [`${id}: ${wrong}`]) }
}

/** Exceptions, by case and rule, that no result needs. */
export const needless = (all: ReadonlyArray<RuleResult>): ReadonlyArray<string> =>
  exceptions.flatMap((exception) =>
    exception.rules.filter((rule) => !all.some((result) => result.rule === rule && result.broken.has(exception.case))).map((rule) =>
      `${exception.case}: ${rule}`
    )
  )
