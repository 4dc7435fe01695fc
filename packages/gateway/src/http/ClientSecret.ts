/**
 * Finds the secret a client sent, in whatever header its protocol or SDK uses, or in the query where the gateway takes it there.
 * A header that is there but empty counts as absent. What is handed on has no secret in its address.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Context from "effect/Context"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Presented } from "../Authenticator.ts"

type Headers = { readonly [name: string]: string | undefined }

/** What is looked at of a request. */
export interface Asking {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** Names are lower-case. */
  readonly headers: Headers
  /** The other end of the connection, whatever headers say of who stands behind it. */
  readonly peerAddress?: Option.Option<string>
}

/** What is looked at of a gateway. */
export interface Taking {
  readonly dialects: ReadonlyArray<Dialect>
  readonly settings: { readonly queryKey: boolean }
}

const startsWith = (value: string, prefix: string): boolean => value.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase()

/** The first secret under the dialect's own headers, then under those of the other dialects (some clients mix them). */
const inHeaders = (headers: Headers, own: Dialect, all: ReadonlyArray<Dialect>): string | undefined => {
  for (const dialect of [own, ...all]) {
    for (const { header, prefix } of dialect.credential.accepts) {
      const value = headers[header]
      if (value === undefined || !startsWith(value, prefix)) continue
      const secret = value.slice(prefix.length).trim()
      if (secret !== "") return secret
    }
  }
  return undefined
}

/** The address without a parameter, and the parameter's first value that is not empty. */
const taken = (url: string, name: string): { readonly path: string; readonly value: string | undefined } => {
  const at = url.indexOf("?")
  if (at < 0) return { path: url, value: undefined }
  const query = new URLSearchParams(url.slice(at + 1))
  const value = query.getAll(name).find((one) => one !== "")
  query.delete(name)
  const rest = query.toString()
  return { path: `${url.slice(0, at)}${rest === "" ? "" : `?${rest}`}`, value }
}

/** What the authenticator may look at. Headers go before the query. */
export const presented = ({ headers, method, peerAddress, url }: Asking, own: Dialect, { dialects, settings }: Taking): Presented => {
  const secret = inHeaders(headers, own, dialects)
  const address = peerAddress === undefined || Option.isNone(peerAddress) ? {} : { address: peerAddress.value }
  const name = own.credential.query
  if (name === undefined) return { method, path: url, headers, secret, ...address }
  const { path, value } = taken(url, name)
  if (settings.queryKey) return { method, path, headers, secret: secret ?? value, ...address }
  return { method, path, headers, secret, ...address, ...(value === undefined ? {} : { ignored: name }) }
}

/** What a browser brings back from a login, which only the gateway may know. */
const ofLogins = ["code", "state"]

/** Keeps secrets in the query out of spans, whether they are taken there or not: a client may send one all the same. */
export const layerRedacted = (dialects: ReadonlyArray<Dialect>): Layer.Layer<never> =>
  Layer.succeed(UrlParams.CurrentRedactedNames)([
    ...Context.get(Context.empty(), UrlParams.CurrentRedactedNames),
    ...ofLogins,
    ...dialects.flatMap(({ credential: { query } }) => query === undefined ? [] : [query])
  ])
