/**
 * Decides, before the plan of an exchange is made, that it goes elsewhere than the model's name says: to another entry, or to targets of
 * its own. Registered as a Layer and asked in order; the first valid decision counts. One that names what does not exist is told in the
 * log, and the next router is asked. Whoever may use a model may be routed on from it, as with fallbacks.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Condition from "./Condition.ts"
import { contextOf, type Exchange } from "./Exchange.ts"
import type { ExchangeContext } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import type { GatewayPart } from "./GatewayPart.ts"
import * as Wildcards from "./internal/wildcards.ts"
import type { ModelTarget } from "./ModelEntry.ts"
import * as ModelRegistry from "./ModelRegistry.ts"
import * as PartCall from "./PartCall.ts"
import { Routers } from "./Registries.ts"

/** What a router looks at. */
export interface RoutingContext extends ExchangeContext {
  /** Tokens of the prompt, by estimate. */
  readonly estimatedTokens: number
  /** The request as the client sent it; decoded when it is first asked for. */
  readonly request: () => CanonicalRequest
}

/** Where an exchange goes: to the entry that serves another name, or to these targets with everything else as the model's entry says. */
export type RoutingDecision = { readonly model: string } | { readonly targets: ReadonlyArray<ModelTarget> }

/** Something that may decide. */
export interface Router extends GatewayPart {
  /** Nothing = the next router decides, and at last the model's name. One that fails or takes too long is passed over, unless it fails `closed`. */
  readonly route: (context: RoutingContext) => Effect.Effect<Option.Option<RoutingDecision>>
}

/** Hands a router to the gateway. */
export const layer = (router: Router): Layer.Layer<never, never, Routers> => Layer.effectDiscard(Routers.use((registry) => registry.register(router)))

/** What must hold of an exchange; everything that is stated. */
export interface RouteCondition extends Condition.Condition {
  /** Whether the answer is streamed. */
  readonly stream?: boolean
  /** Whether the request offers tools. */
  readonly tools?: boolean
  /** Tokens of the prompt by estimate, at least and at most. */
  readonly minTokens?: number
  readonly maxTokens?: number
  /** Names in the request's metadata and what they must be; a `*` stands for anything, and case does not matter. */
  readonly metadata?: { readonly [name: string]: string }
  readonly teams?: ReadonlyArray<string>
  /** One of the principal's roles. */
  readonly roles?: ReadonlyArray<string>
}

const hasValue = (value: string | undefined, fits: Wildcards.Wildcards): boolean => value !== undefined && fits(value)

/**
 * Compiles a condition.
 *
 * @example
 * const isLong = Router.holds({ minTokens: 100_000, tools: false })
 */
export const holds = (condition: RouteCondition): (context: RoutingContext) => boolean => {
  const { maxTokens, metadata, minTokens, roles, stream, teams, tools } = condition
  const plain = Condition.make(condition)
  const wanted = Object.entries(metadata ?? {}).map(([name, pattern]) => ({ name, fits: Wildcards.make([pattern]) }))
  return (context) =>
    plain(context) &&
    (stream === undefined || context.stream === stream) &&
    (minTokens === undefined || context.estimatedTokens >= minTokens) &&
    (maxTokens === undefined || context.estimatedTokens <= maxTokens) &&
    (teams === undefined || (context.principal.team !== undefined && teams.includes(context.principal.team))) &&
    (roles === undefined || roles.some((role) => context.principal.roles?.includes(role) === true)) &&
    (tools === undefined || (context.request().tools ?? []).length > 0 === tools) &&
    wanted.every(({ fits, name }) => hasValue(context.request().metadata?.[name], fits))
}

/** One rule of a router: where those go for whom a condition holds. */
export interface Rule {
  readonly when: RouteCondition
  readonly to: RoutingDecision
}

/**
 * A router of rules; the first that holds decides.
 *
 * @example
 * Router.layer(Router.rules("long-prompts", [{ when: { models: ["fast"], minTokens: 100_000 }, to: { model: "long" } }]))
 */
