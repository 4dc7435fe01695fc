/**
 * What is wrong with how a decoder takes an input; nothing when it behaves. Whatever the bytes are, there is a value or a typed
 * failure, never an exception; what a decoder emits obeys the grammar; what was decoded can be written again in its own dialect
 * and in another.
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import { errorClasses, type Failure } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import * as JsonArray from "@sluice/protocol/JsonArray"
import * as Sse from "@sluice/protocol/Sse"
import type { Json as JsonValue } from "@sluice/protocol/Wire"
import { Result } from "effect"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import { explain } from "../../packages/testing/src/laws/Difference.ts"
import { illegality } from "../../packages/testing/src/laws/Legality.ts"
import * as Input from "./Input.ts"

/** What a decoder did with an input: gave a value, refused it with a typed failure, or something that may not be. */
export type Verdict = "decoded" | "refused" | { readonly problem: string }

/** A decoder under attack: its dialect and those that what it decodes is written in beside its own. */
export interface Target {
  readonly dialect: Dialect
  readonly decoder: Input.Decoder
  readonly others: ReadonlyArray<Dialect>
  /** Everything is written in every way, for inputs that are kept; else one way in turn, so that a run gets on. */
  readonly isThorough?: boolean
}

const text = new TextDecoder("utf-8")

const wrong = (problem: string): Verdict => ({ problem })

/** The other dialects that an input is written in: one for every second input, always the same for the same input. */
const othersOf = ({ isThorough, others }: Target, { bytes }: Input.Input): ReadonlyArray<Dialect> => {
  if (isThorough === true) return others
  const other = others[bytes.length % (2 * others.length)]
  return other === undefined ? [] : [other]
}

const unclear = (failure: Failure): string | undefined =>
  errorClasses.includes(failure.class) && typeof failure.message === "string" && failure.message !== ""
    ? undefined
    : `a failure without class or words: ${JSON.stringify(failure)}`

const request = (target: Target, input: Input.Input): Verdict => {
  const { dialect } = target
  const parsed = Json.parse(text.decode(input.bytes))
  if (Result.isFailure(parsed)) return "refused"
  const body = parsed.success
  const decoded = Codec.decodeRequest(dialect, body)
  const checked = dialect.request.check({ body, headers: {}, path: {} })
  if (Result.isFailure(decoded)) {
    if (checked === undefined) return wrong("the check passes what the decoder refuses")
    const { failure } = decoded
    if (failure.class !== "bad-request") return wrong(`a wrong body is ${failure.class}, not bad-request`)
    if (failure.param === undefined) return wrong(`the refusal names no place: ${failure.message}`)
    const problem = unclear(failure)
    return problem === undefined ? "refused" : wrong(problem)
  }
  if (checked !== undefined) return wrong(`the check refuses what is decoded: ${checked.message}`)
  for (const other of othersOf(target, input)) JSON.stringify(other.request.encode(decoded.success).body)
  const own = dialect.request.encode(decoded.success)
  if (own.losses.length > 0) return wrong(`an encoding into the own dialect loses ${own.losses.map((loss) => loss.canonical).join(", ")}`)
  return Equality.sameJson(body, own.body) ? "decoded" : wrong(explain("the request", body, own.body) ?? "the request differs")
}

const plain: CanonicalRequest = Codec.plainRequest

const asStream = (dialect: Dialect, frames: ReadonlyArray<Frame>): unknown => Sse.writeAll(Codec.encodeStream(dialect, frames, Codec.contextFor(plain)))
const asBody = (dialect: Dialect, frames: ReadonlyArray<Frame>): unknown => JSON.stringify(dialect.response.encode(frames, Codec.contextFor(plain)))

/** Writes frames in the own dialect and in others, streamed or whole in turn. Only what ended well has a body. */
const writeAnswer = (target: Target, input: Input.Input, frames: ReadonlyArray<Frame>, isWhole: boolean): void => {
  const isBody = input.bytes.length % 5 < 2
  for (const dialect of [target.dialect, ...othersOf(target, input)]) {
    if (isWhole && (isBody || target.isThorough === true)) asBody(dialect, frames)
    if (!isWhole || !isBody || target.isThorough === true) asStream(dialect, frames)
  }
}

