/**
 * A change of headers by a part of the gateway, as a value: what is cleared, then what is replaced; the rest is kept. Names are
 * compared without case and come out in lower case. Pure: whoever owns the headers applies it.
 *
 * @example
 * HeaderChange.apply({ "x-a": "1", "x-b": "2" }, { clear: ["X-A"], set: { "x-c": "3" } }) // { "x-b": "2", "x-c": "3" }
 */

/** What is to become of some headers. */
export interface HeaderChange {
  /** Names that are taken out first. */
  readonly clear?: ReadonlyArray<string>
  /** Each replaces the header of this name as a whole, also where it was just cleared. */
  readonly set?: { readonly [name: string]: string }
}

/** Headers by lower-case name. */
export type Headers = { readonly [name: string]: string }

/** The headers after a change; the same object where nothing is changed. */
export const apply = (headers: Headers, change: HeaderChange | undefined): Headers => {
  const { clear = [], set = {} } = change ?? {}
  const named = Object.entries(set)
  if (clear.length === 0 && named.length === 0) return headers
  const gone = new Set([...clear, ...named.map(([name]) => name)].map((name) => name.toLowerCase()))
  const kept = Object.entries(headers).filter(([name]) => !gone.has(name.toLowerCase()))
  return Object.fromEntries([...kept, ...named.map(([name, value]) => [name.toLowerCase(), value] as const)])
}

/** The headers after several changes, in order. */
export const applyAll = (headers: Headers, changes: ReadonlyArray<HeaderChange>): Headers => changes.reduce<Headers>(apply, headers)
