/**
 * Where the requests of one HTTP provider go and what their head says: pure, compiled once per provider. The outbound head is
 * built from what is allowed and never filtered from the client's, so no caller's credential can reach a provider.
 */
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { AttemptRequest } from "../Executor.ts"
import type { ProviderId } from "../ProviderId.ts"
import type { UpstreamRequest } from "../UpstreamClient.ts"

/** A configured value; redacted where it may be a secret. */
export type Value = string | Redacted.Redacted

/** One HTTP provider as configured. */
export interface TargetOptions {
  readonly id: ProviderId
  readonly dialect: Dialect
  /** Where the provider's API begins, in the convention of its own SDK. Its path and its query are kept; user and fragment are not sent. */
  readonly baseUrl: URL
  /** The key. `none` = the provider takes no key; absent or empty = it is missing, and every request fails before connecting. */
  readonly credential: Redacted.Redacted | "none" | undefined
  /** Sent with every request; stronger than the dialect's and the client's, weaker than the credential. */
  readonly headers?: { readonly [name: string]: Value }
  /** Query parameters of every request, in place of ones of the same name in `baseUrl`. */
  readonly query?: { readonly [name: string]: Value }
}

/** A compiled provider: the request for an attempt, or why there can be none. */
export type Target = (attempt: AttemptRequest, connectTimeoutMs: number) => Result.Result<UpstreamRequest, Failure>

/** Compiles a provider. */
export const compile = (options: TargetOptions): Target => {
  const { dialect, id } = options
  const secret = options.credential === undefined ? "" : options.credential === "none" ? undefined : Redacted.value(options.credential).trim()
  if (secret === "") {
    const missing: Failure = {
      class: "misconfigured",
      message: `The provider "${id}" has no key, so nothing was sent to it: set credentials[].apiKey of providers[id=${id}], or say that it takes none.`
    }
    return () => Result.fail(missing)
  }
  const endpoints = dialect.endpoints.map((endpoint) => ({ endpoint, urlFor: compileUrl(options, endpoint) }))
  const mayPass = new Set([...dialect.headers.forwarded, ...Object.keys(dialect.headers.fixed)])
  const configured = Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), plain(value)]))
  const decided = {
    ...configured,
    "accept-encoding": "identity",
    ...(secret === undefined ? {} : { [dialect.credential.header.toLowerCase()]: `${dialect.credential.prefix}${secret}` })
  }

  const headersOf = (attempt: AttemptRequest, endpoint: Endpoint) => {
    const headers: { [name: string]: string } = {
      "user-agent": "sluice",
      accept: attempt.stream && dialect.framing === "sse" ? "text/event-stream" : "application/json",
      ...dialect.headers.fixed
    }
    if (endpoint.method === "POST") headers["content-type"] = "application/json"
    for (const [name, value] of Object.entries(attempt.headers)) {
      if (mayPass.has(name)) headers[name] = value
    }
    return Object.assign(headers, decided)
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
    return Result.map(urlFor(attempt.model), (url) => ({
      method: endpoint.method,
      url,
      headers: headersOf(attempt, endpoint),
      ...(endpoint.method === "POST" ? { body: attempt.body } : {}),
      connectTimeoutMs
    }))
  }
}

// internal

const plain = (value: Value): string => typeof value === "string" ? value : Redacted.value(value)

/**
 * Where a protocol tells streaming in the path there are several endpoints for one operation; the first that fits is asked. Where a list and its entries are one operation, the model's name decides.
 */
const serves = (endpoint: Endpoint, attempt: AttemptRequest): boolean => {
  if (endpoint.operation !== attempt.operation || endpoint.variant !== attempt.variant) return false
  if (endpoint.stream.in === "path" && attempt.operation === "generate" && (endpoint.stream.is ?? false) !== attempt.stream) return false
  return endpoint.operation !== "models" || endpoint.upstream.includes("{model}") === (attempt.model !== "")
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
