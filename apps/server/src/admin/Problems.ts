/**
 * How the management API says no: RFC 9457 problems, one class for each status. Messages name what was asked for and what to do; they
 * never hold a value that may be a secret.
 */
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { ConfigProblem } from "../config/ConfigError.ts"

const type = "about:blank"

/** There is nothing of this name. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", { type, title: "Not Found", status: 404 }) {}

/** It cannot be done as things stand. */
export class Conflict extends HttpApiError.Problem<Conflict>()("Conflict", { type, title: "Conflict", status: 409 }) {}

/** What was changed has been changed by somebody else since it was read. */
export class PreconditionFailed extends HttpApiError.Problem<PreconditionFailed>()("PreconditionFailed", { type, title: "Precondition Failed", status: 412 }) {}

/** The request has to say which version it changes. */
export class PreconditionRequired
  extends HttpApiError.Problem<PreconditionRequired>()("PreconditionRequired", { type, title: "Precondition Required", status: 428 })
{}

/** What was sent is understood, and wrong. */
export class Unprocessable extends HttpApiError.Problem<Unprocessable>()("Unprocessable", { type, title: "Unprocessable Content", status: 422 }, {
  /** What is wrong, and where: `path` as in a configuration file, `line` from 1. */
  problems: Schema.optionalKey(Schema.Array(ConfigProblem))
}) {}

/** What would have to answer does not at the moment. */
export class Unavailable extends HttpApiError.Problem<Unavailable>()("Unavailable", { type, title: "Service Unavailable", status: 503 }) {}
