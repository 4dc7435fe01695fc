/**
 * Clears and sets headers by rule: those that go to providers, and those of replies to clients. What HTTP itself needs, and what holds
 * credentials, is not to be had here.
 *
 * @example
 * HeaderRules.layer([{ upstream: { set: { "x-team": "search" } }, client: { clear: ["x-sluice-provider"] } }])
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Condition from "../Condition.ts"
import * as Extension from "../Extension.ts"
import { applyAll, type HeaderChange } from "../HeaderChange.ts"
import * as Interceptor from "../Interceptor.ts"
import type { Extensions, Interceptors } from "../Registries.ts"

/** One rule. */
export interface Rule {
  /** What is cleared and set of the headers that go to the provider. */
  readonly upstream?: HeaderChange
  /** What is cleared and set of the headers of the reply, streams and errors too. */
  readonly client?: HeaderChange
  /** Absent = always. Replies that no provider had a part in fit no condition about providers. */
  readonly when?: Condition.AttemptCondition
}

/** A header that cannot be cleared or set. */
export class HeaderRuleError extends Schema.TaggedError<HeaderRuleError>()("HeaderRuleError", { header: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `The header "${this.header}" ${this.reason}.`
  }
}

/** They describe the connection and the body, which the gateway writes itself: a second opinion could split one message into two. */
const framing: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])

const reasonAgainst = (name: string, value: string): string | undefined => {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return "is not the name of a header"
  if (framing.has(name.toLowerCase())) return "is written by the gateway itself and cannot be changed"
  return /[\r\n\0]/.test(value) ? "must be one line" : undefined
}

const checked = ({ clear = [], set = {} }: HeaderChange): HeaderRuleError | undefined => {
  for (const [header, value] of [...clear.map((name) => [name, ""] as const), ...Object.entries(set)]) {
    const reason = reasonAgainst(header, value)
    if (reason !== undefined) return new HeaderRuleError({ header, reason })
  }
  return undefined
}

/** The first header of some rules that cannot be had. */
export const problem = (rules: ReadonlyArray<Rule>): HeaderRuleError | undefined =>
  rules.flatMap(({ client, upstream }) => [client, upstream]).flatMap((change) => change === undefined ? [] : checked(change) ?? []).at(0)

type Facts = Condition.Facts & { readonly id: string }

interface Compiled {
  readonly holds: (facts: Condition.Facts) => boolean
  readonly change: HeaderChange
}

const compile = (rules: ReadonlyArray<Rule>, side: "client" | "upstream"): ReadonlyArray<Compiled> =>
  rules.flatMap((rule) => {
    const change = rule[side]
    return change === undefined ? [] : [{ change, holds: Condition.make(rule.when) }]
  })

/** The changes of all rules that hold, as one. */
const together = (rules: ReadonlyArray<Compiled>, facts: Condition.Facts): HeaderChange | undefined => {
  const changes = rules.flatMap(({ change, holds }) => holds(facts) ? [change] : [])
  return changes.length === 0 ? undefined : { clear: changes.flatMap(({ clear }) => clear ?? []), set: applyAll({}, changes) }
}

const parts = (rules: ReadonlyArray<Rule>): Layer.Layer<never, never, Interceptors | Extensions> => {
  const upstream = compile(rules, "upstream")
  const client = compile(rules, "client")
  /** Who answered last, by exchange: replies are changed when attempts are over. */
  const answering = new Map<string, Pick<Condition.Facts, "provider" | "upstreamModel">>()
  const wantsProvider = rules.some(({ client, when }) => client !== undefined && (when?.providers ?? when?.upstreamModels) !== undefined)

  const toClient = (context: Facts): HeaderChange | undefined => together(client, { ...context, ...answering.get(context.id) })

  const interceptor: Interceptor.Interceptor = {
    id: "headers",
    ...(upstream.length === 0 && !wantsProvider ? {} : {
      attempt: (request, context) => {
        if (wantsProvider) answering.set(context.id, { provider: context.provider, upstreamModel: context.upstreamModel })
        const headers = together(upstream, context)
        return Effect.succeed(headers === undefined ? request : Interceptor.change({ headers }))
      }
    }),
    ...(client.length === 0 ? {} : {
      response: (_, context) => {
        const headers = toClient(context)
        return Effect.succeed(headers === undefined ? undefined : { headers })
      },
      chunks: (context) => ({ head: () => toClient(context) })
    })
  }
  const registered = Interceptor.layer(interceptor)
  return wantsProvider
    ? Layer.merge(registered, Extension.layer({ id: "headers", finish: (_, { id }) => Effect.sync(() => void answering.delete(id)) }))
    : registered
}

/** Rules in their order: what a later one sets stands. Fails where a header cannot be had. */
export const layer = (rules: ReadonlyArray<Rule>): Layer.Layer<never, HeaderRuleError, Interceptors | Extensions> => {
  const wrong = problem(rules)
  return wrong === undefined ? parts(rules) : Layer.effectDiscard(Effect.fail(wrong))
}