export const rules = (id: string, list: ReadonlyArray<Rule>): Router => {
  const compiled = list.map(({ to, when }) => ({ holds: holds(when), to: Option.some(to) }))
  return { id, route: (context) => Effect.sync(() => compiled.find((rule) => rule.holds(context))?.to ?? Option.none()) }
}

const compiled = new WeakMap<RouteCondition, (context: RoutingContext) => boolean>()

/** Whether a condition of the configuration holds; compiled when it is first asked for. Absent = it holds. */
export const isHeld = (condition: RouteCondition | undefined, context: RoutingContext): boolean => {
  if (condition === undefined) return true
  const known = compiled.get(condition)
  if (known !== undefined) return known(context)
  const made = holds(condition)
  compiled.set(condition, made)
  return made(context)
}

/** What routers and conditions are told of an exchange. */
export const routingContext = (exchange: Exchange): RoutingContext => ({
  ...contextOf(exchange),
  estimatedTokens: exchange.estimatedInput,
  request: exchange.request ?? (() => ({ model: exchange.model ?? "", turns: [] }))
})

/** The route a decision leads to; undefined where it names what does not exist. */
const routeOf = (gateway: Gateway, route: ModelRegistry.Route, decision: RoutingDecision): ModelRegistry.Route | undefined => {
  if ("model" in decision) return Option.getOrUndefined(ModelRegistry.resolveAny(gateway.registry.current(), decision.model))
  const { targets } = decision
  return targets.length > 0 && targets.every(({ provider }) => gateway.executors.has(provider)) ? { ...route, entry: { ...route.entry, targets } } : undefined
}

/** Entries that route on may do so to each other; this many steps are followed. */
const maxSteps = 8

/** Where the entry itself sends what its conditions hold for. */
const byEntry = (gateway: Gateway, exchange: Exchange, route: ModelRegistry.Route): ModelRegistry.Route => {
  let current = route
  let context: RoutingContext | undefined
  for (let step = 0; step < maxSteps; step++) {
    const { routes } = current.entry
    if (routes === undefined) return current
    const told = (context ??= routingContext(exchange))
    const next = routes.find(({ when }) => isHeld(when, told))
    const found = next === undefined ? undefined : routeOf(gateway, current, { model: next.model })
    if (found === undefined) return current
    current = found
  }
  return current
}

/** The route an exchange takes: as the first router decides that does, and then as the entry says. */
export const route = Effect.fnUntraced(
  function*(gateway: Gateway, exchange: Exchange, route: ModelRegistry.Route): Effect.fn.Return<ModelRegistry.Route, GatewayError> {
    const context = routingContext(exchange)
    for (const router of gateway.routers) {
      const decision = yield* PartCall.run({ gateway, exchange, step: "router" }, router, (call) => call.route(context), Option.none<RoutingDecision>())
      if (Option.isNone(decision)) continue
      const found = routeOf(gateway, route, decision.value)
      if (found !== undefined) return byEntry(gateway, exchange, found)
      yield* Effect.logWarning(`The router "${router.id}" chose what does not exist; the next one decides`, decision.value)
    }
    return byEntry(gateway, exchange, route)
  }
)

/** Judges the conditions of the fallbacks of a route; what they look at is gathered when the first one is met. */
export const conditions = (exchange: Exchange, { entry }: ModelRegistry.Route): ((condition: RouteCondition | undefined) => boolean) | undefined => {
  if (entry.fallbacks === undefined) return undefined
  let context: RoutingContext | undefined
  return (condition) => condition === undefined || isHeld(condition, context ??= routingContext(exchange))
}

/** Whether an exchange may be routed at all, so that nobody else pays for it. */
export const isWanted = (gateway: Gateway, { entry }: ModelRegistry.Route): boolean => gateway.routers.length > 0 || entry.routes !== undefined
