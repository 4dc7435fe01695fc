/**
 * What OpenAI refuses in the options of a responses request: unknown and mistyped parameters, ranges, tools, forced
 * choices, formats. Each check answers the refusal or nothing; the words follow the real service where it is known.
 */
import { findOpen } from "./ClosedSchema.ts"
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf, stringOf } from "./Json.ts"
import { invalid } from "./OpenAiChatChecks.ts"

/** A 400 about a parameter that is not there. */
export const missing = (parameter: string): Refusal => invalid(parameter, `Missing required parameter: '${parameter}'.`, "missing_required_parameter")

const quoted = (names: ReadonlyArray<string>): string => {
  const all = names.map((name) => `'${name}'`)
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")}${all.length > 2 ? "," : ""} and ${all.at(-1)}`
}

/** A 400 about a value that is not among those supported. */
export const unsupported = (parameter: string, value: unknown, supported: ReadonlyArray<string>): Refusal =>
  invalid(parameter, `Invalid value: '${String(value)}'. Supported values are: ${quoted(supported)}.`)

const types: Readonly<Record<string, readonly [words: string, test: (value: unknown) => boolean]>> = {
  boolean: ["a boolean", (value) => typeof value === "boolean"],
  string: ["a string", (value) => typeof value === "string"],
  integer: ["an integer", (value) => Number.isInteger(value)],
  number: ["a decimal", (value) => typeof value === "number"],
  object: ["an object", isObject],
  array: ["an array", Array.isArray],
  any: ["anything", () => true],
  input: ["one of a string or an array", (value) => typeof value === "string" || Array.isArray(value)],
  choice: ["one of a string or an object", (value) => typeof value === "string" || isObject(value)]
}

/** Every parameter of the service with its type; Codex sends client_metadata, which the specification leaves out. */
const known: Readonly<Record<string, string>> = {
  model: "string",
  input: "input",
  instructions: "string",
  include: "array",
  max_output_tokens: "integer",
  max_tool_calls: "integer",
  metadata: "object",
  parallel_tool_calls: "boolean",
  previous_response_id: "string",
  prompt: "object",
  prompt_cache_key: "string",
  prompt_cache_retention: "string",
  prompt_cache_options: "object",
  reasoning: "object",
  safety_identifier: "string",
  service_tier: "string",
  store: "boolean",
  stream: "boolean",
  stream_options: "object",
  temperature: "number",
  text: "object",
  tool_choice: "choice",
  tools: "array",
  top_logprobs: "integer",
  top_p: "number",
  truncation: "string",
  user: "string",
  background: "boolean",
  conversation: "choice",
  context_management: "array",
  moderation: "object",
  client_metadata: "object"
}

const checkKnown = (body: JsonObject): Refusal | undefined => {
  for (const [name, value] of Object.entries(body)) {
    const type = types[known[name] ?? ""]
    if (type === undefined) return invalid(name, `Unknown parameter: '${name}'.`, "unknown_parameter")
    if (isPresent(value) && !type[1](value)) return invalid(name, `Invalid type for '${name}': expected ${type[0]}.`, "invalid_type")
  }
  return undefined
}

const ranges: ReadonlyArray<readonly [name: string, kind: "integer" | "decimal", low: number, high: number]> = [
  ["temperature", "decimal", 0, 2],
  ["top_p", "decimal", 0, 1],
  ["top_logprobs", "integer", 0, 20],
  ["max_output_tokens", "integer", 16, Number.MAX_SAFE_INTEGER],
  ["max_tool_calls", "integer", 1, Number.MAX_SAFE_INTEGER]
]

const checkRanges = (body: JsonObject): Refusal | undefined => {
  for (const [name, kind, low, high] of ranges) {
    const value = body[name]
    if (typeof value !== "number") continue
    if (value < low) {
      return invalid(name, `Invalid '${name}': ${kind} below minimum value. Expected a value >= ${low}, but got ${value} instead.`, `${kind}_below_min_value`)
    }
    if (value > high) {
      return invalid(name, `Invalid '${name}': ${kind} above maximum value. Expected a value <= ${high}, but got ${value} instead.`, `${kind}_above_max_value`)
    }
  }
  return undefined
}

/** Types of tools that the service runs itself or that have no name. */
const hosted = [
  "web_search",
  "web_search_preview",
  "web_search_2025_08_26",
  "web_search_preview_2025_03_11",
  "file_search",
  "computer",
  "computer_use_preview",
  "code_interpreter",
  "image_generation",
  "mcp",
  "local_shell",
  "shell",
  "apply_patch",
  "tool_search",
  "programmatic_tool_calling"
]

const checkStrict = (schema: JsonObject, parameter: string, what: string, code: string): Refusal | undefined => {
  const open = findOpen(schema, true)
  if (open === undefined) return undefined
  const context = `In context=(${open.path.map((name) => `'${name}'`).join(", ")})`
  const rule = open.reason === "open"
    ? "'additionalProperties' is required to be supplied and to be false."
    : "'required' is required to be supplied and to be an array including every key in properties."
  return invalid(parameter, `Invalid schema for ${what}: ${context}, ${rule}`, code)
}

