/**
 * The order in which an exchange tries targets: the entry's own, drawn by weight, then those of its fallbacks.
 * Pure but for the random source it is given. It does not look at health, cooldowns or credentials: whoever walks the plan skips what is unavailable.
 */
import { present } from "@sluice/protocol/Json"
import type { Limits } from "@sluice/protocol/Thinking"
import * as Option from "effect/Option"
import { substitute } from "./internal/modelGlob.ts"
import type { ModelEntry, ModelTarget } from "./ModelEntry.ts"
import * as ModelRegistry from "./ModelRegistry.ts"
import type { Price } from "./Prices.ts"
import type { ProviderId } from "./ProviderId.ts"

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
}

/**
 * Every candidate of a route, each provider and model once, best first. A route's targets come in weighted order (drawn without replacement, so the first is
 * drawn in proportion to the weights); then each fallback's, ordered as if a client had asked for that name; then what the fallbacks fall back to.
 * `random` gives numbers in [0, 1) and is asked only where there is a choice.
 */
export const plan = (snapshot: ModelRegistry.Snapshot, route: ModelRegistry.Route, random: () => number): ReadonlyArray<Candidate> => {
  const { entry } = route
  const only = entry.targets[0]
  // Most routes are one target, and this runs for every exchange
  if (only !== undefined && entry.targets.length === 1 && (entry.fallbacks === undefined || entry.fallbacks.length === 0)) return [candidate(route, only)]
  const candidates = new Map<string, Candidate>()
  for (const step of withFallbacks(snapshot, route)) {
    for (const target of drawByWeight(step.entry.targets, random)) {
      const found = candidate(step, target)
      // A provider id holds no slash, so the key is unambiguous
      const key = `${found.provider}/${found.model}`
      if (!candidates.has(key)) candidates.set(key, found)
    }
  }
  return Array.from(candidates.values())
}

const candidate = (route: ModelRegistry.Route, target: ModelTarget): Candidate =>
  present({
    provider: target.provider,
    model: target.model === undefined ? route.model : route.star === undefined ? target.model : substitute(target.model, route.star),
    entry: route.entry,
    thinking: target.thinking ?? route.entry.thinking,
    price: target.price
  })

/** The route and every fallback reached from it, nearest first, each name once. */
const withFallbacks = (snapshot: ModelRegistry.Snapshot, route: ModelRegistry.Route): ReadonlyArray<ModelRegistry.Route> => {
  const routes = [route]
  const seen = new Set([route.model])
  // The list grows while it is walked: that is the breadth-first order
  for (const { entry } of routes) {
    for (const name of entry.fallbacks ?? []) {
      const next = seen.has(name) ? Option.none() : ModelRegistry.resolve(snapshot, name)
      seen.add(name)
      if (Option.isSome(next)) routes.push(next.value)
    }
  }
  return routes
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
