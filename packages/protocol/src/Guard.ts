/**
 * Wire schemas as guards on parsed JSON: what they accept stays the very same value, unknown keys included, and what they refuse
 * is told by its deepest wrong place. Not a transformation: nothing is copied.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import type { Failure } from "./GatewayError.ts"
import * as Pointer from "./Pointer.ts"
import { isObject, type Json, type JsonObject } from "./Wire.ts"

/** Real traffic writes null where the specification says absent. */
export const maybe = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** Any value of parsed JSON is JSON: there is nothing to check, and on the way of every chunk nothing to pay. */
export const AnyJson = Schema.Unknown as unknown as Schema.Codec<Json>

/**
 * Any JSON object. A filter and not a declaration: a struct that holds a declaration is interpreted as a whole, ten times slower
 * than compiled, and these guards stand on the way of every streamed chunk. A filter leaves its type as it was: the cast says what
 * it lets through.
 */
export const AnyObject = Schema.Unknown.check(Schema.makeFilter(isObject, { expected: "object" })) as unknown as Schema.Codec<JsonObject>

/** What a schema says of the place it refuses; `undefined` where it says nothing that a reader would understand. */
export type Complaint = "missing" | { readonly expected: string } | undefined

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Unions are refused by every alternative's `type`; anything else that is wrong says more. */
const telling = (issues: ReadonlyArray<StandardSchemaV1.Issue>): ReadonlyArray<StandardSchemaV1.Issue> => {
  const others = issues.filter((issue) => issue.path?.at(-1) !== "type")
  return others.length === 0 ? issues : others
}

/** Words that print a whole TypeScript type help nobody. */
const complaintOf = (message: string | undefined): Complaint =>
  message === "Missing key" ? "missing" : message === undefined || message === "" || message.includes("readonly") ? undefined : { expected: message }

/**
 * Narrows parsed JSON by a schema. `refuse` words the failure in the dialect's own way; `param` is the JSON Pointer of the deepest place that is wrong.
 */
export const check = <S extends Schema.Decoder<unknown>>(
  schema: S,
  refuse: (param: string, complaint: Complaint) => Failure
): (value: Json) => Result.Result<S["Type"], Failure> => {
  const is = Schema.is(schema)
  const decode = Schema.decodeUnknownResult(schema)
  return (value) => {
    if (is(value)) return Result.succeed(value)
    const decoded = decode(value)
    const issues = Result.isFailure(decoded) ? formatIssues(decoded.failure.issue).issues : []
    const [deepest] = telling(issues).toSorted((left, right) => (right.path?.length ?? 0) - (left.path?.length ?? 0))
    const path = (deepest?.path ?? []).map((step) => typeof step === "object" ? String(step.key) : String(step))
    return Result.fail(refuse(Pointer.child("", ...path), complaintOf(deepest?.message)))
  }
}

/** A value that a guard has typed, as the JSON it is. */
export const asJson = (value: object | string): Json => value as Json

/** An object that a guard has typed, as the JSON object it is; an empty one for anything else. */
export const asObject = (value: unknown): JsonObject => isObject(value) ? value : {}
