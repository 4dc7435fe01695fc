/**
 * The whole answer: the fold of its events. Both modes mean the same thing: a body unfolds into one frame of events, and a
 * stream folds into this.
 */
import type { Annotation } from "./CanonicalAnnotation.ts"
import type { ForeignEvent } from "./CanonicalEvent.ts"
import type { Finish } from "./CanonicalFinish.ts"
import type { Part } from "./CanonicalPart.ts"
import type { ItemFacts } from "./CanonicalRequest.ts"
import type { Usage } from "./CanonicalUsage.ts"
import type { Failure } from "./GatewayError.ts"
import type { Node } from "./Wire.ts"

/** One part of an answer, with the item it belongs to where the dialect has items. */
export interface AnswerPart {
  readonly part: Part
  readonly item?: ItemFacts
  readonly partIndex?: number
}

/** One alternative answer. */
export interface Choice {
  readonly index: number
  readonly parts: ReadonlyArray<AnswerPart>
  readonly finish?: Finish
  readonly annotations: ReadonlyArray<Annotation>
}

/** A whole answer. */
export interface CanonicalResponse extends Node {
  readonly id?: string
  readonly model?: string
  readonly created?: number
  readonly choices: ReadonlyArray<Choice>
  readonly annotations: ReadonlyArray<Annotation>
  /** Events that only their dialect knows, in order. */
  readonly foreignEvents: ReadonlyArray<ForeignEvent>
  readonly usage?: Usage
  /** Why the answer failed, where it did. */
  readonly failure?: Failure
}
