/**
 * Reads a Gemini request into facts, as strictly as the real service. Options are checked in GeminiGenerateChecks.ts, the
 * contents in GeminiGenerateContent.ts, schemas in GeminiGenerateSchema.ts.
 */
import type { Facts, OfferedTool, Refusal, ToolChoice } from "./Facts.ts"
import { type ReadOptions, readOptions } from "./GeminiGenerateChecks.ts"
import { readContent, readContents, type Turn } from "./GeminiGenerateContent.ts"
import { invalidArgument, isRefused, jsonSchema, message } from "./GeminiGenerateSchema.ts"
import { arrayOf, isObject, isPresent, type JsonObject, numberOf, objectOf, stringOf } from "./Json.ts"

const partText = (part: JsonObject): string => {
  if (isPresent(part["functionCall"])) {
    const call = objectOf(part["functionCall"])
    return stringOf(call["name"]) + JSON.stringify(objectOf(call["args"]))
  }
  return isPresent(part["functionResponse"]) ? JSON.stringify(objectOf(part["functionResponse"])["response"]) : stringOf(part["text"])
}

const turnText = (turn: Turn): string => turn.parts.map(partText).join("")

const isResponse = (part: JsonObject): boolean => isPresent(part["functionResponse"])

/** The result a response carries: the text under `output` or `result` where it is one, else the whole object. */
const resultText = (part: JsonObject): string => {
  const response = objectOf(objectOf(part["functionResponse"])["response"])
  const [only] = ["output", "result", "content"].map((name) => response[name]).filter((value) => typeof value === "string")
  return only ?? JSON.stringify(response)
}

const offeredTools = ({ declarations, calling }: ReadOptions): ReadonlyArray<OfferedTool> => {
  const allowed = arrayOf(calling["allowedFunctionNames"])
  return declarations
    .map((declaration) => ({
      name: stringOf(declaration["name"]),
      description: stringOf(declaration["description"]),
      schema: isPresent(declaration["parametersJsonSchema"]) ? objectOf(declaration["parametersJsonSchema"]) : jsonSchema(objectOf(declaration["parameters"]))
    }))
    .filter((tool) => allowed.length === 0 || allowed.includes(tool.name))
}

const toolChoice = ({ calling }: ReadOptions): ToolChoice => {
  const mode = stringOf(calling["mode"]).toUpperCase()
  const [only, ...others] = arrayOf(calling["allowedFunctionNames"])
  if (mode === "NONE") return "none"
  if (mode !== "ANY") return "auto"
  return typeof only === "string" && others.length === 0 ? { name: only } : "required"
}

const responseSchema = ({ config }: ReadOptions): JsonObject | undefined => {
  const json = config["responseJsonSchema"] ?? config["_responseJsonSchema"]
  if (isPresent(json)) return objectOf(json)
  if (isPresent(config["responseSchema"])) return jsonSchema(objectOf(config["responseSchema"]))
  return config["responseMimeType"] === "application/json" ? { type: "object", properties: { answer: { type: "string" } }, required: ["answer"] } : undefined
}

/** Whether the request turns thinking on: it says something about it, and not that it is off. */
const thinks = ({ thinking }: ReadOptions): boolean =>
  Object.values(thinking).some(isPresent) && thinking["thinkingBudget"] !== 0 && thinking["includeThoughts"] !== false

const facts = (options: ReadOptions, turns: ReadonlyArray<Turn>, system: string, model: string, stream: boolean): Facts => {
  const { request, config } = options
  const parts = turns.flatMap((turn) => turn.parts)
  const lastModel = turns.findLastIndex((turn) => turn.role === "model")
  const results = turns.slice(lastModel + 1).flatMap((turn) => turn.parts).filter(isResponse)
  const lastUser = turns.findLast((turn) => turn.role !== "model" && !turn.parts.every(isResponse))
  const schemaText = isPresent(request["tools"]) ? JSON.stringify(request["tools"]) : ""
  return {
    model,
    stream,
    lastIsToolResult: results.length > 0,
    lastUserText: (lastUser?.parts ?? []).map((part) => stringOf(part["text"])).join(""),
    toolResults: results.map(resultText),
    tools: offeredTools(options),
    toolChoice: toolChoice(options),
    parallelTools: true,
    responseSchema: responseSchema(options),
    images: parts.filter((part) => stringOf(objectOf(part["inlineData"] ?? part["fileData"])["mimeType"]).startsWith("image/")).length,
    reasoning: thinks(options),
    choices: numberOf(config["candidateCount"]) ?? 1,
    logprobs: config["responseLogprobs"] === true,
    topLogprobs: numberOf(config["logprobs"]) ?? 0,
    includeUsage: true,
    maxOutputTokens: numberOf(config["maxOutputTokens"]),
    stopSequences: arrayOf(config["stopSequences"]).filter((item) => typeof item === "string"),
    characters: turns.reduce((sum, turn) => sum + turnText(turn).length, 0) + system.length + schemaText.length,
    cacheWrite5mCharacters: 0,
    cacheWrite1hCharacters: 0
  }
}

/** The facts of a generation request, or why Gemini would refuse it; model and kind of answer are in the path. */
export const readGenerateRequest = (body: unknown, model: string, stream: boolean): Facts | Refusal => {
  if (!isObject(body)) return invalidArgument("Invalid JSON payload received. Unexpected token.")
  const options = readOptions(body)
  if (isRefused(options)) return options
  const system = isPresent(options.request["systemInstruction"]) ? readContent(options.request["systemInstruction"], "system_instruction") : undefined
  if (system !== undefined && isRefused(system)) return system
  const turns = readContents(options.request["contents"], /gemini-3/.test(model) && thinks(options))
  return isRefused(turns) ? turns : facts(options, turns, system === undefined ? "" : turnText(system), model, stream)
}

/** The facts of a token counting request: contents, or a whole generation request. */
export const readCountRequest = (body: unknown): Facts | Refusal => {
  if (!isObject(body)) return invalidArgument("Invalid JSON payload received. Unexpected token.")
  const request = message(body, ["model", "contents", "generateContentRequest"], "")
  if (isRefused(request)) return request
  const whole = request["generateContentRequest"]
  return readGenerateRequest(isPresent(whole) ? whole : { contents: request["contents"] }, "", false)
}
