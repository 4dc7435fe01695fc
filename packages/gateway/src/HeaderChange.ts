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

const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/

/** What HTTP itself says of a connection and a body: no part of the gateway changes these. */
const ofHttp: ReadonlySet<string> = new Set(["connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"])

/** Why a change cannot be made: the first name or value that HTTP cannot carry; `undefined` where it can. */
export const problem = (change: HeaderChange | undefined): string | undefined => {
  const wrong = Object.entries(change?.set ?? {}).find(([name, value]) => !nameForm.test(name) || !valueForm.test(value))
  return wrong === undefined ? undefined : `It sets the header ${JSON.stringify(wrong[0].slice(0, 100))}, which HTTP cannot carry.`
}

/** The headers a part of the gateway may give a client: without HTTP's own, and without what HTTP cannot carry. Names in lower case. */
export const sendable = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name, value]) => nameForm.test(name) && valueForm.test(value) && !ofHttp.has(name))
  )

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
