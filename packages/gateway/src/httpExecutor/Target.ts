/**
 * Where the requests of one HTTP provider go and what their head says: pure, compiled once per provider. The outbound head is
 * built from what is allowed and never filtered from the client's, so no caller's credential can reach a provider.
 */
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Credential from "../Credential.ts"
import type { AttemptRequest, RawRequest } from "../Executor.ts"
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

type RawTarget = (request: RawRequest, connectTimeoutMs: number) => Result.Result<UpstreamRequest, Failure>

/** A compiled provider: the request for an attempt, or for what is handed on as it is, or why there can be none. */
export interface Target {
  readonly attempt: (attempt: AttemptRequest, connectTimeoutMs: number) => Result.Result<UpstreamRequest, Failure>
  readonly raw: RawTarget
}

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

  const authorize = (headers: { [name: string]: string }, credential: Credential.Credential | undefined, secret: string | undefined) => {
    if (credential?.headers !== undefined) addHeaders(headers, credential.headers())
    if (secret === undefined) return headers
    // Every protocol takes a login's token in the same way, whatever it does with keys
    if (credential?.kind === "oauth") headers["authorization"] = `Bearer ${secret}`
    else headers[keyHeader] = `${dialect.credential.prefix}${secret}`
    return headers
  }

  /** The secret of a credential, none where the provider takes none; fails where it should have one. */
  const secretOf = (credential: Credential.Credential | undefined): Result.Result<string | undefined, Failure> => {
    if (options.credentials === undefined || credential?.kind === "none") return Result.succeed(undefined)
    const secret = credential === undefined ? undefined : Credential.secretOf(credential)
    return secret === undefined ? Result.fail(missing) : Result.succeed(secret)
  }

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
    return authorize(headers, attempt.credential, secret)
  }

  const raw: RawTarget = (request, connectTimeoutMs) =>
    Result.flatMap(rawUrl(options, request), (url) =>
      Result.map(secretOf(request.credential), (secret) => {
        const headers: { [name: string]: string } = { "user-agent": "sluice", accept: request.headers["accept"] ?? "*/*", ...dialect.headers.fixed }
        for (const name of [...mayPass, "content-type"]) {
          const value = request.headers[name]
          if (value !== undefined) headers[name] = value
        }
        Object.assign(headers, decided)
        const { body, credential, method } = request
        return { method, url, headers: authorize(headers, credential, secret), ...(body === undefined ? {} : { body }), connectTimeoutMs }
      }))

  const attempt: Target["attempt"] = (attempt, connectTimeoutMs) => {
    const chosen = endpoints.find(({ endpoint }) => serves(endpoint, attempt))
    if (chosen === undefined) {
      return Result.fail({
        class: "unsupported-crossing",
        message: `The protocol of the provider "${id}" (${dialect.id}) has no endpoint for "${attempt.operation}".`
      })
    }
    const { endpoint, urlFor } = chosen
    return Result.flatMap(secretOf(attempt.credential), (secret) =>
      Result.map(urlFor(attempt.model), (url) => ({
        method: endpoint.method,
        url: withQuery(url, attempt.query),
        headers: headersOf(attempt, endpoint, secret),
        ...(endpoint.method === "POST" ? { body: attempt.body } : {}),
        connectTimeoutMs
      })))
  }

  return { attempt, raw }
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

const invalid = (message: string): Result.Result<never, Failure> => Result.fail({ class: "bad-request", message })

/** The path of an endpoint as clients may write it; a model's name in it may have slashes. */
const patternOf = ({ upstream }: Endpoint): RegExp => {
  const [path = ""] = upstream.split("?")
  return new RegExp(`^/*${path.replace(/^\/+/, "").split("{model}").map((part) => part.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&")).join(".+")}/*$`, "i")
}

/** The URL of a path of the client's choosing: behind the base path and nowhere else, with the configured parameters last. */
const rawUrl = ({ baseUrl, dialect, query }: TargetOptions, { path: whole }: RawRequest): Result.Result<URL, Failure> => {
  const [path = "", asked = ""] = whole.split("?", 2)
  if (!path.startsWith("/") || /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)|\/\/|\\|%5c|%2f|\s/i.test(path)) {
    return invalid(`The path "${path}" leads nowhere.`)
  }
  const own = dialect.endpoints.find((endpoint) => endpoint.operation !== "models" && patternOf(endpoint).test(decodedPath(path)))
  if (own !== undefined) return invalid(`What is asked under "${path}" has a place of its own here: ${own.method} ${own.path}.`)
  const parameters = new URLSearchParams(baseUrl.search)
  for (const [name, value] of new URLSearchParams(asked)) parameters.append(name, value)
  for (const [name, value] of Object.entries(query ?? {})) parameters.set(name, plain(value))
  const search = parameters.size === 0 ? "" : `?${parameters}`
  return Result.succeed(new URL(`${baseUrl.origin}${baseUrl.pathname.replace(/\/+$/, "")}${path}${search}`))
}

/** The path without its percent signs; as it is where they mean nothing. */
const decodedPath = (path: string): string => {
  // decodeURIComponent has no other way to refuse; the exception ends here
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
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
