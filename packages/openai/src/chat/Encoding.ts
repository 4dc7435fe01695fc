/**
 * What the encoders of one request share: whether the request came from this dialect, the tool names that had to be changed,
 * and the loss of a whole node. Not used by the codecs of answers.
 */
import * as CallIds from "@sluice/protocol/CallIds"
import type { Place } from "@sluice/protocol/Fields"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import type { Node } from "@sluice/protocol/Wire"

/** The state of one request encoding. */
export interface Encoding {
  /** The request came from this dialect, so that fields of compatible providers may be written where an edit needs them. */
  readonly own: boolean
  /** Upstream tool name to the caller's name. */
  readonly renamed: Map<string, string>
}

/** Where an encoder of this dialect stands. */
export type At = Place<Encoding>

/** Names of functions: `[a-zA-Z0-9_-]{1,64}`. */
const nameRule: CallIds.IdRule = { allowed: /[a-zA-Z0-9_-]/, maxLength: 64 }

/** Ids of calls: OpenAI refuses more than 40 characters. */
const callIdRule: CallIds.IdRule = { allowed: /[\x21-\x7e]/, maxLength: 40 }

/** The place of a node below this one. */
export const below = (place: At, node: Node, ...steps: ReadonlyArray<Pointer.Step>): At => ({
  ...place,
  canonical: Pointer.child(place.canonical, ...steps),
  at: node.at ?? place.at
})

/** Reports what became of a whole node. */
export const loseNode = (place: At, node: Node, loss: Pick<Loss, "reason" | "weight" | "before"> & Partial<Pick<Loss, "after">>): void =>
  place.sink.add({ at: node.at ?? place.at, canonical: place.canonical, ...loss })

const fitted = (text: string, rule: CallIds.IdRule, place: At): string => {
  const fit = CallIds.fit(text, rule)
  if (fit !== text) place.sink.add({ at: place.at, canonical: place.canonical, reason: "renamed", weight: "hint", before: text, after: fit })
  return fit
}

/** A tool's name as this dialect accepts it; a changed name is remembered so that the answer can be given the caller's. */
export const toolName = (name: string, place: At): string => {
  const fit = fitted(name, nameRule, place)
  if (fit !== name) place.context.renamed.set(fit, name)
  return fit
}

/** A call's id as this dialect accepts it. */
export const callId = (id: string, place: At): string => fitted(id, callIdRule, place)

/** The name of a tool of a namespace, where namespaces are not known. */
export const qualified = (namespace: string, name: string): string => `${namespace}__${name}`
