/**
 * Where the requests of one HTTP provider go and what their head says: pure, compiled once per provider. The outbound head is
 * built from what is allowed and never filtered from the client's, so no caller's credential can reach a provider.
 */
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Credential from "../Credential.ts"
import type { AttemptRequest } from "../Executor.ts"
import * as HeaderChange from "../HeaderChange.ts"
import type { ProviderId } from "../ProviderId.ts"
import type { UpstreamRequest } from "../UpstreamClient.ts"

/** One HTTP provider as configured. */
export interface TargetOptions {
  readonly id: ProviderId
  readonly dialect: Dialect
  /** Where the provider's API begins, in the convention of its own SDK. Its path and its query are kept; user and fragment are not sent. */
  readonly baseUrl: URL
  /** What it is asked with: each attempt brings one of these. Absent = the provider takes none; a missing or blank secret fails before connecting. */
  readonly credentials?: Credential.Credentials
  /** Sent with every request; stronger than the dialect's and the client's, weaker than the credential. */
  readonly headers?: { readonly [name: string]: Credential.Value }
  /** Query parameters of every request, in place of ones of the same name in `baseUrl`. */
  readonly query?: { readonly [name: string]: Credential.Value }
}

/** A compiled provider: the request for an attempt, or why there can be none. */
export type Target = (attempt: AttemptRequest, connectTimeoutMs: number) => Result.Result<UpstreamRequest, Failure>

/** Compiles a provider. */
export const compile = (options: TargetOptions): Target => {
  const { dialect, id } = options
  const missing: Failure = {
    class: "misconfigured",
    message: `The provider "${id}" has no key, so nothing was sent to it: set credentials[].apiKey of providers[id=${id}], or say that it takes none.`
  }
  const endpoints = dialect.endpoints.map((endpoint) => ({ endpoint, urlFor: compileUrl(options, endpoint) }))
  const mayPass = new Set([...dialect.headers.forwarded, ...Object.keys(dialect.headers.fixed)])
  const configured = Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), plain(value)]))
  const decided = { ...configured, "accept-encoding": "identity" }
  const keyHeader = dialect.credential.header.toLowerCase()

  const headersOf = (attempt: AttemptRequest, endpoint: Endpoint, secret: string | undefined) => {
    const headers: { [name: string]: string } = {
      "user-agent": "sluice",
      accept: attempt.stream && dialect.framing === "sse" ? "text/event-stream" : "application/json",
      ...dialect.headers.fixed
    }
    if (endpoint.method === "POST") headers["content-type"] = "application/json"
    for (const [name, value] of Object.entries(attempt.headers)) {
      if (mayPass.has(name)) headers[name] = value
    }
    Object.assign(headers, decided)
    if (attempt.changes !== undefined) change(headers, attempt.changes)
    const { credential } = attempt
    if (credential?.headers !== undefined) addHeaders(headers, credential.headers())
    if (secret === undefined) return headers
    // Every protocol takes a login's token in the same way, whatever it does with keys
    if (credential?.kind === "oauth") headers["authorization"] = `Bearer ${secret}`
    else headers[keyHeader] = `${dialect.credential.prefix}${secret}`
    return headers
  }

  return (attempt, connectTimeoutMs) => {
    const chosen = endpoints.find(({ endpoint }) => serves(endpoint, attempt))
    if (chosen === undefined) {
      return Result.fail({
        class: "unsupported-crossing",
        message: `The protocol of the provider "${id}" (${dialect.id}) has no endpoint for "${attempt.operation}".`
      })
    }
    const { endpoint, urlFor } = chosen
    const isAnonymous = options.credentials === undefined || attempt.credential?.kind === "none"
    const secret = isAnonymous || attempt.credential === undefined ? undefined : Credential.secretOf(attempt.credential)
    if (secret === undefined && !isAnonymous) return Result.fail(missing)
    return Result.map(urlFor(attempt.model), (url) => ({
      method: endpoint.method,
      url: withQuery(url, attempt.query),
      headers: headersOf(attempt, endpoint, secret),
      ...(endpoint.method === "POST" ? { body: attempt.body } : {}),
      connectTimeoutMs
    }))
  }
}

// internal

const plain = (value: Credential.Value): string => typeof value === "string" ? value : Redacted.value(value)

/** Adds what a credential wants said. Beta flags are lists, so the client's own stay. */
const addHeaders = (headers: { [name: string]: string }, added: { readonly [name: string]: Credential.Value }): void => {
  for (const [name, value] of Object.entries(added)) {
    const key = name.toLowerCase()
    const before = headers[key]
    headers[key] = before !== undefined && key.endsWith("-beta") ? [...new Set([...listed(before), ...listed(plain(value))])].join(",") : plain(value)
  }
}

/** HTTP's own, and what would make the answer unreadable. */
const fixed = new Set(["accept-encoding", "connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"])

/** Makes the changes that interceptors want; a credential is added afterwards, whatever they say. */
const change = (headers: { [name: string]: string }, changes: ReadonlyArray<HeaderChange.HeaderChange>): void => {
  const changed = HeaderChange.applyAll(headers, changes)
  for (const name of Object.keys(headers)) if (changed[name] === undefined && !fixed.has(name)) delete headers[name]
  for (const [name, value] of Object.entries(changed)) if (!fixed.has(name)) headers[name] = value
}

const listed = (text: string): ReadonlyArray<string> => text.split(",").map((item) => item.trim()).filter((item) => item !== "")

/**
 * Where a protocol tells streaming in the path there are several endpoints for one operation; the first that fits is asked. Where a list and its entries are one operation, the model's name decides.
 */
const serves = (endpoint: Endpoint, attempt: AttemptRequest): boolean => {
  if (endpoint.operation !== attempt.operation || endpoint.variant !== attempt.variant) return false
  if (endpoint.stream.in === "path" && attempt.operation === "generate" && (endpoint.stream.is ?? false) !== attempt.stream) return false
  return endpoint.operation !== "models" || endpoint.upstream.includes("{model}") === (attempt.model !== "")
}

/** The URL with what only this request asks; what is configured stays stronger. */
const withQuery = (url: URL, query: AttemptRequest["query"]): URL => {
  if (query === undefined) return url
  const asked = new URL(url)
  for (const [name, value] of Object.entries(query)) if (!asked.searchParams.has(name)) asked.searchParams.set(name, value)
  return asked
}

/** The URL of an endpoint: its path behind the base path, and the queries of both, with the configured parameters last. */
const compileUrl = ({ baseUrl, id, query }: TargetOptions, endpoint: Endpoint): (model: string) => Result.Result<URL, Failure> => {
  const [path = "", ownQuery = ""] = endpoint.upstream.split("?", 2)
  const parameters = new URLSearchParams(baseUrl.search)
  for (const [name, value] of new URLSearchParams(ownQuery)) parameters.set(name, value)
  for (const [name, value] of Object.entries(query ?? {})) parameters.set(name, plain(value))
  const search = parameters.size === 0 ? "" : `?${parameters}`
  const pathname = `${baseUrl.pathname.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`
  const urlAt = (name: string) => new URL(`${baseUrl.origin}${pathname.replace("{model}", () => name)}${search}`)
  if (!pathname.includes("{model}")) {
    const url = Result.succeed(urlAt(""))
    return () => url
  }
  return (model) => {
    const name = encodeURIComponent(model.toWellFormed())
    // Dots alone would climb to another path of the provider
    if (name === "" || name === "." || name === "..") {
      return Result.fail({ class: "model-not-found", message: `The provider "${id}" tells the model in the path, where "${model}" cannot stand.` })
    }
    return Result.succeed(urlAt(name))
  }
}
