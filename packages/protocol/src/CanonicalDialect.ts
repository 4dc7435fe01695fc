/**
 * The canonical model as a protocol of its own: requests, answers and events as the JSON they are, one server-sent event per
 * frame. Callers inside the process speak it, and executors that are no HTTP provider may. It loses nothing and offers no
 * endpoint: nothing is served to clients over HTTP in it.
 */
import * as Result from "effect/Result"
import type { CanonicalEvent, Frame } from "./CanonicalEvent.ts"
import { frame } from "./CanonicalEvent.ts"
import type { CanonicalRequest } from "./CanonicalRequest.ts"
import type { Dialect, Endpoint, RequestInput } from "./Dialect.ts"
import { bare } from "./Equality.ts"
import * as ErrorReply from "./ErrorReply.ts"
import { clientMessage, errorClasses, type Failure, policyOf } from "./GatewayError.ts"
import * as Grammar from "./Grammar.ts"
import * as Json from "./Json.ts"
import * as Machine from "./Machine.ts"
import type { WireEvent } from "./Sse.ts"
import * as Wire from "./Wire.ts"

/** Its name in rows of the ledger. */
export const id = Wire.DialectId.make("canonical")

/** How a request to generate says model and stream. */
export const endpoint: Endpoint = {
  operation: "generate",
  method: "POST",
  path: "/",
  upstream: "/",
  model: { in: "body", key: "model" },
  stream: { in: "body", key: "stream" }
}

/** A canonical value as JSON, without the wire values it came from. */
export const toJson = (value: object): Wire.JsonObject => {
  const plain = bare(value)
  return Wire.isObject(plain) ? plain : {}
}

const wrong = (message: string, param: string): Failure => ({ class: "bad-request", message, param })

const isTurn = (value: Wire.Json): boolean =>
  Wire.isObject(value) && typeof value["role"] === "string" && Array.isArray(value["parts"]) &&
  value["parts"].every((part) => Wire.isObject(part) && typeof part["type"] === "string")

const check = ({ body }: RequestInput): Failure | undefined => {
  if (!Wire.isObject(body)) return wrong("A canonical request is an object.", "")
  const { instructions, turns } = body
  if (!Array.isArray(turns) || !turns.every(isTurn)) return wrong("`turns` must be a list of turns with a role and parts.", "/turns")
  if (instructions !== undefined && !(Array.isArray(instructions) && instructions.every(isTurn))) {
    return wrong("`instructions` must be a list of turns with a role and parts.", "/instructions")
  }
  return undefined
}

// The frame of a canonical request was checked above; its fields are the word of a program in the same process
const asRequest = (body: Wire.Json): CanonicalRequest => body as unknown as CanonicalRequest

/** What an event must hold to be read as its type says. */
const shape: { readonly [T in CanonicalEvent["type"]]: { readonly [key: string]: "number" | "string" | "object" } } = {
  start: {},
  "block-start": { choice: "number", index: "number", kind: "string" },
  "text-delta": { choice: "number", index: "number", text: "string" },
  "reasoning-delta": { choice: "number", index: "number", text: "string" },
  signature: { choice: "number", index: "number", signature: "object" },
  encrypted: { choice: "number", index: "number", encrypted: "object" },
  "tool-arguments-delta": { choice: "number", index: "number", text: "string" },
  "media-delta": { choice: "number", index: "number" },
  annotation: { annotation: "object" },
  "block-end": { choice: "number", index: "number" },
  usage: { usage: "object" },
  finish: { choice: "number", reason: "string" },
  ping: {},
  foreign: { dialect: "string", name: "string" },
  error: { failure: "object" },
  end: {}
}

/** A failure of a known class; anything else is none. */
const failureOf = (value: unknown): Failure | undefined => {
  if (!Wire.isObject(value) || typeof value["message"] !== "string") return undefined
  const known = errorClasses.find((name) => name === value["class"])
  return known === undefined ? undefined : { ...value, class: known, message: value["message"] }
}

const isType = (type: Wire.Json | undefined): type is CanonicalEvent["type"] => typeof type === "string" && Object.hasOwn(shape, type)

const isEvent = (value: unknown): value is CanonicalEvent => {
  if (!Wire.isObject(value) || !isType(value["type"])) return false
  if (value["type"] === "error") return failureOf(value["failure"]) !== undefined
  return Object.entries(shape[value["type"]]).every(([key, kind]) => typeof value[key] === kind && value[key] !== null)
}

