/**
 * What OpenAI enforces: schemas in which every object is closed and requires all its properties, of a part of JSON Schema
 * (documentation: structured outputs). A tool of another protocol that is to be strict keeps to it where its schema does, once its
 * objects are closed; else it is offered without, because the service refuses any other. Used by the dialects of this package only.
 */
import type { CanonicalRequest, FunctionTool, ResponseFormat } from "@sluice/protocol/CanonicalRequest"
import { sameJson } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as RootedSchema from "@sluice/protocol/RootedSchema"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { inside, type Place } from "../chat/Crossing.ts"
import { id as chat } from "../chat/Wire.ts"
import { id as responses } from "../responses/Wire.ts"

const named: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"])

/** Keywords that the service enforces or passes over. */
const known: ReadonlySet<string> = new Set([
  ...named,
  ..."type,title,description,enum,const,required,additionalProperties,items,anyOf,$ref,pattern,format,multipleOf,minimum,maximum,exclusiveMinimum".split(","),
  ..."exclusiveMaximum,minItems,maxItems".split(",")
])

/** Formats of texts that the service enforces; it refuses any other. */
const formats: ReadonlySet<string> = new Set(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"])

const isRecord = ({ properties, type }: JsonObject): boolean => isObject(properties) || type === "object" || (Array.isArray(type) && type.includes("object"))

const requiresAll = ({ properties, required }: JsonObject): boolean =>
  Object.keys(isObject(properties) ? properties : {}).every((name) => Array.isArray(required) && required.includes(name))

const each = (values: ReadonlyArray<readonly [string, Json]>): JsonObject | undefined => {
  const written = values.map(([name, value]) => [name, isObject(value) ? close(value) : undefined] as const)
  const whole: { [name: string]: Json } = {}
  for (const [name, value] of written) {
    if (value === undefined) return undefined
    whole[name] = value
  }
  return whole
}

const close = (schema: JsonObject): JsonObject | undefined => {
  const closed: { [key: string]: Json } = {}
  for (const [key, value] of Object.entries(schema)) {
    if (!known.has(key) || (key === "format" && (typeof value !== "string" || !formats.has(value)))) return undefined
    const inner = named.has(key) && isObject(value)
      ? each(Object.entries(value))
      : key === "items" && isObject(value)
      ? close(value)
      : key === "anyOf" && Array.isArray(value)
      ? listOf(each(value.map((one: Json, index: number) => [`${index}`, one] as const)))
      : value
    if (inner === undefined) return undefined
    closed[key] = inner
  }
  if (!isRecord(schema)) return closed
  if (schema["additionalProperties"] !== undefined && schema["additionalProperties"] !== false) return undefined
  return requiresAll(schema)
    ? { ...closed, properties: closed["properties"] ?? {}, required: closed["required"] ?? [], additionalProperties: false }
    : undefined
}

const listOf = (values: JsonObject | undefined): ReadonlyArray<Json> | undefined => values === undefined ? undefined : Object.values(values)

/** The schema as the service enforces it, with every object closed; `undefined` where it would be refused. */
export const enforced = (schema: JsonObject): JsonObject | undefined => schema["anyOf"] === undefined && isRecord(schema) ? close(schema) : undefined

/**
 * A tool of another protocol as the service takes it: its arguments an object at the root, and strict where its schema can be, else
 * not; what that changes is reported. `place` is the tool.
 */
export const fitSchema = (tool: FunctionTool, place: Place): FunctionTool => {
  const { parameters: before } = tool
  if (place.context.isOwn || (before === undefined && tool.strict !== true)) return tool
  const rooted = before === undefined ? undefined : RootedSchema.rooted(before)
  const closed = tool.strict === true ? enforced(rooted ?? {}) : undefined
  const after = closed ?? rooted
  if (before !== undefined && !sameJson(before, after)) Fields.lose(place, tool, "parameters", { reason: "approximated", weight: "hint", before, after })
  const fitted: FunctionTool = { ...tool, ...present({ parameters: after }) }
  if (tool.strict !== true || closed !== undefined) return fitted
  Fields.lose(place, tool, "strict", { reason: "dropped", weight: "hint", before: true })
  const { strict: _, ...lenient } = fitted
  return lenient
}

type SchemaFormat = Extract<ResponseFormat, { readonly type: "json-schema" }>

/**
 * The form of an answer as the service takes it. Silence about strictness means here that the schema is not enforced; in other protocols
 * every schema is, so that theirs is asked for strictly wherever the service can enforce it, which is reported. `place` is the request.
 */
export const fitFormat = (format: SchemaFormat, request: CanonicalRequest, place: Place): SchemaFormat => {
  const from = request.wire?.dialect
  if (place.context.isOwn || format.strict !== undefined || from === undefined || from === chat || from === responses) return format
  const schema = enforced(format.schema)
  if (schema === undefined) return format
  const at = inside(place, request, "responseFormat")
  if (!sameJson(format.schema, schema)) Fields.lose(at, request, "schema", { reason: "approximated", weight: "hint", before: format.schema, after: schema })
  Fields.lose(at, request, "strict", { reason: "defaulted", weight: "hint", after: true })
  return { ...format, schema, strict: true }
}
