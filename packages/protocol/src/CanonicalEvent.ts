/**
 * The events of an answer, streamed or not, and the frame that carries them: one frame per wire event. Plain objects,
 * string types. Which event may follow which is in Grammar.ts; the buffered answer is the fold in Collect.ts.
 */
import type { Annotation } from "./CanonicalAnnotation.ts"
import type { Finish } from "./CanonicalFinish.ts"
import type { Part, Sealed } from "./CanonicalPart.ts"
import type { ItemFacts } from "./CanonicalRequest.ts"
import type { Usage } from "./CanonicalUsage.ts"
import type { Failure } from "./GatewayError.ts"
import type { DialectId, Json } from "./Wire.ts"

/** What a block holds. */
export type BlockKind = "text" | "reasoning" | "tool-call" | "refusal" | "media" | "server-tool" | "foreign"

/** Identity of a tool call; known before the block starts. */
export interface CallFacts {
  readonly kind: "function" | "custom"
  readonly id: string
  readonly name: string
  readonly namespace?: string
}

/** The answer begins. The first non-empty id wins; all fields may be absent. */
export interface StartEvent {
  readonly type: "start"
  readonly id?: string
  readonly model?: string
  /** Seconds since the epoch, as the provider stated them. */
  readonly created?: number
}

/** A block begins. `index` counts the blocks of its choice from 0 in order of their start. */
export interface BlockStartEvent {
  readonly type: "block-start"
  readonly choice: number
  readonly index: number
  readonly kind: BlockKind
  /** Present exactly on `tool-call` blocks. */
  readonly call?: CallFacts
  /** Present on `reasoning` blocks; absent = raw. */
  readonly form?: "raw" | "summary"
  readonly item?: ItemFacts
  /** Index of the part inside its item (Responses `content_index`, `summary_index`). */
  readonly partIndex?: number
  /** Present on `foreign` and `server-tool` blocks: the dialect's own opening value. */
  readonly native?: { readonly dialect: DialectId; readonly name: string; readonly value: Json }
}

interface InBlock {
  readonly choice: number
  readonly index: number
}

/** Visible text, or the words of a refusal. */
export interface TextDeltaEvent extends InBlock {
  readonly type: "text-delta"
  readonly text: string
}

/** Thinking, raw or summarised as the block says. */
export interface ReasoningDeltaEvent extends InBlock {
  readonly type: "reasoning-delta"
  readonly text: string
}

/** Proof of a block's thinking or call; a later one replaces an earlier one. */
export interface SignatureEvent extends InBlock {
  readonly type: "signature"
  readonly signature: Sealed
}

/** Thinking that only its issuer can read. */
export interface EncryptedEvent extends InBlock {
  readonly type: "encrypted"
  readonly encrypted: Sealed
}

/** Raw text of a call's arguments. */
export interface ToolArgumentsDeltaEvent extends InBlock {
  readonly type: "tool-arguments-delta"
  readonly text: string
}

/** A piece of sound or picture. `data` is base64. */
export interface MediaDeltaEvent extends InBlock {
  readonly type: "media-delta"
  readonly mime?: string
  readonly data?: string
  readonly transcript?: string
  readonly partialIndex?: number
}

/** Something said about a block (`choice` and `index`), a choice (`choice`) or the response (neither). */
export interface AnnotationEvent {
  readonly type: "annotation"
  readonly choice?: number
  readonly index?: number
  readonly annotation: Annotation
}

/** A block ends. */
export interface BlockEndEvent extends InBlock {
  readonly type: "block-end"
  /** The whole block as the provider restates it; the fold prefers it over the deltas. */
  readonly final?: Part
}

/** A snapshot of token counts. */
export interface UsageEvent {
  readonly type: "usage"
  readonly usage: Usage
  /** The service tier the provider says it used, in its own word; absent = the standard one, or not stated. It decides what the tokens cost. */
  readonly tier?: string
}

/** A choice ends. */
export interface FinishEvent extends Finish {
  readonly type: "finish"
  readonly choice: number
}

/** A sign of life. */
export interface PingEvent {
  readonly type: "ping"
}

/** A wire event that only its dialect knows. */
export interface ForeignEvent {
  readonly type: "foreign"
  readonly dialect: DialectId
  readonly name: string
  readonly value: Json
}

/** The answer failed. Terminal. */
export interface ErrorEvent {
  readonly type: "error"
  readonly failure: Failure
}

/** The answer is whole. Terminal. */
export interface EndEvent {
  readonly type: "end"
}

/** One fact of an answer. */
export type CanonicalEvent =
  | StartEvent
  | BlockStartEvent
  | TextDeltaEvent
  | ReasoningDeltaEvent
  | SignatureEvent
  | EncryptedEvent
  | ToolArgumentsDeltaEvent
  | MediaDeltaEvent
  | AnnotationEvent
  | BlockEndEvent
  | UsageEvent
  | FinishEvent
  | PingEvent
  | ForeignEvent
  | ErrorEvent
  | EndEvent

/** The name of an event. */
export type EventType = CanonicalEvent["type"]

/** The wire event a frame came from. `events` are the events as decoded: an encoder that sees the same array knows nothing was edited. */
export interface FrameWire {
  readonly dialect: DialectId
  /** The wire event's own name, where the framing has names. */
  readonly name?: string
  /** The parsed payload; a string when the payload is not JSON (`[DONE]`). */
  readonly value: Json
  readonly events: ReadonlyArray<CanonicalEvent>
}

/**
 * What one wire event says. A buffered body is one frame with all its events. `events` may be empty (keep-alives, repeated
 * metadata): such a frame is kept inside its dialect and silent across; a frame that an interceptor emptied is dropped.
 */
export interface Frame {
  readonly events: ReadonlyArray<CanonicalEvent>
  readonly wire?: FrameWire
}

const standardTier = /^(?:auto|default|standard|on_demand|)$/i

/** Counts of tokens, and the tier they were served in where the provider names one that is not its standard. */
export const usageEvent = (usage: Usage, tier: unknown = undefined): UsageEvent =>
  typeof tier !== "string" || standardTier.test(tier) ? { type: "usage", usage } : { type: "usage", usage, tier }

/** A frame that came from no wire. */
export const frame = (...events: ReadonlyArray<CanonicalEvent>): Frame => ({ events })

/** Whether an interceptor took every event out of a frame that had some. */
export const isDropped = (frame: Frame): boolean => frame.events.length === 0 && frame.wire !== undefined && frame.wire.events.length > 0

/** Whether the frame still says what its wire event said. */
export const isUntouched = (frame: Frame): boolean => frame.wire !== undefined && frame.events === frame.wire.events
