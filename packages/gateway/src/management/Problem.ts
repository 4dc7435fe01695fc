/**
 * Errors of the management surface as RFC 9457 problems: whatever status a handler ends with, its reply says in words what is wrong.
 * Dialect routes answer in their client's protocol instead.
 */
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as ProblemDetails from "effect/http/ProblemDetails"
import { STATUS_CODES } from "node:http"

/** A problem as a reply. */
export const response = (status: number, detail: string): HttpServerResponse =>
  ProblemDetails.toResponse({ type: ProblemDetails.blankType, title: STATUS_CODES[status] ?? "Error", status, detail })

/** What is said of a status nobody said anything about. */
const details: { readonly [status: number]: string } = {
  400: "The request cannot be understood.",
  404: "Nothing answers here.",
  405: "Nothing answers this method here.",
  413: "The request body is larger than the management surface takes.",
  415: "Send the body as application/json.",
  500: "This is a fault of the gateway itself, or of one of its parts; its log says more.",
  503: "The gateway is stopping."
}

/** The reply with words in it, where it is an error that says nothing. */
export const worded = (reply: HttpServerResponse): HttpServerResponse =>
  reply.status < 400 || (reply.body._tag !== "Empty" && reply.headers["content-type"]?.startsWith("text/plain") !== true)
    ? reply
    : response(reply.status, details[reply.status] ?? "The request failed.")
