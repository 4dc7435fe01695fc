/**
 * When a configured rule applies: to which models, protocols, keys, tenants and headers of clients, and to which providers. Everything
 * that is stated must hold; a condition that states nothing holds always. Compiled once, then plain comparisons.
 */
import * as ModelGlob from "./internal/modelGlob.ts"
import type { Principal } from "./Principal.ts"

/** What must hold. In each list, one of the entries must fit. */
export interface Condition {
  /** Names of models as clients ask for them; one `*` stands for anything. */
  readonly models?: ReadonlyArray<string>
  /** Protocols in which clients ask. */
  readonly dialects?: ReadonlyArray<string>
  /** Ids of principals. */
  readonly principals?: ReadonlyArray<string>
  readonly tenants?: ReadonlyArray<string>
}

/** What must hold of an attempt. */
export interface AttemptCondition extends Condition {
  readonly providers?: ReadonlyArray<string>
  /** Names of models as the provider knows them; one `*` stands for anything. */
  readonly upstreamModels?: ReadonlyArray<string>
}

/** What a condition looks at. */
export interface Facts {
  readonly model: string
  readonly inbound: string
  readonly principal: Pick<Principal, "id" | "tenant">
  readonly provider?: string
  readonly upstreamModel?: string
}

type Test = (facts: Facts) => boolean

const isOneOf = (names: ReadonlyArray<string>): (name: string | undefined) => boolean => {
  const known = new Set(names)
  return (name) => name !== undefined && known.has(name)
}

/** Whether a text is one of some names, or fits one with a `*`. */
export const fits = (globs: ReadonlyArray<string>): (name: string | undefined) => boolean => {
  const exact = isOneOf(globs)
  const starred = globs.flatMap((text) => ModelGlob.compile(text) ?? [])
  return (name) => exact(name) || (name !== undefined && starred.some((glob) => ModelGlob.match(glob, name) !== undefined))
}

const tests = (condition: AttemptCondition): ReadonlyArray<Test> => {
  const { dialects, models, principals, providers, tenants, upstreamModels } = condition
  const all: Array<Test> = []
  const add = <A>(list: ReadonlyArray<string> | undefined, test: (list: ReadonlyArray<string>) => (value: A) => boolean, of: (facts: Facts) => A): void => {
    if (list === undefined) return
    const holds = test(list)
    all.push((facts) => holds(of(facts)))
  }
  add(models, fits, ({ model }) => model)
  add(dialects, isOneOf, ({ inbound }) => inbound)
  add(principals, isOneOf, ({ principal }) => principal.id)
  add(tenants, isOneOf, ({ principal }) => principal.tenant)
  add(providers, isOneOf, ({ provider }) => provider)
  add(upstreamModels, fits, ({ upstreamModel }) => upstreamModel)
  return all
}

/**
 * Compiles a condition.
 *
 * @example
 * const isSmall = Condition.make({ models: ["*-mini"] })
 */
export const make = (condition: AttemptCondition | undefined): Test => {
  const all = tests(condition ?? {})
  return all.length === 0 ? () => true : (facts) => all.every((test) => test(facts))
}