const violation = (message: string): CanonicalEvent => ({ type: "error", failure: { class: "protocol-violation", message } })

const eventsOf = (value: Wire.Json): ReadonlyArray<CanonicalEvent> => {
  const events: unknown = Wire.isObject(value) ? value["events"] : undefined
  return Array.isArray(events) && events.every(isEvent) ? events : [violation("The answer is no list of canonical events.")]
}

interface Reading {
  readonly grammar: Grammar.State
}

/** The events up to the first that may not stand where it does. */
const legal = ({ grammar }: Reading, events: ReadonlyArray<CanonicalEvent>): readonly [Reading, ReadonlyArray<Frame>] => {
  if (grammar.phase === "ended") return [{ grammar }, []]
  const checked = Grammar.check(grammar, events)
  return Grammar.isViolation(checked)
    ? [{ grammar: { ...grammar, phase: "ended" } }, [frame(violation(`The answer breaks the grammar of events: ${checked.message}.`))]]
    : [{ grammar: checked }, [{ events }]]
}

const ending = ({ grammar: { choices, phase } }: Reading, how: string): ReadonlyArray<Frame> => {
  if (phase === "ended") return []
  const all = [...choices.values()]
  if (all.length > 0 && all.every(({ finished }) => finished)) return [frame({ type: "end" })]
  return [frame({
    type: "error",
    failure: all.length === 0
      ? { class: "empty", message: `The answer ended (${how}) before it began.` }
      : { class: "cut", message: `The answer ended (${how}) before it was complete.` }
  })]
}

/** A failure as a caller may see it. */
const shown = (failure: Failure, message: string): Failure =>
  policyOf(failure.class).masked === true ? { class: failure.class, message } : { ...failure, message }

const toWire = (events: ReadonlyArray<CanonicalEvent>): Wire.JsonObject =>
  toJson({ events: events.map((event) => event.type === "error" ? { ...event, failure: shown(event.failure, clientMessage(event.failure)) } : event) })

const failureIn = (body: string): Failure | undefined =>
  Result.getOrUndefined(Result.map(Json.parse(body), (value) => Wire.isObject(value) ? failureOf(value["error"]) : undefined))

/** The dialect. */
export const dialect: Dialect = {
  id,
  baseUrl: "http://canonical.invalid",
  framing: "sse",
  endpoints: [],
  credential: { header: "authorization", prefix: "Bearer ", accepts: [] },
  headers: { forwarded: [], fixed: {}, reply: [] },
  request: {
    check,
    decode: (input) => {
      const refused = check(input)
      return refused === undefined ? Result.succeed(asRequest(input.body)) : Result.fail(refused)
    },
    encode: (request) => ({ body: toJson(request), headers: {}, losses: [], renamed: new Map() })
  },
  response: { decode: (body) => ({ events: eventsOf(body) }), encode: (frames) => toWire(frames.flatMap(({ events }) => events)) },
  events: {
    decoder: Machine.of<Reading, WireEvent, ReadonlyArray<Frame>, void, "eof" | "reset">({
      initial: () => ({ grammar: Grammar.initial }),
      step: (state, { data }) => legal(state, Result.match(Json.parse(data), { onSuccess: eventsOf, onFailure: () => [violation("An event is not JSON.")] })),
      end: ending
    }),
    encoder: Machine.of<undefined, Frame, ReadonlyArray<WireEvent>, unknown, void>({
      initial: () => undefined,
      step: (state, { events }) => [state, events.length === 0 ? [] : [{ data: JSON.stringify(toWire(events)) }]],
      end: () => []
    })
  },
  errors: {
    decode: ({ body, headers, status }) => ({
      ...failureIn(body) ?? {
        class: ErrorReply.classOfStatus(status),
        ...ErrorReply.ofText(body, status),
        ...Json.present({ retryAfterMs: ErrorReply.retryAfterMs(headers) })
      },
      status
    }),
    encode: (failure, { message }) => toJson({ error: shown(failure, message) })
  },
  models: { list: (models) => toJson({ models }), one: (model) => toJson(model) },
  bytes: { deltaLength: () => undefined, askUsage: undefined, hideUsage: undefined, terminal: [] }
}
