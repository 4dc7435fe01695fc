/**
 * What the encoders of one request share: whether the request came from this dialect, the tool names that had to be changed,
 * and the loss of a whole node. Not used by the codecs of answers.
 */
import * as CallIds from "@sluice/protocol/CallIds"
import type * as Fields from "@sluice/protocol/Fields"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import type * as ToolNames from "@sluice/protocol/ToolNames"
import type { Node } from "@sluice/protocol/Wire"

/** The state of one request encoding. */
export interface Crossing {
  /** The request came from this dialect, so that fields of compatible providers may be written where an edit needs them. */
  readonly isOwn: boolean
  /** Upstream tool name to the caller's name. */
  readonly renamed: Map<string, string>
  /** Names tools of namespaces, where namespaces are not known. */
  readonly flat: ToolNames.Flat
}

/** Where an encoder of this dialect stands. */
export type Place = Fields.Place<Crossing>

/** Names of functions: `[a-zA-Z0-9_-]{1,64}`. */
const nameRule: CallIds.IdRule = { allowed: /[a-zA-Z0-9_-]/, maxLength: 64 }

/** Ids of calls: OpenAI refuses more than 40 characters. */
const callIdRule: CallIds.IdRule = { allowed: /[\x21-\x7e]/, maxLength: 40 }

/** The place of something inside: of a node where it is given, else of a field. */
export const inside = (place: Place, node: Node | undefined, ...steps: ReadonlyArray<Pointer.Step>): Place => ({
  ...place,
  canonical: Pointer.child(place.canonical, ...steps),
  at: node?.at ?? Pointer.child(place.at, ...steps)
})

/** Reports what became of a whole node. */
export const loseNode = (place: Place, node: Node, loss: Pick<Loss, "reason" | "weight" | "before"> & Partial<Pick<Loss, "after">>): void =>
  place.sink.add({ at: node.at ?? place.at, canonical: place.canonical, ...loss })

const fitted = (text: string, rule: CallIds.IdRule, place: Place): string => {
  const fit = CallIds.fit(text, rule)
  if (fit !== text) place.sink.add({ at: place.at, canonical: place.canonical, reason: "renamed", weight: "hint", before: text, after: fit })
  return fit
}

/** A tool's name as this dialect accepts it; a changed name is remembered so that the answer can be given the caller's. */
export const fitName = (name: string, place: Place): string => {
  const fit = fitted(name, nameRule, place)
  if (fit !== name) place.context.renamed.set(fit, name)
  return fit
}

/** A call's id as this dialect accepts it. */
export const fitId = (id: string, place: Place): string => fitted(id, callIdRule, place)
