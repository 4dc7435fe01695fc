/**
 * What OpenAI refuses in the input of a responses request: roles, parts, prefixes of item ids, the pairing of calls with
 * their outputs, and thoughts that are forged, unknown or followed by nothing.
 */
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf, stringOf } from "./Json.ts"
import { invalid } from "./OpenAiChatChecks.ts"
import { missing, unsupported } from "./OpenAiResponsesChecks.ts"
import { isSeal } from "./Signatures.ts"

/** The prefixes of item ids by type; the service refuses ids of its items that begin otherwise. */
const prefixes: Readonly<Record<string, string | undefined>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  custom_tool_call: "ctc",
  web_search_call: "ws",
  file_search_call: "fs",
  code_interpreter_call: "ci",
  image_generation_call: "ig",
  computer_call: "cu",
  mcp_call: "mcp",
  mcp_list_tools: "mcpl",
  mcp_approval_request: "mcpr",
  tool_search_call: "tsc"
}

/** Types of items without a check of their own. */
const others = [
  "function_call_output",
  "custom_tool_call_output",
  "item_reference",
  "additional_tools",
  "computer_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "shell_call",
  "shell_call_output",
  "apply_patch_call",
  "apply_patch_call_output",
  "mcp_approval_response",
  "tool_search_output",
  "compaction",
  "compaction_trigger",
  "program",
  "program_output"
]

const roles = ["assistant", "system", "developer", "user"]

const maxId = 64

const notFound = (id: string): Refusal => ({
  status: 404,
  message:
    `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
  parameter: "input"
})

const tooLong = (at: string, length: number): Refusal =>
  invalid(
    at,
    `Invalid '${at}': string too long. Expected a string with maximum length ${maxId}, but got a string with length ${length} instead.`,
    "string_above_max_length"
  )

const checkId = (item: JsonObject, type: string, at: string): Refusal | undefined => {
  const id = item["id"]
  const prefix = prefixes[type]
  if (!isPresent(id) || prefix === undefined) return undefined
  if (typeof id !== "string") return invalid(`${at}.id`, `Invalid type for '${at}.id': expected a string.`, "invalid_type")
  if (id.length > maxId) return tooLong(`${at}.id`, id.length)
  return id.startsWith(prefix)
    ? undefined
    : invalid(`${at}.id`, `Invalid '${at}.id': '${id}'. Expected an ID that begins with '${prefix}'.`)
}

const checkImage = (part: JsonObject, at: string): Refusal | undefined => {
  if (isPresent(part["file_id"])) return undefined
  return /^(https?:|data:image\/)/.test(stringOf(part["image_url"]))
    ? undefined
    : invalid(`${at}.image_url`, `Invalid '${at}.image_url'. Expected a base64-encoded data URL with an image MIME type or a valid URL.`, "invalid_value")
}

const checkPart = (part: JsonObject, supported: ReadonlyArray<string>, at: string): Refusal | undefined => {
  const type = stringOf(part["type"])
  if (!supported.includes(type)) return type === "" ? missing(`${at}.type`) : unsupported(`${at}.type`, type, supported)
  if ((type === "input_text" || type === "output_text") && typeof part["text"] !== "string") return missing(`${at}.text`)
  if (type === "refusal" && typeof part["refusal"] !== "string") return missing(`${at}.refusal`)
  return type === "input_image" ? checkImage(part, at) : undefined
}

const checkParts = (parts: ReadonlyArray<unknown>, supported: ReadonlyArray<string>, at: string): Refusal | undefined => {
  for (const [index, part] of parts.entries()) {
    const refusal = checkPart(objectOf(part), supported, `${at}[${index}]`)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const inputParts = ["input_text", "input_image", "input_file", "input_audio"]

const checkMessage = (item: JsonObject, at: string): Refusal | undefined => {
  const role = stringOf(item["role"])
  if (!roles.includes(role)) return role === "" ? missing(`${at}.role`) : unsupported(`${at}.role`, role, roles)
  const content = item["content"]
  if (!isPresent(content)) return missing(`${at}.content`)
  if (typeof content === "string") return undefined
  if (!Array.isArray(content)) {
    return invalid(`${at}.content`, `Invalid type for '${at}.content': expected one of a string or an array of objects.`, "invalid_type")
  }
  return checkParts(content, role === "assistant" ? ["output_text", "refusal"] : inputParts, `${at}.content`)
}

const checkCallId = (item: JsonObject, at: string): Refusal | undefined => {
  const id = item["call_id"]
  if (typeof id !== "string" || id === "") return missing(`${at}.call_id`)
  return id.length > maxId ? tooLong(`${at}.call_id`, id.length) : undefined
}

const checkCall = (item: JsonObject, field: "arguments" | "input", at: string): Refusal | undefined => {
  const refusal = checkCallId(item, at)
  if (refusal !== undefined) return refusal
  if (typeof item["name"] !== "string") return missing(`${at}.name`)
  if (!isPresent(item[field])) return missing(`${at}.${field}`)
  return typeof item[field] === "string" ? undefined : invalid(`${at}.${field}`, `Invalid type for '${at}.${field}': expected a string.`, "invalid_type")
}

const checkOutput = (item: JsonObject, at: string): Refusal | undefined => {
  const refusal = checkCallId(item, at)
  if (refusal !== undefined) return refusal
  const output = item["output"]
  if (!isPresent(output)) return missing(`${at}.output`)
  if (typeof output === "string") return undefined
  return Array.isArray(output)
    ? checkParts(output, inputParts, `${at}.output`)
    : invalid(`${at}.output`, `Invalid type for '${at}.output': expected one of an array of objects or string.`, "invalid_type")
}

/** A thought has to be sealed by the service, or stored there under its id; ids the simulator gave count as stored unless the request stores nothing. */
const checkThought = (item: JsonObject, stores: boolean, at: string): Refusal | undefined => {
  const id = stringOf(item["id"])
  const seal = item["encrypted_content"]
  if (!Array.isArray(item["summary"])) return missing(`${at}.summary`)
  if (isPresent(seal)) {
    return isSeal(stringOf(seal))
      ? undefined
      : invalid(
        "input",
        `The encrypted content for item ${id} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
        "invalid_encrypted_content"
      )
  }
  return stores && id.startsWith("rs_sim") ? undefined : notFound(id)
}

