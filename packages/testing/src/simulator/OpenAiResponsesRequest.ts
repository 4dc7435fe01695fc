/**
 * Reads an OpenAI responses request into facts, as strictly as the real service. Options are checked in
 * OpenAiResponsesChecks.ts, the items of the input in OpenAiResponsesInput.ts.
 */
import type { Facts, OfferedTool, Refusal, ToolChoice } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, numberOf, objectOf, stringOf } from "./Json.ts"
import { checkResponsesOptions } from "./OpenAiResponsesChecks.ts"
import { checkResponsesInput } from "./OpenAiResponsesInput.ts"

const partText = (part: unknown): string => stringOf(objectOf(part)["text"]) || stringOf(objectOf(part)["refusal"])

const contentText = (content: unknown): string => typeof content === "string" ? content : arrayOf(content).map(partText).join("")

const itemsOf = (body: JsonObject): ReadonlyArray<JsonObject> =>
  typeof body["input"] === "string" ? [{ role: "user", content: body["input"] }] : arrayOf(body["input"]).map(objectOf)

const isInstruction = (item: JsonObject): boolean => item["role"] === "system" || item["role"] === "developer"

const outputTypes = ["function_call_output", "custom_tool_call_output"]

const isOutput = (item: JsonObject | undefined): boolean => outputTypes.includes(stringOf(item?.["type"]))

const itemText = (item: JsonObject): string => {
  if (isOutput(item)) return contentText(item["output"])
  if (item["type"] === "reasoning") return contentText(item["summary"])
  return contentText(item["content"]) + stringOf(item["name"]) + stringOf(item["arguments"]) + stringOf(item["input"])
}

const offeredTool = (tool: JsonObject): ReadonlyArray<OfferedTool> => {
  const named = { name: stringOf(tool["name"]), description: stringOf(tool["description"]) }
  if (tool["type"] === "function") return [{ ...named, schema: objectOf(tool["parameters"]) }]
  if (tool["type"] === "custom") return [{ ...named, schema: {}, custom: true }]
  return tool["type"] === "namespace"
    ? arrayOf(tool["tools"]).map(objectOf).flatMap(offeredTool).map((inner) => ({ ...inner, namespace: named.name }))
    : []
}

/** The tools of the request and of the items that bring more. */
const offeredTools = (body: JsonObject, items: ReadonlyArray<JsonObject>): ReadonlyArray<OfferedTool> => {
  const added = items.filter((item) => item["type"] === "additional_tools").flatMap((item) => arrayOf(item["tools"]))
  return [...arrayOf(body["tools"]), ...added].map(objectOf).flatMap(offeredTool)
}

const toolChoice = (body: JsonObject): ToolChoice => {
  const choice = body["tool_choice"]
  if (choice === "none" || choice === "required") return choice
  const name = stringOf(objectOf(choice)["name"])
  return name === "" ? "auto" : { name }
}

const responseSchema = (body: JsonObject): JsonObject | undefined => {
  const format = objectOf(objectOf(body["text"])["format"])
  if (format["type"] === "json_object") return { type: "object", properties: { answer: { type: "string" } }, required: ["answer"] }
  return format["type"] === "json_schema" ? objectOf(format["schema"]) : undefined
}

const facts = (body: JsonObject): Facts => {
  const items = itemsOf(body)
  const lastUser = items.findLast((item) => item["role"] === "user")
  // Instructions may come between the results and the answer; they ask for nothing
  const asked = items.filter((item) => !isInstruction(item) && item["type"] !== "additional_tools")
  const lastCall = asked.findLastIndex((item) => !isOutput(item))
  const parts = items.flatMap((item) => [...arrayOf(item["content"]), ...arrayOf(item["output"])]).map(objectOf)
  const reasoning = objectOf(body["reasoning"])
  const schemaText = isPresent(body["tools"]) ? JSON.stringify(body["tools"]) : ""
  return {
    model: stringOf(body["model"]),
    stream: body["stream"] === true,
    lastIsToolResult: isOutput(asked.at(-1)),
    lastUserText: contentText(lastUser?.["content"]),
    toolResults: asked.slice(lastCall + 1).map(itemText),
    tools: offeredTools(body, items),
    toolChoice: toolChoice(body),
    parallelTools: body["parallel_tool_calls"] !== false,
    responseSchema: responseSchema(body),
    images: parts.filter((part) => part["type"] === "input_image").length,
    reasoning: (isPresent(reasoning["effort"]) || isPresent(reasoning["summary"])) && reasoning["effort"] !== "none",
    choices: 1,
    logprobs: arrayOf(body["include"]).includes("message.output_text.logprobs"),
    topLogprobs: numberOf(body["top_logprobs"]) ?? 0,
    includeUsage: true,
    maxOutputTokens: numberOf(body["max_output_tokens"]),
    stopSequences: [],
    characters: items.reduce((sum, item) => sum + itemText(item).length, 0) + stringOf(body["instructions"]).length + schemaText.length,
    cacheWrite5mCharacters: 0,
    cacheWrite1hCharacters: 0
  }
}

/** The facts of a responses request, or why OpenAI would refuse it. */
export const readResponsesRequest = (body: unknown): Facts | Refusal => {
  if (!isObject(body)) return { status: 400, message: "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload." }
  return checkResponsesOptions(body) ?? checkResponsesInput(body) ?? facts(body)
}

/** What counting takes; of what only shapes an answer it takes nothing. */
const countFields = [
  "conversation",
  "input",
  "instructions",
  "model",
  "parallel_tool_calls",
  "personality",
  "previous_response_id",
  "reasoning",
  "text",
  "tool_choice",
  "tools",
  "truncation"
]

/** The facts of a token counting request. */
export const readCountRequest = (body: unknown): Facts | Refusal => {
  const extra = isObject(body) ? Object.keys(body).find((name) => !countFields.includes(name)) : undefined
  if (extra !== undefined) return { status: 400, message: `Unknown parameter: '${extra}'.`, code: "unknown_parameter", parameter: extra }
  return readResponsesRequest(body)
}
