/**
 * The order in which an exchange tries targets: the entry's own, drawn by weight, in turn or as listed, then those of its fallbacks.
 * Pure but for the random source and the count of turns it is given. It does not look at health, cooldowns or credentials: whoever walks the plan skips what is unavailable.
 */
import type { ErrorClass } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import type { Limits } from "@sluice/protocol/Thinking"
import * as Option from "effect/Option"
import { upstreamName } from "./internal/compileModels.ts"
import { type Fallback, fallbackName, type ModelEntry, type ModelTarget } from "./ModelEntry.ts"
import * as ModelRegistry from "./ModelRegistry.ts"
import type { Price } from "./Prices.ts"
import type { ProviderId } from "./ProviderId.ts"
import type { RouteCondition } from "./Router.ts"

/** One try the exchange may make. */
export interface Candidate {
  readonly provider: ProviderId
  /** The model name to send upstream. */
  readonly model: string
  /** The entry the target belongs to: the route's own, or that of a fallback. */
  readonly entry: ModelEntry
  /** What the model can be told about thinking; absent = not known. */
  readonly thinking?: Limits
  /** The price the target has of its own; absent = what the price book says. */
  readonly price?: Price
  /** The credentials of the provider that may serve the model, by its own lists; absent = any of them. */
  readonly credentials?: ReadonlyArray<string>
  /** Classes of the failures after which its entry is entered; absent = all after which another target may help. */
  readonly on?: ReadonlyArray<ErrorClass>
}

/** Says whether the condition of a fallback holds; absent = it holds. */
export type Holds = (condition: RouteCondition | undefined) => boolean

const always: Holds = () => true

/**
 * Every candidate of a route, each provider and model once, best first. A route's targets come in the entry's order: weighted (drawn without replacement, so
 * the first is drawn in proportion to the weights), another one first at each turn, or as listed; then each fallback's, ordered as if a client had asked for
 * that name; then what the fallbacks fall back to. `random` gives numbers in [0, 1) and is asked only where there is a choice; `turn` says how often an entry
 * was planned before, and is asked only for those whose targets are taken in turn. Fallbacks for which `holds` says no are left out.
 */
export const plan = (
  snapshot: ModelRegistry.Snapshot,
  route: ModelRegistry.Route,
  random: () => number,
  turn: (entry: ModelEntry) => number = () => 0,
  holds: Holds = always
): ReadonlyArray<Candidate> => {
  const { entry } = route
  const only = entry.targets[0]
  // Most routes are one target, and this runs for every exchange
  if (only !== undefined && entry.targets.length === 1 && (entry.fallbacks === undefined || entry.fallbacks.length === 0)) return [candidate(route, only)]
  const candidates = new Map<string, Candidate>()
  for (const { on, route: step } of withFallbacks(snapshot, route, holds)) {
    for (const target of inOrder(step.entry, random, turn)) {
      const found = candidate(step, target, on)
      // A provider id holds no slash, so the key is unambiguous
      const key = `${found.provider}/${found.model}`
      if (!candidates.has(key)) candidates.set(key, found)
    }
  }
  return Array.from(candidates.values())
}

const candidate = (route: ModelRegistry.Route, target: ModelTarget, on?: Candidate["on"]): Candidate =>
  present({
    provider: target.provider,
    model: upstreamName(target, route.model, route.star),
    entry: route.entry,
    thinking: target.thinking ?? route.entry.thinking,
    price: target.price,
    credentials: target.credentials,
    on
  })

interface Step {
  readonly route: ModelRegistry.Route
  readonly on: Candidate["on"]
}

const plain: Pick<Fallback, "on" | "when"> = {}

/** The route and every fallback reached from it, nearest first, each name once. */
const withFallbacks = (snapshot: ModelRegistry.Snapshot, route: ModelRegistry.Route, holds: Holds): ReadonlyArray<Step> => {
  const steps: Array<Step> = [{ route, on: undefined }]
  const seen = new Set([route.model])
  // The list grows while it is walked: that is the breadth-first order
  for (const { route: { entry } } of steps) {
    for (const fallback of entry.fallbacks ?? []) {
      const name = fallbackName(fallback)
      const { on, when } = typeof fallback === "string" ? plain : fallback
      // A name whose condition does not hold may be named again, under another one
      if (seen.has(name) || !holds(when)) continue
      seen.add(name)
      const next = ModelRegistry.resolveAny(snapshot, name)
      if (Option.isSome(next)) steps.push({ route: next.value, on })
    }
  }
  return steps
}

const inOrder = (entry: ModelEntry, random: () => number, turn: (entry: ModelEntry) => number): ReadonlyArray<ModelTarget> => {
  const { order, targets } = entry
  if (targets.length < 2 || order === "listed") return targets
  if (order !== "turn") return drawByWeight(targets, random)
  const first = turn(entry) % targets.length
  return [...targets.slice(first), ...targets.slice(0, first)]
}

/** All targets, each once: every position is drawn among those left, in proportion to their weights. */
const drawByWeight = (targets: ReadonlyArray<ModelTarget>, random: () => number): ReadonlyArray<ModelTarget> => {
  const left = targets.slice()
  const drawn: Array<ModelTarget> = []
  while (left.length > 1) {
    let rest = random() * left.reduce((sum, target) => sum + weightOf(target), 0)
    // The last one takes what rounding leaves over
    let at = 0
    while (at < left.length - 1 && rest >= weightOf(left[at])) rest -= weightOf(left[at++])
    drawn.push(...left.splice(at, 1))
  }
  return drawn.concat(left)
}

const weightOf = (target: ModelTarget | undefined): number => target?.weight ?? 1
