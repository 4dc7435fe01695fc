/**
 * What goes back over HTTP: heads with what is known about the exchange, and error bodies in the client's own dialect. Pure
 * but for building the response value.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import { clientMessage, type Failure, policyOf, statusOf } from "@sluice/protocol/GatewayError"
import * as Loss from "@sluice/protocol/Loss"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Exchange } from "./Exchange.ts"
import * as HeaderChange from "./HeaderChange.ts"
import type { WholeReply } from "./Interceptor.ts"
import * as Fate from "./replays/Fate.ts"
import type * as ShortCircuit from "./ShortCircuit.ts"
import type { UpstreamReply } from "./UpstreamClient.ts"

type Head = { [name: string]: string }

/** Headers every reply of an exchange carries: its id, also under the name the dialect's own SDK reads. */
export const identity = (dialect: Dialect, id: string): Head => ({
  "x-request-id": id,
  ...(dialect.headers.requestId === undefined ? {} : { [dialect.headers.requestId]: id })
})

const isAllowed = (policy: ReadonlyArray<string>, name: string): boolean =>
  policy.some((allowed) => allowed.endsWith("*") ? name.startsWith(allowed.slice(0, -1)) : allowed === name)

/** The provider's limits are those of the gateway's account with it: a caller with limits of its own would take them for its own. */
const isAboutLimits = (name: string): boolean => name.includes("ratelimit") || name.startsWith("retry-after")

/** The provider's own headers that may reach the client. Its request ids come back under `x-upstream-request-id`. */
const upstreamHead = (dialect: Dialect, reply: Pick<UpstreamReply, "headers">, hidesLimits: boolean): Head => {
  const head: Head = {}
  for (const [name, value] of Object.entries(reply.headers)) {
    if (value === undefined || !isAllowed(dialect.headers.reply, name) || (hidesLimits && isAboutLimits(name))) continue
    head[name === "x-request-id" || name === "request-id" ? "x-upstream-request-id" : name] = value
  }
  return head
}

/** What is known of the exchange when its answer's head goes out. */
export const facts = (exchange: Exchange, overheadMs: number | undefined): Head => {
  const { current } = exchange
  if (current === undefined) return {}
  const losses = Loss.toHeader(current.losses)
  return {
    "x-sluice-provider": current.provider,
    "x-sluice-model": encodeURI(current.upstreamModel),
    "x-sluice-attempts": String(exchange.sentUpstream ? Math.max(1, exchange.attempts.length) : 0),
    ...(overheadMs === undefined ? {} : { "x-sluice-overhead-ms": String(Math.max(0, Math.round(overheadMs))) }),
    ...(losses === "" ? {} : { "x-sluice-losses": losses })
  }
}

/** The head of an answer; without `reply` the head of a stream that goes out before any attempt has answered. */
export const head = (
  exchange: Exchange,
  upstream: { readonly dialect: Dialect; readonly reply: Pick<UpstreamReply, "headers">; readonly overheadMs: number } | undefined
): Head => ({
  ...(upstream === undefined ? {} : upstreamHead(upstream.dialect, upstream.reply, exchange.limitHeaders !== undefined)),
  ...exchange.limitHeaders,
  ...identity(exchange.inbound, exchange.id),
  // Somebody who keeps answers had none
  ...(exchange.recording === undefined ? {} : { "x-sluice-cache": "miss" }),
  ...(upstream === undefined ? {} : facts(exchange, upstream.overheadMs))
})

/** Statuses that SDKs retry by themselves although another try is hopeless. */
const isHopeless = (failure: Failure, status: number): boolean => {
  const policy = policyOf(failure.class)
  return (status >= 500 || status === 429 || status === 409 || status === 408) && !policy.sameTarget && failure.class !== "unavailable" &&
    failure.class !== "cancelled" && (failure.class !== "conflict" || failure.retryAfterMs === undefined)
}

/** What a stream's head says to whatever stands between: pass it on as it comes. */
export const unbuffered: Head = { "cache-control": "no-cache", "x-accel-buffering": "no" }

/** The body of an error reply in the client's dialect, as it is sent. */
export const errorBytes = (dialect: Dialect, id: string, failure: Failure): Uint8Array => Buffer.from(JSON.stringify(errorBody(dialect, id, failure)))

const errorBody = (dialect: Dialect, id: string, failure: Failure): JsonObject =>
  dialect.errors.encode(failure, { status: statusOf(failure), requestId: id, message: clientMessage(failure) })

/** An error reply in the client's dialect. */
export const failed = (dialect: Dialect, id: string, failure: Failure, exchange?: Exchange): WholeReply => {
  const status = statusOf(failure)
  // What is kept under the client's key is all that another try with the key would get
  const isKept = exchange?.replay !== undefined && Fate.mayHaveRun(exchange, failure)
  return {
    status,
    failure,
    body: errorBytes(dialect, id, failure),
    headers: {
      "content-type": "application/json",
      ...identity(dialect, id),
      ...(exchange === undefined ? {} : { ...facts(exchange, undefined), ...exchange.limitHeaders }),
      ...(failure.retryAfterMs === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(failure.retryAfterMs / 1000))) }),
      ...(isKept || isHopeless(failure, status) ? { "x-should-retry": "false" } : {})
    }
  }
}

/** An error reply in the client's dialect, as it is sent. */
export const error = (dialect: Dialect, id: string, failure: Failure): HttpServerResponse.HttpServerResponse => send(failed(dialect, id, failure))

/** A whole reply as it is sent. */
export const send = ({ body, headers, status }: Pick<WholeReply, "status" | "headers" | "body">): HttpServerResponse.HttpServerResponse => {
  const { "content-type": contentType = "application/octet-stream", ...rest } = headers
  return HttpServerResponse.uint8Array(body, { status, contentType, headers: rest })
}

const typeOf = (body: ShortCircuit.Reply["body"]): string =>
  typeof body === "string" ? "text/plain; charset=utf-8" : body instanceof Uint8Array ? "application/octet-stream" : "application/json"

const bytesOf = (body: ShortCircuit.Reply["body"]): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body))

/** The reply of a part's own: its status, headers and body, and who it is about. */
export const own = (exchange: Exchange, { body, headers = {}, status }: ShortCircuit.Reply, failure: Failure): WholeReply => ({
  status: Number.isInteger(status) && status >= 200 && status < 600 ? status : 403,
  failure,
  body: bytesOf(body),
  headers: {
    "content-type": typeOf(body),
    ...HeaderChange.sendable(headers),
    ...exchange.limitHeaders,
    ...identity(exchange.inbound, exchange.id)
  }
})
