/**
 * What OpenAI refuses in the options of a chat request: types, ranges, tools, forced choices. Each check answers
 * the refusal or nothing; the words follow the real service where a recording shows them.
 */
import { findOpen } from "./ClosedSchema.ts"
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf } from "./Json.ts"

/** A 400 about one parameter. */
export const invalid = (parameter: string, message: string, code = "invalid_value"): Refusal => ({ status: 400, message, code, parameter })

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === "number",
  object: isObject,
  array: Array.isArray
}

const expected: Readonly<Record<string, string>> = {
  stream: "boolean",
  stream_options: "object",
  max_tokens: "integer",
  max_completion_tokens: "integer",
  temperature: "number",
  top_p: "number",
  n: "integer",
  tools: "array",
  parallel_tool_calls: "boolean",
  response_format: "object",
  logprobs: "boolean",
  top_logprobs: "integer",
  presence_penalty: "number",
  frequency_penalty: "number",
  seed: "integer",
  user: "string",
  reasoning_effort: "string",
  logit_bias: "object",
  metadata: "object",
  store: "boolean"
}

const checkTypes = (body: JsonObject): Refusal | undefined => {
  for (const [name, type] of Object.entries(expected)) {
    const value = body[name]
    if (isPresent(value) && types[type]?.(value) === false) {
      return invalid(
        name,
        `Invalid type for '${name}': expected ${type === "array" || type === "object" || type === "integer" ? "an" : "a"} ${type}.`,
        "invalid_type"
      )
    }
  }
  return undefined
}

const ranges: ReadonlyArray<readonly [name: string, low: number, high: number]> = [
  ["temperature", 0, 2],
  ["top_p", 0, 1],
  ["presence_penalty", -2, 2],
  ["frequency_penalty", -2, 2],
  ["n", 1, 128],
  ["top_logprobs", 0, 20],
  ["max_tokens", 1, Number.MAX_SAFE_INTEGER],
  ["max_completion_tokens", 1, Number.MAX_SAFE_INTEGER]
]

const checkRanges = (body: JsonObject): Refusal | undefined => {
  for (const [name, low, high] of ranges) {
    const value = body[name]
    if (typeof value !== "number") continue
    if (value < low) return invalid(name, `Invalid '${name}': expected a value >= ${low}, but got ${value} instead.`, "decimal_below_min_value")
    if (value > high) return invalid(name, `Invalid '${name}': expected a value <= ${high}, but got ${value} instead.`, "decimal_above_max_value")
  }
  return undefined
}

const checkStrict = (schema: JsonObject, parameter: string, what: string, code?: string): Refusal | undefined => {
  const open = findOpen(schema, true)
  if (open === undefined) return undefined
  const context = `In context=(${open.path.map((name) => `'${name}'`).join(", ")})`
  const rule = open.reason === "open"
    ? "'additionalProperties' is required to be supplied and to be false."
    : "'required' is required to be supplied and to be an array including every key in properties."
  return invalid(parameter, `Invalid schema for ${what}: ${context}, ${rule}`, code)
}

const checkTool = (tool: unknown, at: string): Refusal | undefined => {
  const type = objectOf(tool)["type"]
  if (type !== "function" && type !== "custom") return invalid(`${at}.type`, `Invalid value: '${String(type)}'. Supported values are: 'function' and 'custom'.`)
  const named = objectOf(objectOf(tool)[type])
  const name = named["name"]
  if (typeof name !== "string") return invalid(`${at}.${type}.name`, `Missing required parameter: '${at}.${type}.name'.`, "missing_required_parameter")
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
    return invalid(
      `${at}.function.name`,
      `Invalid '${at}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`
    )
  }
  return type === "function" ? checkParameters(named, name, `${at}.function.parameters`) : undefined
}

const checkParameters = (named: JsonObject, name: string, at: string): Refusal | undefined => {
  const parameters = named["parameters"]
  if (!isPresent(parameters)) return undefined
  if (objectOf(parameters)["type"] !== "object") {
    return invalid(at, `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"'.`, "invalid_function_parameters")
  }
  return named["strict"] === true ? checkStrict(objectOf(parameters), at, `function '${name}'`, "invalid_function_parameters") : undefined
}

