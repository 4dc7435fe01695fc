/** What was met in the recordings and held: for every feature of a dialect's requests and answers, inside the dialect and in each crossing. */
import * as Fixtures from "./Fixtures.ts"
import type { RuleResult } from "./Results.ts"
import { table } from "./Table.ts"

/** Rules that say whether an exchange comes back as it was; error replies are read, not given back. */
const inside = new Set(["identity request", "identity body", "identity stream", "class error"])

interface Side {
  readonly title: string
  readonly prefix: string
  readonly isOf: (result: RuleResult) => boolean
}

const sides: ReadonlyArray<Side> = [
  { title: "Requests", prefix: "req.", isOf: ({ direction }) => direction === "request" },
  { title: "Answers", prefix: "res.", isOf: ({ direction }) => direction !== "request" }
]

/** `all` where every case held, else how many of how many. */
const cell = (ids: ReadonlySet<string>, results: ReadonlyArray<RuleResult>): string => {
  const checked = new Set(results.flatMap(({ cases }) => cases.filter((id) => ids.has(id))))
  const broken = new Set(results.flatMap((result) => [...result.broken.keys()].filter((id) => ids.has(id))))
  if (checked.size === 0) return "–"
  return broken.size === 0 ? `${checked.size}` : `${checked.size - broken.size} of ${checked.size}`
}

const rowsOf = (features: ReadonlyMap<string, ReadonlySet<string>>, results: ReadonlyArray<RuleResult>, targets: ReadonlyArray<string>) =>
  [...features].toSorted(([left, of], [right, others]) => others.size - of.size || (left < right ? -1 : 1)).map(([feature, ids]) => [
    feature,
    cell(ids, results.filter(({ rule }) => inside.has(rule))),
    ...targets.map((target) => cell(ids, results.filter((result) => result.target === target)))
  ])

const featuresOf = (protocol: string, { prefix }: Side, results: ReadonlyArray<RuleResult>): ReadonlyMap<string, ReadonlySet<string>> => {
  const checked = new Set(results.flatMap(({ cases }) => cases))
  const found = new Map<string, Set<string>>()
  for (const { features, id } of Fixtures.casesOf(protocol)) {
    for (const feature of checked.has(id) ? features : []) {
      if (!feature.startsWith(prefix)) continue
      const name = feature.slice(prefix.length)
      found.set(name, (found.get(name) ?? new Set()).add(id))
    }
  }
  return found
}

const section = (protocol: string, side: Side, all: ReadonlyArray<RuleResult>): string => {
  const results = all.filter((result) => result.protocol === protocol && side.isOf(result))
  const targets = [...new Set(results.flatMap(({ target }) => target === undefined ? [] : [target]))]
  return `### ${side.title} of ${protocol}

${table(["feature", "identity", ...targets.map((target) => `to ${target}`)], rowsOf(featuresOf(protocol, side, results), results, targets))}
`
}

/** One table for the requests and one for the answers of each dialect. */
export const features = (results: ReadonlyArray<RuleResult>): string =>
  [...new Set(results.map(({ protocol }) => protocol))].flatMap((protocol) => sides.map((side) => section(protocol, side, results))).join("\n")