const checkFunction = (tool: JsonObject, name: string, at: string): Refusal | undefined => {
  const parameters = tool["parameters"]
  if (!isPresent(parameters)) return undefined
  if (objectOf(parameters)["type"] !== "object") {
    return invalid(
      `${at}.parameters`,
      `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"', got 'type: "${
        String(objectOf(parameters)["type"] ?? "None")
      }"'.`,
      "invalid_function_parameters"
    )
  }
  return tool["strict"] === true ? checkStrict(objectOf(parameters), `${at}.parameters`, `function '${name}'`, "invalid_function_parameters") : undefined
}

const checkTool = (tool: JsonObject, at: string): Refusal | undefined => {
  const type = stringOf(tool["type"])
  if (type === "") return missing(`${at}.type`)
  if (hosted.includes(type)) return undefined
  if (type !== "function" && type !== "custom" && type !== "namespace") {
    return unsupported(`${at}.type`, type, ["function", "custom", "namespace", ...hosted])
  }
  const name = tool["name"]
  if (typeof name !== "string") return missing(`${at}.name`)
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
    return invalid(`${at}.name`, `Invalid '${at}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`)
  }
  if (type === "function") return checkFunction(tool, name, at)
  return type === "namespace" ? checkEach(arrayOf(tool["tools"]), `${at}.tools`) : undefined
}

const checkEach = (tools: ReadonlyArray<unknown>, at: string): Refusal | undefined => {
  for (const [index, tool] of tools.entries()) {
    const refusal = checkTool(objectOf(tool), `${at}[${index}]`)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const checkToolChoice = (body: JsonObject, tools: ReadonlyArray<JsonObject>): Refusal | undefined => {
  const choice = body["tool_choice"]
  if (!isPresent(choice) || choice === "auto" || choice === "none") return undefined
  if (typeof choice === "string") {
    if (choice !== "required") return unsupported("tool_choice", choice, ["none", "auto", "required"])
    return tools.length > 0 ? undefined : invalid("tool_choice", "Tool choice 'required' must be specified with 'tools' parameter.")
  }
  const { type, name } = objectOf(choice)
  if (type !== "function" && type !== "custom") return undefined
  if (typeof name !== "string") return missing("tool_choice.name")
  const offered = tools.some((tool) => tool["type"] === type && tool["name"] === name)
  return offered ? undefined : invalid("tool_choice", `Tool choice '${type}' with name '${name}' not found in 'tools' parameter.`)
}

const checkFormat = (body: JsonObject): Refusal | undefined => {
  const format = objectOf(body["text"])["format"]
  if (!isPresent(format)) return undefined
  const { type, name, schema, strict } = objectOf(format)
  if (type === "text") return undefined
  if (type === "json_object") {
    const said = JSON.stringify([body["input"], body["instructions"]]).toLowerCase().includes("json")
    return said
      ? undefined
      : invalid("input", "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.")
  }
  if (type !== "json_schema") return unsupported("text.format.type", type, ["text", "json_object", "json_schema"])
  if (typeof name !== "string") return missing("text.format.name")
  if (!isObject(schema)) return missing("text.format.schema")
  return strict === true ? checkStrict(schema, "text.format.schema", `response_format '${name}'`, "invalid_json_schema") : undefined
}

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
const summaries = ["auto", "concise", "detailed"]
const includes = [
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "message.input_image.image_url",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
  "reasoning.encrypted_content",
  "message.output_text.logprobs"
]

const checkWords = (body: JsonObject): Refusal | undefined => {
  const { effort, summary } = objectOf(body["reasoning"])
  if (isPresent(effort) && !efforts.includes(stringOf(effort))) return unsupported("reasoning.effort", effort, efforts)
  if (isPresent(summary) && !summaries.includes(stringOf(summary))) return unsupported("reasoning.summary", summary, summaries)
  for (const [index, name] of arrayOf(body["include"]).entries()) {
    if (!includes.includes(stringOf(name))) return unsupported(`include[${index}]`, name, includes)
  }
  return undefined
}

const checkCombinations = (body: JsonObject): Refusal | undefined => {
  const options = objectOf(body["stream_options"])
  const option = Object.keys(options).find((name) => name !== "include_obfuscation")
  if (option !== undefined) return invalid(`stream_options.${option}`, `Unknown parameter: 'stream_options.${option}'.`, "unknown_parameter")
  if (isPresent(body["stream_options"]) && body["stream"] !== true) {
    return invalid("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
  }
  const previous = body["previous_response_id"]
  if (!isPresent(previous)) return undefined
  // Nothing is stored here, so that no earlier response is ever found
  return String(previous).startsWith("resp")
    ? invalid("previous_response_id", `Previous response with id '${String(previous)}' not found.`, "previous_response_not_found")
    : invalid("previous_response_id", `Invalid 'previous_response_id': '${String(previous)}'. Expected an ID that begins with 'resp'.`)
}

/** The first thing OpenAI refuses outside of the input. */
export const checkResponsesOptions = (body: JsonObject): Refusal | undefined => {
  if (!isPresent(body["model"]) || body["model"] === "") return missing("model")
  const tools = arrayOf(body["tools"]).map(objectOf)
  return checkKnown(body) ?? checkRanges(body) ?? checkCombinations(body) ?? checkEach(tools, "tools") ?? checkToolChoice(body, tools) ?? checkFormat(body)
    ?? checkWords(body)
}
