/**
 * What Anthropic refuses in the options of a messages request: missing and mistyped fields, ranges, thinking
 * budgets, tools, cache marks. Each check answers the refusal or nothing; the words follow the real service where
 * a recording shows them.
 */
import { findOpen } from "./ClosedSchema.ts"
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf, stringOf } from "./Json.ts"

/** A 400 in Anthropic's manner: the path of the field, a colon, what is wrong. */
export const invalid = (message: string): Refusal => ({ status: 400, message })

/** Model and messages, the two fields every operation needs. */
export const checkModelAndMessages = (body: JsonObject): Refusal | undefined => {
  if (body["model"] === undefined) return invalid("model: Field required")
  if (typeof body["model"] !== "string") return invalid("model: Input should be a valid string")
  if (body["model"] === "") return invalid("model: String should have at least 1 character")
  if (body["messages"] === undefined) return invalid("messages: Field required")
  if (!Array.isArray(body["messages"])) return invalid("messages: Input should be a valid list")
  return body["messages"].length === 0 ? invalid("messages: at least one message is required") : undefined
}

const checkMaxTokens = (body: JsonObject): Refusal | undefined => {
  const value = body["max_tokens"]
  if (value === undefined) return invalid("max_tokens: Field required")
  if (!Number.isInteger(value)) return invalid("max_tokens: Input should be a valid integer")
  return Number(value) < 1 ? invalid("max_tokens: must be greater than or equal to 1") : undefined
}

const checkSampling = (body: JsonObject): Refusal | undefined => {
  for (const name of ["temperature", "top_p"]) {
    const value = body[name]
    if (!isPresent(value)) continue
    if (typeof value !== "number") return invalid(`${name}: Input should be a valid number`)
    if (value < 0 || value > 1) return invalid(`${name}: range: 0..1`)
  }
  if (isPresent(body["top_k"]) && !Number.isInteger(body["top_k"])) return invalid("top_k: Input should be a valid integer")
  if (isPresent(body["stream"]) && typeof body["stream"] !== "boolean") return invalid("stream: Input should be a valid boolean")
  if (isPresent(body["stop_sequences"]) && !Array.isArray(body["stop_sequences"])) return invalid("stop_sequences: Input should be a valid list")
  const blank = arrayOf(body["stop_sequences"]).some((sequence) => stringOf(sequence).trim() === "")
  return blank ? invalid("stop_sequences: each stop sequence must contain non-whitespace") : undefined
}

const knownFields = [
  "model",
  "messages",
  "max_tokens",
  "metadata",
  "service_tier",
  "stop_sequences",
  "stream",
  "system",
  "temperature",
  "thinking",
  "tool_choice",
  "tools",
  "top_k",
  "top_p",
  "cache_control",
  "container",
  "context_management",
  "inference_geo",
  "mcp_servers",
  "output_config",
  "output_format",
  "betas",
  "speed",
  "user_profile_id",
  "fallbacks",
  "fallback_credit_token",
  "diagnostics",
  "thread"
]

const checkKnown = (body: JsonObject): Refusal | undefined => {
  const unknown = Object.keys(body).find((name) => !knownFields.includes(name))
  return unknown === undefined ? undefined : invalid(`${unknown}: Extra inputs are not permitted`)
}

const checkThinking = (body: JsonObject, interleaved: boolean): Refusal | undefined => {
  if (!isPresent(body["thinking"])) return undefined
  const thinking = objectOf(body["thinking"])
  const type = stringOf(thinking["type"])
  if (!["enabled", "disabled", "adaptive"].includes(type)) {
    return invalid("thinking: Input tag found using 'type' does not match any of the expected tags: 'disabled', 'enabled', 'adaptive'")
  }
  if (type === "disabled") return undefined
  const choice = objectOf(body["tool_choice"])["type"]
  if (choice === "any" || choice === "tool") return invalid("Thinking may not be enabled when tool_choice forces tool use.")
  if (isPresent(body["temperature"]) && body["temperature"] !== 1) return invalid("`temperature` may only be set to 1 when thinking is enabled.")
  if (isPresent(body["top_k"])) return invalid("`top_k` must be unset when thinking is enabled.")
  return type === "enabled" ? checkBudget(thinking["budget_tokens"], interleaved ? Number.POSITIVE_INFINITY : Number(body["max_tokens"])) : undefined
}

