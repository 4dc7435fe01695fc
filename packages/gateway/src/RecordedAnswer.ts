/**
 * An answer as a cache keeps it: the frames the client was told, with the wire events they came from, so that it can be given again
 * to a client of any dialect, streamed or whole, and loses nothing for one of the provider's own. Plain data, and a text form of it.
 */
import type { CanonicalEvent, Frame, FrameWire } from "@sluice/protocol/CanonicalEvent"
import { type FinishReason, reasons } from "@sluice/protocol/CanonicalFinish"
import { DialectId } from "@sluice/protocol/Wire"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ExchangeId } from "./ExchangeId.ts"
import { ProviderId } from "./ProviderId.ts"

/** An answer that can be given again. */
export interface RecordedAnswer {
  /** The exchange in which a provider gave it. */
  readonly exchange: ExchangeId
  /** Milliseconds since the epoch. */
  readonly recordedAt: number
  readonly provider: ProviderId
  readonly upstream: DialectId
  readonly upstreamModel: string
  readonly finish: FinishReason
  /** Whether the provider streamed it: the wire events of a whole body are none of a stream. */
  readonly form: "stream" | "whole"
  /** What it cost, in decimal US dollars; absent = not known. */
  readonly costUsd?: string
  /** A legal sequence that ends with `end`. */
  readonly frames: ReadonlyArray<Frame>
}

type Events = ReadonlyArray<CanonicalEvent>

/** A frame without the same events said twice: where they are those of its wire event, `edited` is absent. */
interface StoredFrame {
  readonly events: Events
  readonly wire?: Omit<FrameWire, "events">
  /** The events of the wire event, where those of the frame were made of them. */
  readonly original?: Events
}

const toStored = ({ events, wire }: Frame): StoredFrame => {
  if (wire === undefined) return { events }
  const { events: original, ...rest } = wire
  return original === events ? { events, wire: rest } : { events, wire: rest, original }
}

const fromStored = ({ events, original, wire }: StoredFrame): Frame =>
  wire === undefined ? { events } : { events, wire: { ...wire, events: original ?? events } }

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } => typeof value === "object" && value !== null

const isEvents = (value: unknown): value is Events => Array.isArray(value) && value.every((event) => isRecord(event) && typeof event["type"] === "string")

const isStoredFrame = (value: unknown): value is StoredFrame =>
  isRecord(value) && isEvents(value["events"]) && (value["wire"] === undefined || isRecord(value["wire"])) &&
  (value["original"] === undefined || isEvents(value["original"]))

/** The stored form. The frames are those this program wrote: their shape is looked at, their meaning is not. */
const Stored = Schema.Struct({
  exchange: ExchangeId,
  recordedAt: Schema.Number,
  provider: ProviderId,
  upstream: DialectId,
  upstreamModel: Schema.String,
  finish: Schema.Literals(reasons),
  form: Schema.Literals(["stream", "whole"]),
  costUsd: Schema.optionalKey(Schema.String),
  frames: Schema.Array(Schema.declare(isStoredFrame))
})

const decode = Schema.decodeUnknownOption(Stored)
const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Stored))

const restored = (stored: typeof Stored.Type): RecordedAnswer => ({ ...stored, frames: stored.frames.map(fromStored) })

/** An answer as plain data, with nothing said twice. */
export const toValue = (answer: RecordedAnswer): object => ({ ...answer, frames: answer.frames.map(toStored) })

/** The answer that plain data stands for; none where it stands for none. */
export const fromValue = (value: unknown): Option.Option<RecordedAnswer> => Option.map(decode(value), restored)

/** An answer as text. */
export const toText = (answer: RecordedAnswer): string => JSON.stringify(toValue(answer))

/** The answer a text stands for; none where it stands for none. */
export const fromText = (text: string): Option.Option<RecordedAnswer> => Option.map(parse(text), restored)
