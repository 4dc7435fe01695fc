/**
 * Stands before everything under the management prefix, whether it exists or not: the address the client asked for, the page it
 * comes from, and the operator's token are looked at before the path is. What passes gets headers that keep replies out of caches
 * and frames, bodies within bounds, and errors in words.
 */
import * as ByteSize from "effect/ByteSize"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerError from "effect/http/HttpServerError"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { createHash, timingSafeEqual } from "node:crypto"
import * as Problem from "./Problem.ts"

/** Routes as one effect. */
export type HttpApp<E = never> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest | Scope.Scope>

/** Who may pass. */
export interface Access {
  /** The operator's token at the moment; undefined = nobody has one, and nobody passes. */
  readonly token: () => Redacted.Redacted<string> | undefined
  /** Whether reading (GET, HEAD) asks for no token: for a gateway that serves its own machine only. Writing always asks. */
  readonly isOpenToRead: () => boolean
  /** Host names under which the surface is asked for, without ports; absent = any. */
  readonly hosts?: () => ReadonlyArray<string> | undefined
  /** Whether a browser's own dialog may ask for the token, as the password: for pages that are only read. Absent = it may not. */
  readonly dialog?: boolean
}

/** Bodies of more are refused. */
const bodyLimit = ByteSize.mebibytes(4)

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const isSame = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right))

/** The host of an authority, without its port. */
const hostOf = (authority: string): string | undefined => /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(authority)?.[1]?.toLowerCase()

const isReading = ({ method }: HttpServerRequest): boolean => method === "GET" || method === "HEAD"

const isHostAllowed = ({ headers }: HttpServerRequest, hosts: ReadonlyArray<string> | undefined): boolean => {
  const host = hostOf(headers["host"] ?? "")
  return host !== undefined && (hosts === undefined || hosts.some((each) => each.toLowerCase() === host))
}

/** A page may only talk to the surface it was loaded from. Programs that are no browsers send neither header. */
const isSameOrigin = ({ headers }: HttpServerRequest): boolean => {
  const { host, origin } = headers
  if (headers["sec-fetch-site"] === "cross-site") return false
  return origin === undefined || origin.replace(/^https?:\/\//, "").toLowerCase() === host?.toLowerCase()
}

const scheme = /^(bearer|basic) +(\S+)$/i

/** What a request presents as the token. */
const presented = ({ headers }: HttpServerRequest, dialog: boolean): string | undefined => {
  const [, kind, text] = scheme.exec(headers["authorization"] ?? "") ?? []
  if (kind === undefined || text === undefined) return undefined
  if (kind.toLowerCase() === "bearer") return text
  const pair = Buffer.from(text, "base64").toString("utf8")
  return dialog && pair.includes(":") ? pair.slice(pair.indexOf(":") + 1) : undefined
}

const hasToken = (request: HttpServerRequest, { dialog = false, token }: Access): boolean => {
  const expected = token()
  const given = presented(request, dialog)
  return expected !== undefined && given !== undefined && isSame(given, Redacted.value(expected))
}

const unauthorized = (challenge: string) =>
  HttpServerResponse.setHeader(Problem.response(401, "Send the admin token as Authorization: Bearer TOKEN."), "www-authenticate", challenge)
const wantsBearer = unauthorized("Bearer")
const wantsDialog = unauthorized("Basic realm=\"The password is the admin token\", charset=\"UTF-8\"")
const wrongHost = Problem.response(421, "The management surface is not asked for under this host name.")
const wrongOrigin = Problem.response(403, "Pages of other origins may not use the management surface.")

/** Why a request does not pass. */
const refusal = (request: HttpServerRequest, access: Access): HttpServerResponse.HttpServerResponse | undefined => {
  if (!isHostAllowed(request, access.hosts?.())) return wrongHost
  if (!isSameOrigin(request)) return wrongOrigin
  if (access.isOpenToRead() && isReading(request)) return undefined
  return hasToken(request, access) ? undefined : access.dialog === true ? wantsDialog : wantsBearer
}

const guarded = HttpServerResponse.setHeaders({
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
  "referrer-policy": "no-referrer"
})

const pathOf = ({ url }: HttpServerRequest): string => url.split("?")[0] ?? ""

/** What a failed handler answers; what is a fault is told to the log, and never to the client. */
const failed = <E>(request: HttpServerRequest, cause: Cause.Cause<E>): HttpApp =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.interrupt
    : Effect.flatMap(HttpServerError.causeResponse(cause), ([reply]) =>
      reply.status < 500
        ? Effect.succeed(reply)
        : Effect.as(Effect.logError("A management request failed", cause, { method: request.method, path: pathOf(request) }), reply))

/** The routes behind the gate. */
export const guard = <E>(app: HttpApp<E>, access: Access): HttpApp =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest
    const refused = refusal(request, access)
    if (refused !== undefined) return guarded(refused)
    const reply = yield* app.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, bodyLimit),
      Effect.catchCause((cause) => failed(request, cause))
    )
    if (!isReading(request)) yield* Effect.logInfo("Management", { method: request.method, path: pathOf(request), status: reply.status })
    return guarded(Problem.worded(reply))
  })
