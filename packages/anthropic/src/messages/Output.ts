/**
 * What a request says of the answer's making: thinking, effort and the form of the answer. They are one row of the field
 * table, because effort and form share the key `output_config`.
 */
import type { CanonicalRequest, ResponseFormat } from "@sluice/protocol/CanonicalRequest"
import { bare, same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { type Crossing, fieldOf, type Place } from "./Crossing.ts"
import * as Reasoning from "./Reasoning.ts"
import * as Schemas from "./Schemas.ts"
import * as Wire from "./Wire.ts"

type Row = Fields.Field<CanonicalRequest, Wire.Request, Crossing>
type OutputFormat = typeof Wire.OutputFormat.Type

const decodeFormat = (format: OutputFormat | null | undefined): ResponseFormat | undefined =>
  format?.type === "json_schema" ? { type: "json-schema", schema: format.schema ?? {} } : undefined

/** Anthropic knows JSON only with a closed schema; the schema's name and strictness have no place, and plain text is the default. */
const encodeFormat = (request: CanonicalRequest, place: Place): JsonObject | undefined => {
  const format = request.responseFormat
  if (format === undefined) return undefined
  if (format.type !== "json-schema") {
    Fields.lose(place, request, "responseFormat", { reason: "dropped", weight: format.type === "text" ? "hint" : "meaning", before: format })
    return undefined
  }
  const { isWider, schema } = Schemas.closed(format.schema)
  const after: ResponseFormat = { type: "json-schema", schema }
  if (!same(format, after)) {
    const weight = isWider ? "meaning" : "hint"
    Fields.lose(place, request, "responseFormat", { reason: "approximated", weight, before: bare(format), after: bare(after) })
  }
  return { type: "json_schema", schema }
}

const isEmpty = (value: JsonObject): boolean => Object.keys(value).length === 0

/** Tokens an answer may have where a request does not say: the field is required by Anthropic. */
export const defaultMaxTokens = 4096

/** The row of `reasoning` and `responseFormat`. */
export const output: Row = {
  of: ["reasoning", "responseFormat"],
  keys: ["thinking", "output_config", "output_format"],
  get: (wire) => present({ reasoning: Reasoning.decode(wire), responseFormat: decodeFormat(wire.output_config?.format ?? wire.output_format) }),
  put: (request, wire, place) => {
    const config = Wire.asObject(wire.output_config)
    const before = output.get({ messages: [], ...wire }, place.at)
    const patch: { [key: string]: Json | undefined } = {}
    const inside: { [key: string]: Json | undefined } = {}
    if (!same(before.reasoning, request.reasoning)) {
      const told = Reasoning.encode(request.reasoning, wire, request.maxOutputTokens ?? defaultMaxTokens, fieldOf(place, request, "reasoning"))
      patch["thinking"] = told.thinking
      inside["effort"] = told.effort
    }
    if (!same(before.responseFormat, request.responseFormat)) {
      const format = encodeFormat(request, place)
      const isOld = wire.output_format !== undefined && wire.output_format !== null
      if (isOld) patch["output_format"] = format
      else inside["format"] = format
    }
    const changed = Fields.patched(config, inside)
    if (changed !== config) patch["output_config"] = isEmpty(changed) ? undefined : changed
    return patch
  }
}
