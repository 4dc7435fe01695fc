/**
 * What OpenAI refuses in the messages of a chat request: roles, content parts, and the pairing of tool calls with
 * their results (every call answered at once, no result without its call, ids of at most 40 characters).
 */
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf, stringOf } from "./Json.ts"
import { invalid } from "./OpenAiChatChecks.ts"

const roles = ["developer", "system", "user", "assistant", "tool", "function"]

const partTypes: Readonly<Record<string, ReadonlyArray<string>>> = {
  developer: ["text"],
  system: ["text"],
  user: ["text", "image_url", "input_audio", "file"],
  assistant: ["text", "refusal"],
  tool: ["text"],
  function: []
}

const checkPart = (part: unknown, role: string, at: string): Refusal | undefined => {
  if (!isObject(part)) return invalid(at, `Invalid type for '${at}': expected an object.`, "invalid_type")
  const type = stringOf(part["type"])
  const allowed = partTypes[role] ?? []
  if (!allowed.includes(type)) return invalid(`${at}.type`, `Invalid value: '${type}'. Supported values are: ${allowed.map((name) => `'${name}'`).join(", ")}.`)
  if (type === "text" && typeof part["text"] !== "string") {
    return invalid(`${at}.text`, `Missing required parameter: '${at}.text'.`, "missing_required_parameter")
  }
  if (type !== "image_url") return undefined
  const url = stringOf(objectOf(part["image_url"])["url"])
  return /^(https?:|data:image\/)/.test(url)
    ? undefined
    : invalid(`${at}.image_url.url`, "Invalid 'image_url.url': expected a valid URL or a base64 data URL.", "invalid_image_url")
}

const checkContent = (message: JsonObject, role: string, at: string): Refusal | undefined => {
  const content = message["content"]
  if (!isPresent(content)) {
    const excused = role === "assistant" &&
      (isPresent(message["tool_calls"]) || isPresent(message["refusal"]) || isPresent(message["audio"]) || isPresent(message["function_call"]))
    return excused ? undefined : invalid(`${at}.content`, `Invalid value for 'content': expected a string, got null.`, "invalid_type")
  }
  if (typeof content === "string") return undefined
  if (!Array.isArray(content)) {
    return invalid(`${at}.content`, `Invalid type for '${at}.content': expected one of a string or array of objects.`, "invalid_type")
  }
  if (content.length === 0) return invalid(`${at}.content`, `Invalid '${at}.content': empty array.`, "empty_array")
  for (const [index, part] of content.entries()) {
    const refusal = checkPart(part, role, `${at}.content[${index}]`)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const maxCallId = 40

const checkCalls = (message: JsonObject, at: string): Refusal | undefined => {
  if (!isPresent(message["tool_calls"])) return undefined
  const calls = arrayOf(message["tool_calls"])
  if (calls.length === 0) return invalid(`${at}.tool_calls`, `Invalid '${at}.tool_calls': empty array. Expected an array with minimum length 1.`, "empty_array")
  for (const [index, call] of calls.entries()) {
    const id = objectOf(call)["id"]
    const where = `${at}.tool_calls[${index}]`
    if (typeof id !== "string" || id === "") return invalid(`${where}.id`, `Missing required parameter: '${where}.id'.`, "missing_required_parameter")
    if (id.length > maxCallId) {
      return invalid(
        `${where}.id`,
        `Invalid '${where}.id': string too long. Expected a string with maximum length ${maxCallId}, but got a string with length ${id.length} instead.`,
        "string_above_max_length"
      )
    }
    const type = objectOf(call)["type"]
    if (type !== "function" && type !== "custom") return invalid(`${where}.type`, `Missing required parameter: '${where}.type'.`, "missing_required_parameter")
    const named = objectOf(objectOf(call)[type])
    if (typeof named["name"] !== "string") {
      return invalid(`${where}.function.name`, `Missing required parameter: '${where}.function.name'.`, "missing_required_parameter")
    }
    if (type === "function" && typeof named["arguments"] !== "string") {
      return invalid(`${where}.function.arguments`, `Invalid type for '${where}.function.arguments': expected a string.`, "invalid_type")
    }
  }
  return undefined
}

/** Walks the messages with the ids of the calls still unanswered. */
const checkPairing = (messages: ReadonlyArray<JsonObject>): Refusal | undefined => {
  let open: Set<string> | undefined
  const unanswered = (): Refusal | undefined =>
    open === undefined || open.size === 0 ? undefined : invalid(
      "messages",
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${
        [...open].join(", ")
      }`,
      "invalid_value"
    )
  for (const [index, message] of messages.entries()) {
    if (message["role"] === "tool") {
      const id = message["tool_call_id"]
      if (typeof id !== "string") {
        return invalid(`messages[${index}].tool_call_id`, `Missing required parameter: 'messages[${index}].tool_call_id'.`, "missing_required_parameter")
      }
      if (open === undefined) {
        return invalid(`messages.[${index}].role`, "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.")
      }
      if (!open.delete(id)) {
        return invalid(`messages.[${index}].tool_call_id`, `Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`)
      }
      continue
    }
    const refusal = unanswered()
    if (refusal !== undefined) return refusal
    const calls = arrayOf(message["tool_calls"]).map((call) => stringOf(objectOf(call)["id"]))
    open = calls.length === 0 ? undefined : new Set(calls)
  }
  return unanswered()
}

/** The first thing OpenAI refuses in the messages. */
export const checkChatMessages = (body: JsonObject): Refusal | undefined => {
  const messages = body["messages"]
  if (!isPresent(messages)) return invalid("messages", "Missing required parameter: 'messages'.", "missing_required_parameter")
  if (!Array.isArray(messages)) return invalid("messages", "Invalid type for 'messages': expected an array of objects.", "invalid_type")
  if (messages.length === 0) {
    return invalid("messages", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array")
  }
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    if (!isObject(message)) return invalid(at, `Invalid type for '${at}': expected an object.`, "invalid_type")
    const role = stringOf(message["role"])
    if (!roles.includes(role)) {
      return invalid(`${at}.role`, `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`)
    }
    const refusal = checkContent(message, role, at) ?? checkCalls(message, at)
    if (refusal !== undefined) return refusal
  }
  return checkPairing(messages.map(objectOf))
}
