/**
 * The wire value that travels with a canonical node, so that encoding into the dialect a node came from starts from what
 * was received and changes only what differs canonically. It is a reference to the parsed body, never a copy of it.
 */
import * as Schema from "effect/Schema"

/** The name of a dialect: `openai-chat`, `openai-responses`, `anthropic-messages`, `gemini-generate`, or a user's own. */
export const DialectId = Schema.NonEmptyString.pipe(Schema.brand("DialectId"))

/** The name of a dialect. */
export type DialectId = typeof DialectId.Type

/** Any JSON value, as `JSON.parse` gives it. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject

/** A JSON object: known keys are read through a dialect's wire schema, unknown keys survive untouched. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** The object a canonical node was decoded from, with the dialect that can read it. */
export interface Wire {
  readonly dialect: DialectId
  readonly value: Json
}

/** What every canonical node may carry beside its meaning. None of these takes part in canonical equality. */
export interface Node {
  /** The wire value the node came from. */
  readonly wire?: Wire
  /** JSON Pointer of the node in the body the client sent. */
  readonly at?: string
  /** Keys of the wire value that have no home in the canonical model: kept inside the dialect, a loss across. */
  readonly foreign?: ReadonlyArray<string>
  /** JSON Pointers, in the body the client sent, of the node's own fields by canonical key; recorded on the request only. */
  readonly places?: { readonly [field: string]: string }
}

/** The keys of {@link Node}: what canonical equality, losses and laws leave out. */
export const nodeKeys: ReadonlySet<string> = new Set(["wire", "at", "foreign", "places"])

/** Canonical keys under which a caller's or a dialect's own JSON stands, or a record with the caller's keys: compared whole, never as nodes. */
export const jsonKeys: ReadonlySet<string> = new Set([
  "audioOutput",
  "container",
  "conversation",
  "details",
  "evidence",
  "headers",
  "logitBias",
  "mcpServers",
  "metadata",
  "native",
  "parameters",
  "safetySettings",
  "schema",
  "truncation",
  "value",
  "webSearch"
])

/** Reads the wire value of a node when it came from this dialect. */
export const valueIn = (dialect: DialectId, node: Node): Json | undefined => node.wire?.dialect === dialect ? node.wire.value : undefined

/** Whether a JSON value is an object (not null, not an array). */
export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)
