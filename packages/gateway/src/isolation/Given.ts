/** What a module gives, checked against what its hook may give; anything else is a fault of the module, and dies. */
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { fail } from "@sluice/protocol/GatewayError"
import { isObject, type Json } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ExchangeContext } from "../Extension.ts"
import type { AttemptContext } from "../Interceptor.ts"
import * as RecordedAnswer from "../RecordedAnswer.ts"
import * as ShortCircuit from "../ShortCircuit.ts"
import type { WorkerAttemptContext, WorkerContext } from "../WorkerModule.ts"

const Texts = Schema.Record(Schema.String, Schema.String)
const Headers = Schema.Struct({ clear: Schema.optionalKey(Schema.Array(Schema.String)), set: Schema.optionalKey(Texts) })

/** A request whose frame is one: its turns have roles and parts. Its fields are the module's to answer for, as those of every interceptor are. */
const isRequest = (value: unknown): value is CanonicalRequest =>
  isObject(value) && typeof value["model"] === "string" && CanonicalDialect.dialect.request.check({ body: value, headers: {}, path: {} }) === undefined

const Request = Schema.declare(isRequest)

/** What each hook may give. Keys that are not known are refused: they are a mistake of the module. */
const shapes = {
  request: Schema.Struct({ request: Schema.optionalKey(Request) }),
  attempt: Schema.Struct({ request: Schema.optionalKey(Request), headers: Schema.optionalKey(Headers), body: Schema.optionalKey(Schema.String) }),
  response: Schema.Struct({ status: Schema.optionalKey(Schema.Int), headers: Schema.optionalKey(Headers), body: Schema.optionalKey(Schema.String) }),
  admit: Schema.Struct({})
}

type Shapes = typeof shapes

const Stop = Schema.Union([
  Schema.Struct({
    refuse: Schema.Struct({
      message: Schema.String,
      class: Schema.optionalKey(Schema.Literals(["denied", "forbidden", "rate-limited", "unavailable", "content-filter", "bad-request"])),
      status: Schema.optionalKey(Schema.Int)
    })
  }),
  Schema.Struct({ reply: Schema.Struct({ status: Schema.Int, headers: Schema.optionalKey(Texts), body: Schema.optionalKey(Schema.String) }) })
])

const strict = { onExcessProperty: "error" } as const
const decodeStop = Schema.decodeUnknownOption(Stop, strict)
const decoders = {
  request: Schema.decodeUnknownEffect(shapes.request, strict),
  attempt: Schema.decodeUnknownEffect(shapes.attempt, strict),
  response: Schema.decodeUnknownEffect(shapes.response, strict),
  admit: Schema.decodeUnknownEffect(shapes.admit, strict)
}

const junk = (hook: string, why: string) => Effect.die(new Error(`What the module gave for "${hook}" is none: ${why}`))

const stopOf = (given: typeof Stop.Type): ShortCircuit.Stop => "refuse" in given ? fail({ class: "denied", ...given.refuse }) : ShortCircuit.reply(given.reply)

/** Reads what a hook gave; a stop fails with it. Nothing at all is nothing to change. */
export const read = <H extends keyof Shapes>(hook: H, given: unknown): Effect.Effect<Shapes[H]["Type"], ShortCircuit.Stop> => {
  const stop = decodeStop(given)
  if (Option.isSome(stop)) return Effect.fail(stopOf(stop.value))
  // The decoder of a hook reads its shape: the table of both has the same keys
  const decode = decoders[hook] as (value: unknown) => Effect.Effect<Shapes[H]["Type"], Schema.SchemaError>
  return Effect.catch(decode(given ?? {}), (error) => junk(hook, error.message))
}

/** Reads an answer that a module has kept. */
export const recorded = (given: unknown): Effect.Effect<Option.Option<RecordedAnswer.RecordedAnswer>> => {
  if (given === undefined) return Effect.succeedNone
  const answer = Option.flatMap(isObject(given) ? Option.some(given) : Option.none(), RecordedAnswer.fromValue)
  return Option.isSome(answer) ? Effect.succeed(answer) : junk("lookup", "no recorded answer")
}

/** The context as plain data. */
export const contextOf = (context: ExchangeContext, headers: ReadonlyArray<string>): WorkerContext => {
  const { id, inbound, model, operation, principal, startedAt, stream, targets } = context
  const { id: who, team, tenant } = principal
  return {
    id,
    startedAt,
    inbound,
    operation,
    model,
    stream,
    principal: { id: who, ...(team === undefined ? {} : { team }), ...(tenant === undefined ? {} : { tenant }) },
    headers: Object.fromEntries(headers.flatMap((name) => {
      const value = context.header(name.toLowerCase())
      return value === undefined ? [] : [[name.toLowerCase(), value] as const]
    })),
    targets: targets.map(({ model, provider }) => ({ model, provider }))
  }
}

/** The context of an attempt as plain data. */
export const attemptContextOf = (context: AttemptContext, headers: ReadonlyArray<string>): WorkerAttemptContext => ({
  ...contextOf(context, headers),
  attempt: context.attempt,
  provider: context.provider,
  upstreamModel: context.upstreamModel
})

/** Plain data for a thread: what was parsed is copied, what is a function stays here. */
export const plain = (value: object): Json => JSON.parse(JSON.stringify(value))
