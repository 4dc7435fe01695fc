/**
 * Field tables: how a dialect says, once per canonical field, where it lives on the wire. One table serves decoding
 * (`get`), encoding afresh and encoding over the wire value a node came from (`put` changes only what differs), the list of
 * wire keys without a home, and the losses of fields that the dialect has no place for.
 */
import { same } from "./Equality.ts"
import type { Loss, LossSink } from "./Loss.ts"
import * as Pointer from "./Pointer.ts"
import { type Json, type JsonObject, type Node, nodeKeys } from "./Wire.ts"

/** Keys to set on a wire object; `undefined` takes the key away. */
export type Patch = { readonly [key: string]: Json | undefined }

/** Where an encoder stands: its place in both models, the losses so far, and what the dialect's encoders share. */
export interface Place<C> {
  /** JSON Pointer in the canonical model. */
  readonly canonical: string
  /** JSON Pointer in the client's body. */
  readonly at: string
  readonly sink: LossSink
  readonly context: C
}

/** One or more canonical fields and the wire keys they live under. */
export interface Field<N, W, C> {
  readonly of: ReadonlyArray<keyof N & string>
  readonly keys: ReadonlyArray<string>
  /** Reads the canonical fields; `at` is the pointer of the wire object. */
  readonly get: (wire: W, at: string) => Partial<N>
  /** The wire keys for the node's fields, over the wire object the node came from (empty when fresh). Absent fields take their keys away. */
  readonly put: (node: N, wire: Partial<W>, place: Place<C>) => Patch
}

/** The field table of one kind of node. */
export type Fields<N, W, C> = ReadonlyArray<Field<N, W, C>>

/** A field whose canonical and wire values are the same JSON value under two names. */
export const plain = <N, W, C>() =>
<K extends keyof N & string, L extends keyof W & string>(
  field: K,
  key: L,
  read: (value: NonNullable<W[L]>) => N[K],
  write: (value: NonNullable<N[K]>) => Json
): Field<N, W, C> => ({
  of: [field],
  keys: [key],
  get: (wire) => {
    const value = wire[key]
    const read_ = value === undefined || value === null ? undefined : read(value)
    // A computed key of type K cannot be typed as Partial<N> by the compiler; K and N[K] are checked by the signature.
    return read_ === undefined ? {} : { [field]: read_ } as unknown as Partial<N>
  },
  put: (node) => {
    const value = node[field]
    return { [key]: value === undefined || value === null ? undefined : write(value) }
  }
})

/** All canonical fields of a wire object. */
export const get = <N, W, C>(fields: Fields<N, W, C>, wire: W, at: string): Partial<N> => {
  let node: Partial<N> = {}
  for (const field of fields) node = Object.assign(node, field.get(wire, at))
  return node
}

/** Applies a patch; the same object when nothing changes, key order kept. */
export const patched = (wire: JsonObject, patch: Patch): JsonObject => {
  const entries = Object.entries(patch)
  if (entries.every(([key, value]) => Object.is(wire[key], value) && (value !== undefined || !Object.hasOwn(wire, key)))) return wire
  const copy: { [key: string]: Json } = { ...wire }
  for (const [key, value] of entries) {
    if (value === undefined) delete copy[key]
    else copy[key] = value
  }
  return copy
}

const agrees = <N>(of: ReadonlyArray<keyof N>, before: Partial<N>, after: N): boolean => of.every((key) => same(before[key], after[key]))

/**
 * Encodes a node by its table. With the wire object it came from, only fields whose canonical value differs are written, so
 * that an unedited node gives back the very same object; without one, every field is written.
 */
export const put = <N, W extends object, C>(fields: Fields<N, W, C>, node: N, origin: W | undefined, place: Place<C>): JsonObject => {
  let patch: Patch = {}
  for (const field of fields) {
    if (origin !== undefined && agrees(field.of, field.get(origin, place.at), node)) continue
    if (origin === undefined && field.of.every((key) => node[key] === undefined)) continue
    patch = { ...patch, ...field.put(node, origin ?? {}, place) }
  }
  // W is the typed view of a JSON object: the wire schema was checked on parsed JSON.
  return patched((origin ?? {}) as JsonObject, patch)
}

/** The wire keys that no field owns; `structural` names those the node's own decoder reads. `undefined` when there are none. */
export const foreignKeys = <N, W, C>(fields: Fields<N, W, C>, wire: object, structural: ReadonlySet<string>): ReadonlyArray<string> | undefined => {
  const unknown = Object.keys(wire).filter((key) => !structural.has(key) && !fields.some((field) => field.keys.includes(key)))
  return unknown.length === 0 ? undefined : unknown
}

/** Where each canonical field was found in the client's body. */
export const places = <N, W extends object, C>(fields: Fields<N, W, C>, wire: W, at: string): { readonly [field: string]: string } => {
  const found: { [field: string]: string } = {}
  for (const field of fields) {
    const key = field.keys.find((name) => Object.hasOwn(wire, name))
    if (key !== undefined) { for (const name of field.of) found[name] = Pointer.child(at, key) }
  }
  return found
}

/**
 * Where the client wrote a field: its recorded place, else the node it belongs to. The request is too large a place: a field
 * that stood nowhere in it is named by itself.
 */
export const placeOf = <C>(place: Place<C>, node: Node, field: string): string =>
  node.places?.[field] ?? (node.at === "" ? undefined : node.at) ?? Pointer.child(place.at, field)

/** A loss at one field of the node an encoder stands at. */
export const lose = <C>(place: Place<C>, node: Node, field: string, loss: Pick<Loss, "reason" | "weight"> & Partial<Pick<Loss, "before" | "after">>): void =>
  place.sink.add({
    at: placeOf(place, node, field),
    canonical: Pointer.child(place.canonical, field),
    ...loss
  })

/**
 * Reports what a dialect has no place for: canonical fields without a row in the table (`handled` names those the encoder
 * treats itself) and, when the node came from another dialect, its wire keys without a canonical home.
 */
export const loseRest = <N extends Node, W, C>(
  fields: Fields<N, W, C>,
  node: N,
  handled: ReadonlySet<string>,
  place: Place<C>,
  weightOf: (field: string) => Loss["weight"],
  isOwn: boolean
): void => {
  for (const [key, value] of Object.entries(node)) {
    if (value === undefined || nodeKeys.has(key) || handled.has(key)) continue
    if (fields.some((field) => field.of.some((name) => name === key))) continue
    lose(place, node, key, { reason: "dropped", weight: weightOf(key), before: value })
  }
  if (isOwn) return
  for (const key of node.foreign ?? []) {
    place.sink.add({
      at: Pointer.child(node.at ?? place.at, key),
      canonical: Pointer.child(place.canonical, "foreign", key),
      reason: "dropped",
      weight: "hint"
    })
  }
}
