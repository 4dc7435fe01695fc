/**
 * Reads an OpenAI chat request into facts, as strictly as the real service: it refuses what recorded 400s and the
 * published rules refuse, so that a gateway that sends nonsense is found out. Messages and pairing of calls first,
 * then tools and options.
 */
import type { Facts, OfferedTool, Refusal, ToolChoice } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, numberOf, objectOf, stringOf } from "./Json.ts"
import { checkChatOptions } from "./OpenAiChatChecks.ts"
import { checkChatMessages } from "./OpenAiChatMessages.ts"

const partText = (part: unknown): string => stringOf(objectOf(part)["text"]) || stringOf(objectOf(part)["refusal"])

const contentText = (content: unknown): string => typeof content === "string" ? content : arrayOf(content).map(partText).join("")

const messageCharacters = (message: JsonObject): number =>
  contentText(message["content"]).length
  + arrayOf(message["tool_calls"]).reduce<number>((sum, call) => {
    const named = objectOf(objectOf(call)["function"] ?? objectOf(call)["custom"])
    return sum + stringOf(named["name"]).length + stringOf(named["arguments"] ?? named["input"]).length
  }, 0)

const offeredTools = (body: JsonObject): ReadonlyArray<OfferedTool> =>
  arrayOf(body["tools"]).flatMap((tool): ReadonlyArray<OfferedTool> => {
    const named = objectOf(objectOf(tool)["function"])
    const custom = objectOf(objectOf(tool)["custom"])
    if (typeof custom["name"] === "string") return [{ name: custom["name"], description: stringOf(custom["description"]), schema: {}, custom: true }]
    return typeof named["name"] === "string"
      ? [{ name: named["name"], description: stringOf(named["description"]), schema: objectOf(named["parameters"]) }]
      : []
  })

const toolChoice = (body: JsonObject): ToolChoice => {
  const choice = body["tool_choice"]
  if (choice === "none" || choice === "required") return choice
  const name = stringOf(objectOf(objectOf(choice)["function"] ?? objectOf(choice)["custom"])["name"])
  return name === "" ? "auto" : { name }
}

const responseSchema = (body: JsonObject): JsonObject | undefined => {
  const format = objectOf(body["response_format"])
  if (format["type"] === "json_object") return { type: "object", properties: { answer: { type: "string" } }, required: ["answer"] }
  return format["type"] === "json_schema" ? objectOf(objectOf(format["json_schema"])["schema"]) : undefined
}

const stopSequences = (stop: unknown): ReadonlyArray<string> => typeof stop === "string" ? [stop] : arrayOf(stop).filter((item) => typeof item === "string")

const facts = (body: JsonObject): Facts => {
  const messages = arrayOf(body["messages"]).map(objectOf)
  const lastUser = messages.findLast((message) => message["role"] === "user")
  // Instructions may come between the results and the answer; they ask for nothing
  const last = messages.findLast((message) => message["role"] !== "system" && message["role"] !== "developer")
  const lastCall = messages.findLastIndex((message) => message["role"] === "assistant")
  const results = messages.slice(lastCall + 1).filter((message) => message["role"] === "tool")
  const parts = messages.flatMap((message) => arrayOf(message["content"])).map(objectOf)
  const schemaText = isPresent(body["tools"]) ? JSON.stringify(body["tools"]) : ""
  return {
    model: stringOf(body["model"]),
    stream: body["stream"] === true,
    lastIsToolResult: last?.["role"] === "tool",
    lastUserText: contentText(lastUser?.["content"]),
    toolResults: results.map((message) => contentText(message["content"])),
    tools: offeredTools(body),
    toolChoice: toolChoice(body),
    parallelTools: body["parallel_tool_calls"] !== false,
    responseSchema: responseSchema(body),
    images: parts.filter((part) => part["type"] === "image_url").length,
    reasoning: isPresent(body["reasoning_effort"]) && body["reasoning_effort"] !== "none",
    choices: numberOf(body["n"]) ?? 1,
    logprobs: body["logprobs"] === true,
    topLogprobs: numberOf(body["top_logprobs"]) ?? 0,
    includeUsage: objectOf(body["stream_options"])["include_usage"] === true,
    maxOutputTokens: numberOf(body["max_completion_tokens"]) ?? numberOf(body["max_tokens"]),
    stopSequences: stopSequences(body["stop"]),
    characters: messages.reduce((sum, message) => sum + messageCharacters(message), 0) + schemaText.length,
    cacheWrite5mCharacters: 0,
    cacheWrite1hCharacters: 0
  }
}

/** The facts of a chat request, or why OpenAI would refuse it. */
export const readChatRequest = (body: unknown): Facts | Refusal => {
  if (!isObject(body)) return { status: 400, message: "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload." }
  return checkChatOptions(body) ?? checkChatMessages(body) ?? facts(body)
}
