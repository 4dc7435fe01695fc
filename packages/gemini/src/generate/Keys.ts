/**
 * Keys of Gemini bodies in their two spellings: protobuf's JSON is written in camel case and read in snake case too, which clients
 * mix freely. A key that is there is read and edited under the name it came with; a new one is written in camel case.
 */
import * as Fields from "@sluice/protocol/Fields"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"

/** The snake-case spelling of a camel-case key. */
export type Snake<S extends string> = S extends `${infer Head}${infer Tail}` ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Tail>}`
  : ""

type Both<F> = F & { readonly [K in keyof F & string as Snake<K>]: F[K] }

const spellings = new Map<string, string>()

/** The snake-case spelling of a camel-case key. */
export const snake = (key: string): string => {
  const known = spellings.get(key)
  if (known !== undefined) return known
  const made = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  spellings.set(key, made)
  return made
}

/** A struct whose optional keys may be spelled in both ways. */
export const both = <F extends Schema.Struct.Fields>(fields: F): Schema.Struct<Both<F>> => {
  const spelled = Object.fromEntries(Object.entries(fields).map(([key, field]) => [snake(key), field]))
  // Each key has the same schema under its other name, which is what Both says.
  return Schema.Struct({ ...spelled, ...fields } as Both<F>)
}

/** The value under a key in either spelling; null counts as absent. */
export const read = <W extends object, K extends keyof W & string>(wire: W, key: K): NonNullable<W[K]> | undefined => {
  const value = wire[key]
  if (value !== undefined && value !== null) return value
  // The schema gives both spellings the same type.
  const other = (wire as { readonly [key: string]: W[K] })[snake(key)]
  return other ?? undefined
}

/** The name a key has in an object: the spelling that is there, else camel case. */
export const nameIn = (wire: object, key: string): string => !Object.hasOwn(wire, key) && Object.hasOwn(wire, snake(key)) ? snake(key) : key

/** Both spellings of keys. */
export const spelled = (...keys: ReadonlyArray<string>): ReadonlyArray<string> => keys.flatMap((key) => snake(key) === key ? [key] : [key, snake(key)])

/** A field whose canonical and wire values are one JSON value under two names. */
export const plain = <N, W extends object, C>() =>
<K extends keyof N & string, L extends keyof W & string>(
  field: K,
  key: L,
  decode: (value: NonNullable<W[L]>) => N[K],
  encode: (value: NonNullable<N[K]>) => Json
): Fields.Field<N, W, C> => ({
  of: [field],
  keys: spelled(key),
  get: (wire) => {
    const value = read(wire, key)
    const decoded = value === undefined ? undefined : decode(value)
    // A computed key of type K cannot be typed as Partial<N> by the compiler; K and N[K] are checked by the signature.
    return decoded === undefined ? {} : { [field]: decoded } as unknown as Partial<N>
  },
  put: (node, wire) => {
    const value = node[field]
    return { [nameIn(wire, key)]: value === undefined || value === null ? undefined : encode(value) }
  }
})

const isEmpty = (value: JsonObject): boolean => Object.keys(value).length === 0

/** Fields of a node that stand in an object under one key of its wire value. */
export const nested = <N, W extends object, C>() =>
<K extends keyof W & string, I extends object>(
  key: K,
  inner: (wire: Partial<W>) => I | undefined,
  fields: Fields.Fields<N, I, C>
): Fields.Field<N, W, C> => ({
  of: fields.flatMap((field) => field.of),
  keys: spelled(key),
  get: (wire, at) => {
    const found = inner(wire)
    return found === undefined ? {} : Fields.get(fields, found, Pointer.child(at, nameIn(wire, key)))
  },
  put: (node, wire, place) => {
    const name = nameIn(wire, key)
    const origin = inner(wire)
    const written = Fields.put(fields, node, origin, { ...place, at: Pointer.child(place.at, name) })
    return { [name]: origin === undefined && isEmpty(written) ? undefined : written }
  }
})

/** The keys of an object without those whose value says nothing. */
export const said = (wire: object): ReadonlyArray<string> => Object.entries(wire).flatMap(([key, value]) => value === null || value === undefined ? [] : [key])

/** The object under a key in either spelling. */
export const objectAt = (wire: JsonObject, key: string): JsonObject | undefined => {
  const value = wire[key] ?? wire[snake(key)]
  return isObject(value) ? value : undefined
}