const checkItem = (item: JsonObject, stores: boolean, at: string): Refusal | undefined => {
  const type = item["type"] === undefined && isPresent(item["role"]) ? "message" : stringOf(item["type"])
  if (type === "") return missing(`${at}.type`)
  if (prefixes[type] === undefined && !others.includes(type)) return unsupported(`${at}.type`, type, [...Object.keys(prefixes), ...others])
  const refusal = checkId(item, type, at)
  if (refusal !== undefined) return refusal
  switch (type) {
    case "message":
      return checkMessage(item, at)
    case "function_call":
      return checkCall(item, "arguments", at)
    case "custom_tool_call":
      return checkCall(item, "input", at)
    case "function_call_output":
    case "custom_tool_call_output":
      return checkOutput(item, at)
    case "reasoning":
      return checkThought(item, stores, at)
    case "item_reference":
      return notFound(stringOf(item["id"]))
    default:
      return undefined
  }
}

const pairs = [["function_call", "function call"], ["custom_tool_call", "custom tool call"]] as const

/** Every call has its output somewhere behind it, and every output its call before it. */
const checkPairing = (items: ReadonlyArray<JsonObject>): Refusal | undefined => {
  for (const [type, words] of pairs) {
    const open = new Set<string>()
    const answered = new Set<string>()
    for (const item of items) {
      const id = stringOf(item["call_id"])
      if (item["type"] === type) open.add(id)
      if (item["type"] !== `${type}_output`) continue
      if (!open.delete(id) && !answered.has(id)) {
        return { status: 400, message: `No tool call found for ${words} output with call_id ${id}.`, parameter: "input" }
      }
      answered.add(id)
    }
    const [unanswered] = open
    if (unanswered !== undefined) return { status: 400, message: `No tool output found for ${words} ${unanswered}.`, parameter: "input" }
  }
  return undefined
}

const followers = ["message", "function_call", "custom_tool_call", "reasoning"]

/** A thought is followed by what it led to: an item of the same answer. */
const checkFollowers = (items: ReadonlyArray<JsonObject>): Refusal | undefined => {
  for (const [index, item] of items.entries()) {
    if (item["type"] !== "reasoning") continue
    const next = items[index + 1]
    const type = next?.["type"] === undefined && isPresent(next?.["role"]) ? "message" : stringOf(next?.["type"])
    const own = followers.includes(type) ? type !== "message" || next?.["role"] === "assistant" : type.endsWith("_call")
    if (!own) {
      return {
        status: 400,
        message: `Item '${stringOf(item["id"])}' of type 'reasoning' was provided without its required following item.`,
        parameter: "input"
      }
    }
  }
  return undefined
}

/** The first thing OpenAI refuses in the input. */
export const checkResponsesInput = (body: JsonObject): Refusal | undefined => {
  const input = body["input"]
  if ((!isPresent(input) || (Array.isArray(input) && input.length === 0)) && !isPresent(body["prompt"]) && !isPresent(body["conversation"])) {
    return invalid("input", "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.", "missing_required_parameter")
  }
  const items = arrayOf(input)
  for (const [index, item] of items.entries()) {
    const at = `input[${index}]`
    if (!isObject(item)) return invalid(at, `Invalid type for '${at}': expected an object.`, "invalid_type")
    const refusal = checkItem(item, body["store"] !== false, at)
    if (refusal !== undefined) return refusal
  }
  const objects = items.map(objectOf)
  return checkPairing(objects) ?? checkFollowers(objects)
}
