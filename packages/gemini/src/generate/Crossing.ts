/**
 * What the encoders of one request share: the names that had to change, the calls that results answer, and where an encoder
 * stands. The rule for names is Gemini's (specification of FunctionDeclaration.name).
 */
import * as CallIds from "@sluice/protocol/CallIds"
import { bare } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import type { Limits } from "@sluice/protocol/Thinking"
import type * as ToolNames from "@sluice/protocol/ToolNames"
import { type Node, valueIn } from "@sluice/protocol/Wire"
import { id } from "./Wire.ts"

/** Shared by the encoders of one request, or of one answer. */
export interface Crossing {
  /** Answers are read by clients, which take any thinking and know their tools by their own names. */
  readonly isAnswer: boolean
  /** The upstream's model, which decides about thinking, schemas and signatures. */
  readonly model: string
  /** What is known of the model's thinking beside its name. */
  readonly thinking: Limits | undefined
  /** Tool names that were changed: upstream name to the caller's. Filled while encoding. */
  readonly renamed: Map<string, string>
  /** Names of the calls in the conversation by id. */
  readonly calls: ReadonlyMap<string, string>
  /** Names tools of namespaces, which Gemini does not know. */
  readonly flat: ToolNames.Flat
}

/** Where an encoder of this dialect stands. */
export type Place = Fields.Place<Crossing>

/** The place of something inside: of a node where it is given, else of a field. */
export const inside = (place: Place, node: Node | undefined, ...steps: ReadonlyArray<Pointer.Step>): Place => ({
  ...place,
  canonical: Pointer.child(place.canonical, ...steps),
  at: node?.at ?? Pointer.child(place.at, ...steps)
})

/** The place of a field of a node, as the client wrote it. */
export const fieldOf = (place: Place, node: Node, field: string): Place => ({
  ...place,
  canonical: Pointer.child(place.canonical, field),
  at: Fields.placeOf(place, node, field)
})

/** Says that the node at a place is not sent. */
export const drop = (place: Place, node: unknown, weight: Loss["weight"]): undefined => {
  place.sink.add({ at: place.at, canonical: place.canonical, reason: "dropped", weight, before: bare(node) })
  return undefined
}

/** Says that the value at a place is sent as another. */
export const approximate = (place: Place, before: unknown, after: unknown): void =>
  place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: bare(before), after: bare(after) })

/** The wire value a node came from, when it is of the expected kind. */
export const originOf = <W>(is: (value: unknown) => value is W, node: Node): W | undefined => {
  const value = valueIn(id, node)
  return is(value) ? value : undefined
}

/** Whether a node came from this dialect. */
export const isOwn = (node: Node): boolean => node.wire?.dialect === id

const fitted = (name: string): string => {
  const fit = CallIds.fit(name, { allowed: /[a-zA-Z0-9_.:-]/, maxLength: 63 })
  return /^[a-zA-Z_]/.test(fit) ? fit : `_${fit}`
}

/** Names of functions: they begin with a letter or an underscore and have at most 64 characters. A changed one is recorded, to be changed back in the answer. */
export const fitName = (name: string, crossing: Crossing): string => {
  if (crossing.isAnswer) return name
  const fit = fitted(name)
  if (fit !== name) crossing.renamed.set(fit, name)
  return fit
}