const checkTools = (body: JsonObject): Refusal | undefined => {
  const tools = arrayOf(body["tools"])
  if (isPresent(body["tools"]) && tools.length === 0) {
    return invalid("tools", "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array")
  }
  for (const [index, tool] of tools.entries()) {
    const refusal = checkTool(tool, `tools[${index}]`)
    if (refusal !== undefined) return refusal
  }
  if (isPresent(body["tool_choice"]) && !isPresent(body["tools"])) {
    return invalid("tool_choice", "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
  }
  if (isPresent(body["parallel_tool_calls"]) && !isPresent(body["tools"])) {
    return invalid("parallel_tool_calls", "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.")
  }
  return checkToolChoice(body, tools)
}

const checkToolChoice = (body: JsonObject, tools: ReadonlyArray<unknown>): Refusal | undefined => {
  const choice = body["tool_choice"]
  if (!isPresent(choice) || choice === "auto" || choice === "none" || choice === "required") return undefined
  if (typeof choice === "string") return invalid("tool_choice", `Invalid value: '${choice}'. Supported values are: 'none', 'auto', and 'required'.`)
  if (objectOf(choice)["type"] !== "function") return undefined
  const name = objectOf(objectOf(choice)["function"])["name"]
  const offered = tools.some((tool) => objectOf(objectOf(tool)["function"])["name"] === name)
  return offered ? undefined : invalid("tool_choice", `Tool choice '${String(name)}' not found in 'tools' parameter.`)
}

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh"]

const checkFormat = (body: JsonObject): Refusal | undefined => {
  const format = objectOf(body["response_format"])
  if (!isPresent(body["response_format"]) || format["type"] === "text" || format["type"] === "json_object") return undefined
  if (format["type"] !== "json_schema") {
    return invalid("response_format.type", `Invalid value: '${String(format["type"])}'. Supported values are: 'json_object', 'json_schema', and 'text'.`)
  }
  const named = objectOf(format["json_schema"])
  if (typeof named["name"] !== "string") {
    return invalid("response_format.json_schema.name", "Missing required parameter: 'response_format.json_schema.name'.", "missing_required_parameter")
  }
  if (!isObject(named["schema"])) {
    return invalid(
      "response_format.json_schema.schema",
      "Missing required parameter: 'response_format.json_schema.schema'.",
      "missing_required_parameter"
    )
  }
  return named["strict"] === true ? checkStrict(named["schema"], "response_format", `response_format '${named["name"]}'`) : undefined
}

const checkCombinations = (body: JsonObject): Refusal | undefined => {
  if (isPresent(body["stream_options"]) && body["stream"] !== true) {
    return invalid("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
  }
  if (isPresent(body["max_tokens"]) && isPresent(body["max_completion_tokens"])) {
    return invalid("max_tokens", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
  }
  if (isPresent(body["top_logprobs"]) && body["logprobs"] !== true) return invalid("top_logprobs", "'top_logprobs' is only allowed when 'logprobs' is enabled.")
  const stop = body["stop"]
  if (Array.isArray(stop) && stop.length > 4) {
    return invalid("stop", "Invalid 'stop': array too long. Expected an array with maximum length 4.", "array_above_max_length")
  }
  const effort = body["reasoning_effort"]
  if (typeof effort === "string" && !efforts.includes(effort)) {
    return invalid(
      "reasoning_effort",
      `Invalid value: '${effort}'. Supported values are: ${efforts.map((name) => `'${name}'`).join(", ")}.`
    )
  }
  return undefined
}

/** The first thing OpenAI refuses outside of the messages. */
export const checkChatOptions = (body: JsonObject): Refusal | undefined => {
  if (!isPresent(body["model"])) return { status: 400, message: "you must provide a model parameter" }
  if (typeof body["model"] !== "string") return invalid("model", "Invalid type for 'model': expected a string.", "invalid_type")
  if (body["model"] === "") return { status: 400, message: "you must provide a model parameter" }
  return checkTypes(body) ?? checkRanges(body) ?? checkTools(body) ?? checkFormat(body) ?? checkCombinations(body)
}
