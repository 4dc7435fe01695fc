/**
 * Reads an Anthropic messages request into facts, as strictly as the real service. Options are checked here and in
 * AnthropicMessagesChecks.ts, the content blocks and the pairing of tool use in AnthropicMessagesContent.ts.
 */
import { checkMessagesOptions, checkModelAndMessages } from "./AnthropicMessagesChecks.ts"
import { checkMessagesContent } from "./AnthropicMessagesContent.ts"
import type { Facts, OfferedTool, Refusal, ToolChoice } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, numberOf, objectOf, stringOf } from "./Json.ts"

const asBlocks = (content: unknown): ReadonlyArray<JsonObject> =>
  typeof content === "string" ? [{ type: "text", text: content }] : arrayOf(content).map(objectOf)

const blockText = (block: JsonObject): string => {
  switch (block["type"]) {
    case "text":
      return stringOf(block["text"])
    case "thinking":
      return stringOf(block["thinking"])
    case "tool_use":
      return stringOf(block["name"]) + JSON.stringify(objectOf(block["input"]))
    case "tool_result":
      return asBlocks(block["content"]).map(blockText).join("")
    default:
      return ""
  }
}

const offeredTools = (body: JsonObject): ReadonlyArray<OfferedTool> =>
  arrayOf(body["tools"]).map(objectOf).flatMap((tool) =>
    isObject(tool["input_schema"]) ? [{ name: stringOf(tool["name"]), description: stringOf(tool["description"]), schema: tool["input_schema"] }] : []
  )

const toolChoice = (body: JsonObject): ToolChoice => {
  const choice = objectOf(body["tool_choice"])
  if (choice["type"] === "none") return "none"
  if (choice["type"] === "any") return "required"
  return choice["type"] === "tool" ? { name: stringOf(choice["name"]) } : "auto"
}

const responseSchema = (body: JsonObject): JsonObject | undefined => {
  const format = objectOf(objectOf(body["output_config"])["format"] ?? body["output_format"])
  return format["type"] === "json_schema" ? objectOf(format["schema"]) : undefined
}

interface Characters {
  total: number
  cache5m: number
  cache1h: number
}

/** Characters in prompt order (tools, system, messages); a cache mark claims everything since the mark before it. */
const characters = (body: JsonObject, messages: ReadonlyArray<JsonObject>): Characters => {
  const sum: Characters = { total: 0, cache5m: 0, cache1h: 0 }
  let unmarked = 0
  const add = (length: number, control: unknown): void => {
    sum.total += length
    unmarked += length
    if (!isPresent(control)) return
    if (objectOf(control)["ttl"] === "1h") sum.cache1h += unmarked
    else sum.cache5m += unmarked
    unmarked = 0
  }
  for (const tool of arrayOf(body["tools"]).map(objectOf)) add(JSON.stringify(tool).length, tool["cache_control"])
  for (const block of asBlocks(body["system"])) add(blockText(block).length, block["cache_control"])
  for (const message of messages) {
    for (const block of asBlocks(message["content"])) add(blockText(block).length, block["cache_control"])
  }
  if (isPresent(body["cache_control"])) add(0, body["cache_control"])
  return sum
}

const countImages = (block: JsonObject): number => {
  if (block["type"] === "image") return 1
  return block["type"] === "tool_result" ? asBlocks(block["content"]).reduce((sum, inner) => sum + countImages(inner), 0) : 0
}

const facts = (body: JsonObject): Facts => {
  const messages = arrayOf(body["messages"]).map(objectOf)
  const lastUser = messages.findLast((message) => message["role"] === "user")
  const lastBlocks = asBlocks(lastUser?.["content"])
  const results = lastBlocks.filter((block) => block["type"] === "tool_result")
  const thinking = objectOf(body["thinking"])["type"]
  const counted = characters(body, messages)
  return {
    model: stringOf(body["model"]),
    stream: body["stream"] === true,
    lastIsToolResult: results.length > 0,
    lastUserText: lastBlocks.filter((block) => block["type"] === "text").map(blockText).join(""),
    toolResults: results.map(blockText),
    tools: offeredTools(body),
    toolChoice: toolChoice(body),
    parallelTools: objectOf(body["tool_choice"])["disable_parallel_tool_use"] !== true,
    responseSchema: responseSchema(body),
    images: messages.flatMap((message) => asBlocks(message["content"])).reduce((sum, block) => sum + countImages(block), 0),
    reasoning: thinking === "enabled" || thinking === "adaptive",
    choices: 1,
    logprobs: false,
    topLogprobs: 0,
    includeUsage: true,
    maxOutputTokens: numberOf(body["max_tokens"]),
    stopSequences: arrayOf(body["stop_sequences"]).filter((item) => typeof item === "string"),
    characters: counted.total,
    cacheWrite5mCharacters: counted.cache5m,
    cacheWrite1hCharacters: counted.cache1h
  }
}

/** The facts of a messages request, or why Anthropic would refuse it; `betas` is the anthropic-beta header. */
export const readMessagesRequest = (body: unknown, betas: string): Facts | Refusal => {
  if (!isObject(body)) return { status: 400, message: "Input should be a valid dictionary" }
  return checkModelAndMessages(body) ?? checkMessagesOptions(body, betas.includes("interleaved-thinking")) ?? checkMessagesContent(body) ?? facts(body)
}

/** What counting takes; of what only shapes an answer, `max_tokens` too, it takes nothing. */
const countFields = [
  "cache_control",
  "context_management",
  "mcp_servers",
  "messages",
  "model",
  "output_config",
  "output_format",
  "speed",
  "system",
  "thinking",
  "tool_choice",
  "tools"
]

/** The facts of a token counting request. */
export const readCountRequest = (body: unknown): Facts | Refusal => {
  if (!isObject(body)) return { status: 400, message: "Input should be a valid dictionary" }
  const extra = Object.keys(body).find((name) => !countFields.includes(name))
  if (extra !== undefined) return { status: 400, message: `${extra}: Extra inputs are not permitted` }
  return checkModelAndMessages(body) ?? checkMessagesContent(body) ?? facts(body)
}