const judgeFrames = (target: Target, input: Input.Input, frames: ReadonlyArray<Frame>): Verdict => {
  const events = Codec.eventsOf(frames)
  const illegal = illegality(events)
  if (illegal !== undefined) return wrong(illegal)
  const last = events.at(-1)
  writeAnswer(target, input, frames, last?.type === "end")
  if (last?.type !== "error") return "decoded"
  const problem = unclear(last.failure)
  return problem === undefined ? "refused" : wrong(problem)
}

const response = (target: Target, input: Input.Input): Verdict => {
  const parsed = Json.parse(text.decode(input.bytes))
  if (Result.isFailure(parsed)) return "refused"
  return judgeFrames(target, input, [target.dialect.response.decode(parsed.success)])
}

/** What the lane that forwards bytes asks of each event. */
const readByteLane = ({ dialect: { bytes } }: Target, events: ReadonlyArray<Sse.WireEvent>): string | undefined => {
  for (const event of events) {
    const length = bytes.deltaLength(event)
    if (length !== undefined && !(Number.isInteger(length) && length >= 0 && length <= event.data.length)) {
      return `an event's content is ${length} characters long`
    }
    bytes.hideUsage?.(event)
  }
  return undefined
}

const split = (splitter: Sse.Splitter, chunks: ReadonlyArray<Uint8Array>): ReadonlyArray<Sse.WireEvent> => [
  ...chunks.flatMap((chunk) => splitter.push(chunk).events),
  ...splitter.end({ tolerant: true }).events
]

/** The other decoders are given what was cut; whether cuts matter is asked of the splitter, where nothing else could notice them. */
const cutsMatter = (make: () => Sse.Splitter, input: Input.Input, events: ReadonlyArray<Sse.WireEvent>): boolean => {
  const whole = split(make(), [input.bytes])
  return whole.length !== events.length || whole.some(({ data, name }, index) => data !== events[index]?.data || name !== events[index].name)
}

const stream = (make: () => Sse.Splitter) => (target: Target, input: Input.Input): Verdict => {
  const events = split(make(), Input.chunks(input))
  if (input.cuts.length > 0 && cutsMatter(make, input, events)) return wrong("the events depend on where the bytes were cut")
  const lane = readByteLane(target, events)
  if (lane !== undefined) return wrong(lane)
  const frames = Codec.decodeStream(target.dialect, events, input.ending)
  const count = frames.reduce((sum, frame) => sum + frame.events.length, 0)
  if (count > input.bytes.length + 16) return wrong(`${input.bytes.length} bytes became ${count} events`)
  return judgeFrames(target, input, frames)
}

const error = (target: Target, input: Input.Input): Verdict => {
  const failure = target.dialect.errors.decode({ status: input.status, headers: input.headers, body: text.decode(input.bytes) })
  const problem = unclear(failure)
  if (problem !== undefined) return wrong(problem)
  const wait = failure.retryAfterMs
  if (wait !== undefined && !(Number.isFinite(wait) && wait >= 0)) return wrong(`a wait of ${wait} ms`)
  if (JSON.stringify(failure.evidence ?? null).length > 8192) return wrong("the evidence is too large")
  for (const dialect of [target.dialect, ...othersOf(target, input)]) {
    const body: JsonValue = dialect.errors.encode(failure, { status: input.status, requestId: "r", message: failure.message })
    JSON.stringify(body)
  }
  return "refused"
}

const judges: { readonly [D in Input.Decoder]: (target: Target, input: Input.Input) => Verdict } = {
  request,
  response,
  stream: stream(() => Sse.splitter()),
  array: stream(() => JsonArray.splitter()),
  error
}

/** Where an exception comes from, in one line: its words and the innermost place in our sources. */
const said = (error: unknown): string => {
  if (!(error instanceof Error)) return `threw ${String(error)}`
  const place = /((?:packages|test)\/[\w/.-]+\.ts:\d+)/.exec((error.stack ?? "").replaceAll(/.*node_modules\/(?!@sluice).*\n/g, ""))?.[1]
  return `threw ${error.name}: ${error.message.slice(0, 200)} (${place ?? "unknown place"})`
}

const isPolluted = (): boolean => {
  for (const _ in {}) return true
  return false
}

/** Judges one input. */
export const judge = (target: Target, input: Input.Input): Verdict => {
  try {
    const verdict = judges[target.decoder](target, input)
    return isPolluted() ? wrong("the prototype of all objects was changed") : verdict
  } catch (error) {
    return wrong(said(error))
  }
}
