/**
 * What Anthropic refuses in the messages themselves: roles, empty text, the place and pairing of tool results, and
 * thinking blocks that are forged or missing before a tool use.
 */
import { invalid } from "./AnthropicMessagesChecks.ts"
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf, stringOf } from "./Json.ts"
import { isSigned, redactedData } from "./Signatures.ts"

type Blocks = ReadonlyArray<JsonObject>

const blocksOf = (message: JsonObject | undefined): Blocks => arrayOf(message?.["content"]).map(objectOf)

const ofType = (blocks: Blocks, type: string): Blocks => blocks.filter((block) => block["type"] === type)

const userOnly = ["tool_result", "image", "document"]
const assistantOnly = ["tool_use", "thinking", "redacted_thinking", "server_tool_use"]

const checkText = (block: JsonObject, at: string): Refusal | undefined => {
  if (typeof block["text"] !== "string") return invalid(`${at}.text.text: Field required`)
  return block["text"].trim() === ""
    ? invalid(block["text"] === "" ? "messages: text content blocks must be non-empty" : "messages: text content blocks must contain non-whitespace text")
    : undefined
}

const checkThought = (block: JsonObject, at: string): Refusal | undefined => {
  if (block["type"] === "redacted_thinking") {
    return block["data"] === redactedData ? undefined : invalid(`${at}: Invalid \`data\` in \`redacted_thinking\` block`)
  }
  if (typeof block["signature"] !== "string") return invalid(`${at}.thinking.signature: Field required`)
  return isSigned(stringOf(block["thinking"]), block["signature"]) ? undefined : invalid(`${at}: Invalid \`signature\` in \`thinking\` block`)
}

const checkToolUse = (block: JsonObject, at: string): Refusal | undefined => {
  if (!/^[a-zA-Z0-9_-]+$/.test(stringOf(block["id"]))) return invalid(`${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`)
  if (stringOf(block["name"]) === "") return invalid(`${at}.tool_use.name: Field required`)
  return isObject(block["input"]) ? undefined : invalid(`${at}.tool_use.input: Input should be a valid dictionary`)
}

const checkBlock = (block: JsonObject, role: string, at: string): Refusal | undefined => {
  const type = stringOf(block["type"])
  if (type === "") return invalid(`${at}.type: Field required`)
  if ((role === "assistant" && userOnly.includes(type)) || (role === "user" && assistantOnly.includes(type))) {
    return invalid(`${at}: \`${type}\` blocks can only be in \`${role === "assistant" ? "user" : "assistant"}\` messages`)
  }
  if (type === "text") return checkText(block, at)
  if (type === "thinking" || type === "redacted_thinking") return checkThought(block, at)
  if (type === "tool_use") return checkToolUse(block, at)
  if (type === "tool_result" && typeof block["tool_use_id"] !== "string") return invalid(`${at}.tool_result.tool_use_id: Field required`)
  if (type === "image" && !isObject(block["source"])) return invalid(`${at}.image.source: Field required`)
  return undefined
}

/** An empty message is allowed only as the last one, of the assistant: a prefill. */
const checkMessage = (message: JsonObject, index: number, last: boolean): Refusal | undefined => {
  const role = stringOf(message["role"])
  const at = `messages.${index}`
  if (role !== "user" && role !== "assistant" && role !== "system") return invalid(`${at}.role: Input should be 'user' or 'assistant'`)
  const content = message["content"]
  if (!isPresent(content)) return invalid(`${at}.content: Field required`)
  const empty = (typeof content === "string" || Array.isArray(content)) && content.length === 0
  if (empty) {
    return last && role === "assistant"
      ? undefined
      : invalid(`${at}: all messages must have non-empty content except for the optional final assistant message`)
  }
  if (typeof content === "string") return content.trim() === "" ? invalid("messages: text content blocks must contain non-whitespace text") : undefined
  if (!Array.isArray(content)) return invalid(`${at}.content: Input should be a valid list`)
  for (const [position, block] of content.entries()) {
    const refusal = checkBlock(objectOf(block), role, `${at}.content.${position}`)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

/** The service joins neighbouring messages of one role before it looks at them. */
const joined = (messages: Blocks): Blocks => {
  const turns: Array<{ readonly role: unknown; readonly content: Array<unknown> }> = []
  for (const message of messages) {
    const content = typeof message["content"] === "string" ? [{ type: "text", text: message["content"] }] : arrayOf(message["content"])
    const last = turns.at(-1)
    if (last !== undefined && last.role === message["role"]) last.content.push(...content)
    else turns.push({ role: message["role"], content: [...content] })
  }
  return turns.map(objectOf)
}

/** Every tool use is answered in the next message, results first; no result without its use in the message before. */
const checkPairing = (messages: Blocks): Refusal | undefined => {
  for (const [index, message] of messages.entries()) {
    const blocks = blocksOf(message)
    const results = ofType(blocks, "tool_result").map((block) => stringOf(block["tool_use_id"]))
    const asked = ofType(blocksOf(messages[index - 1]), "tool_use").map((block) => stringOf(block["id"]))
    const stray = results.find((id) => !asked.includes(id))
    if (stray !== undefined) {
      return invalid(
        `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`
      )
    }
    if (new Set(results).size < results.length) {
      return invalid(`messages.${index}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with one id.`)
    }
    const missing = asked.filter((id) => !results.includes(id))
    const leading = blocks.slice(0, results.length).every((block) => block["type"] === "tool_result")
    if (missing.length > 0 || !leading) {
      return invalid(
        `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${
          (missing.length > 0 ? missing : asked).join(", ")
        }. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
      )
    }
  }
  const open = ofType(blocksOf(messages.at(-1)), "tool_use").map((block) => stringOf(block["id"]))
  return open.length === 0
    ? undefined
    : invalid(`messages.${messages.length - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}.`)
}

/** With thinking on, an assistant message whose tool use is being answered starts with its thought. */
const checkThoughtBeforeTool = (body: JsonObject, messages: Blocks): Refusal | undefined => {
  if (objectOf(body["thinking"])["type"] !== "enabled") return undefined
  const index = messages.findLastIndex((message) => message["role"] === "assistant")
  const blocks = blocksOf(messages[index])
  const first = stringOf(blocks[0]?.["type"])
  if (ofType(blocks, "tool_use").length === 0 || first === "thinking" || first === "redacted_thinking") return undefined
  return invalid(
    `messages.${index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks).`
  )
}

const checkSystem = (body: JsonObject): Refusal | undefined => {
  const system = body["system"]
  if (!isPresent(system) || typeof system === "string") return undefined
  if (!Array.isArray(system)) return invalid("system: Input should be a valid list")
  for (const [index, block] of system.map(objectOf).entries()) {
    if (block["type"] !== "text") return invalid(`system.${index}.type: Input should be 'text'`)
    if (stringOf(block["text"]) === "") return invalid("system: text content blocks must be non-empty")
  }
  return undefined
}

/** The first thing Anthropic refuses in system and messages. */
export const checkMessagesContent = (body: JsonObject): Refusal | undefined => {
  const messages = arrayOf(body["messages"]).map(objectOf)
  for (const [index, message] of messages.entries()) {
    const refusal = checkMessage(message, index, index === messages.length - 1)
    if (refusal !== undefined) return refusal
  }
  return checkSystem(body) ?? checkPairing(joined(messages)) ?? checkThoughtBeforeTool(body, joined(messages))
}