const checkBudget = (budget: unknown, maxTokens: number): Refusal | undefined => {
  if (!isPresent(budget)) return invalid("thinking.enabled.budget_tokens: Field required")
  if (!Number.isInteger(budget)) return invalid("thinking.enabled.budget_tokens: Input should be a valid integer")
  if (Number(budget) < 1024) return invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
  return Number(budget) >= maxTokens ? invalid("`max_tokens` must be greater than `thinking.budget_tokens`.") : undefined
}

const checkTool = (tool: unknown, at: string): Refusal | undefined => {
  if (!isObject(tool)) return invalid(`${at}: Input should be a valid dictionary`)
  const name = tool["name"]
  const custom = !isPresent(tool["type"]) || tool["type"] === "custom"
  if (!custom) return undefined
  if (typeof name !== "string") return invalid(`${at}.custom.name: Field required`)
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) return invalid(`${at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`)
  const schema = tool["input_schema"]
  if (schema === undefined) return invalid(`${at}.custom.input_schema: Field required`)
  if (!isObject(schema)) return invalid(`${at}.custom.input_schema: Input does not match the expected shape.`)
  if (schema["type"] === undefined) return invalid(`${at}.custom.input_schema.type: Field required`)
  return schema["type"] === "object" ? undefined : invalid(`${at}.custom.input_schema.type: Input should be 'object'`)
}

const checkTools = (body: JsonObject): Refusal | undefined => {
  if (isPresent(body["tools"]) && !Array.isArray(body["tools"])) return invalid("tools: Input should be a valid list")
  const tools = arrayOf(body["tools"])
  for (const [index, tool] of tools.entries()) {
    const refusal = checkTool(tool, `tools.${index}`)
    if (refusal !== undefined) return refusal
  }
  const names = tools.map((tool) => stringOf(objectOf(tool)["name"])).filter((name) => name !== "")
  if (new Set(names).size < names.length) return invalid("tools: Tool names must be unique.")
  return checkToolChoice(body, names)
}

const checkToolChoice = (body: JsonObject, names: ReadonlyArray<string>): Refusal | undefined => {
  if (!isPresent(body["tool_choice"])) return undefined
  const choice = objectOf(body["tool_choice"])
  const type = stringOf(choice["type"])
  if (!["auto", "any", "tool", "none"].includes(type)) {
    return invalid("tool_choice: Input tag found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'")
  }
  if (names.length === 0 && type !== "none") return invalid("tool_choice may only be specified while providing tools")
  if (type === "tool" && !names.includes(stringOf(choice["name"]))) return invalid(`Tool '${stringOf(choice["name"])}' not found in provided tools`)
  return undefined
}

const checkFormat = (body: JsonObject): Refusal | undefined => {
  const at = isPresent(body["output_format"]) ? "output_format" : "output_config.format"
  const format = body["output_format"] ?? objectOf(body["output_config"])["format"]
  if (!isPresent(format)) return undefined
  if (objectOf(format)["type"] !== "json_schema") return invalid(`${at}.type: Input should be 'json_schema'`)
  const schema = objectOf(format)["schema"]
  if (!isObject(schema)) return invalid(`${at}.schema: Field required`)
  return findOpen(schema, false) === undefined ? undefined : invalid(`${at}.schema: For 'object' type, 'additionalProperties' must be explicitly set to false`)
}

const cacheMarks = (value: unknown): number => {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + cacheMarks(item), 0)
  if (!isObject(value)) return 0
  return (isPresent(value["cache_control"]) ? 1 : 0) + cacheMarks(value["content"])
}

const checkCacheMarks = (body: JsonObject): Refusal | undefined => {
  const marks = cacheMarks(body["tools"]) + cacheMarks(body["system"]) + cacheMarks(body["messages"]) + (isPresent(body["cache_control"]) ? 1 : 0)
  return marks > 4 ? invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`) : undefined
}

/** The first thing Anthropic refuses outside of the content; interleaved thinking is a beta in which a budget may exceed max_tokens. */
export const checkMessagesOptions = (body: JsonObject, interleaved: boolean): Refusal | undefined =>
  checkMaxTokens(body) ?? checkKnown(body) ?? checkSampling(body) ?? checkTools(body) ?? checkThinking(body, interleaved) ?? checkFormat(body)
    ?? checkCacheMarks(body)
