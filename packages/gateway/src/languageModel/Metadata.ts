/**
 * What of an answer only its provider can read (signatures, encrypted thinking) and how it travels through prompts and responses of
 * Effect's language models: under one name among their options and metadata. A prompt made of an answer carries it back.
 */
import type { Part, Sealed } from "@sluice/protocol/CanonicalPart"
import { DialectId, isObject, type Json } from "@sluice/protocol/Wire"

/** The name. */
export const name = "sluice"

/** What may be sealed of a part. */
export interface Seals {
  readonly signature?: Sealed
  readonly encrypted?: Sealed
}

type Metadata = { readonly [provider: string]: Json }

/** The seals as metadata; absent where there is nothing to say. */
export const of = ({ encrypted, signature }: Seals, more: { readonly [key: string]: Json } = {}): { readonly metadata?: Metadata } => {
  const said = {
    ...more,
    ...(signature === undefined ? {} : { signature: { ...signature } }),
    ...(encrypted === undefined ? {} : { encrypted: { ...encrypted } })
  }
  return Object.keys(said).length === 0 ? {} : { metadata: { [name]: said } }
}

const sealed = (value: unknown): Sealed | undefined =>
  isObject(value) && typeof value["by"] === "string" && value["by"] !== "" && typeof value["value"] === "string"
    ? { by: DialectId.make(value["by"]), value: value["value"] }
    : undefined

/** The seals among options. */
export const sealsIn = (options: { readonly [provider: string]: unknown } | undefined): Pick<Part, "signature" | "encrypted"> => {
  const own = options?.[name]
  if (!isObject(own)) return {}
  const signature = sealed(own["signature"])
  const encrypted = sealed(own["encrypted"])
  return { ...(signature === undefined ? {} : { signature }), ...(encrypted === undefined ? {} : { encrypted }) }
}
