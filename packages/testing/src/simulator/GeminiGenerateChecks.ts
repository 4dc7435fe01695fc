/**
 * What Gemini refuses outside of the contents: unknown fields, tools, forced calls, the generation config. Each check
 * answers the refusal or nothing; the words follow the real service where it is known.
 */
import type { Refusal } from "./Facts.ts"
import { checkSchema, invalidArgument, isRefused, message } from "./GeminiGenerateSchema.ts"
import { arrayOf, isPresent, type JsonObject, stringOf } from "./Json.ts"

const requestKeys = [
  "model",
  "systemInstruction",
  "contents",
  "tools",
  "toolConfig",
  "safetySettings",
  "generationConfig",
  "cachedContent",
  "labels",
  "store",
  "serviceTier"
]

const toolKeys = [
  "functionDeclarations",
  "googleSearchRetrieval",
  "codeExecution",
  "googleSearch",
  "computerUse",
  "urlContext",
  "fileSearch",
  "mcpServers",
  "googleMaps",
  "retrieval"
]

const declarationKeys = ["name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema", "behavior"]

const configKeys = [
  "candidateCount",
  "stopSequences",
  "maxOutputTokens",
  "temperature",
  "topP",
  "topK",
  "seed",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "_responseJsonSchema",
  "presencePenalty",
  "frequencyPenalty",
  "responseLogprobs",
  "logprobs",
  "enableEnhancedCivicAnswers",
  "responseModalities",
  "speechConfig",
  "thinkingConfig",
  "imageConfig",
  "mediaResolution",
  "responseFormat"
]

/** The parts of a request in camel case, before their insides are looked at. */
export interface ReadOptions {
  readonly request: JsonObject
  readonly declarations: ReadonlyArray<JsonObject>
  readonly calling: JsonObject
  readonly config: JsonObject
  readonly thinking: JsonObject
}

const checkDeclaration = (declaration: JsonObject, at: string): Refusal | undefined => {
  if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(stringOf(declaration["name"]))) {
    return invalidArgument(
      `* GenerateContentRequest.${at}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.`
    )
  }
  if (isPresent(declaration["parameters"]) && isPresent(declaration["parametersJsonSchema"])) {
    return invalidArgument(`* GenerateContentRequest.${at}: parameters and parameters_json_schema cannot both be set.`)
  }
  return isPresent(declaration["parameters"]) ? checkSchema(declaration["parameters"], `${at}.parameters`) : undefined
}

const readDeclarations = (tools: unknown): ReadonlyArray<JsonObject> | Refusal => {
  const declarations: Array<JsonObject> = []
  for (const [index, value] of arrayOf(tools).entries()) {
    const tool = message(value, toolKeys, `tools[${index}]`)
    if (isRefused(tool)) return tool
    for (const [position, inner] of arrayOf(tool["functionDeclarations"]).entries()) {
      const at = `tools[${index}].function_declarations[${position}]`
      const declaration = message(inner, declarationKeys, at)
      if (isRefused(declaration)) return declaration
      const refusal = checkDeclaration(declaration, at)
      if (refusal !== undefined) return refusal
      declarations.push(declaration)
    }
  }
  const names = declarations.map((declaration) => stringOf(declaration["name"]))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? declarations : invalidArgument(`Duplicate function declaration found: ${twice}`)
}

const modes = ["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"]

const checkCalling = (calling: JsonObject, declarations: ReadonlyArray<JsonObject>): Refusal | undefined => {
  const mode = calling["mode"]
  if (isPresent(mode) && !modes.includes(stringOf(mode).toUpperCase())) {
    return invalidArgument(
      `Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), ${
        JSON.stringify(mode)
      }`
    )
  }
  const allowed = arrayOf(calling["allowedFunctionNames"])
  if (allowed.length > 0 && mode !== "ANY" && mode !== "VALIDATED") {
    return invalidArgument("Function calling config is set without `ANY` mode. `allowed_function_names` should only be set when the mode is `ANY`.")
  }
  const stray = allowed.find((name) => !declarations.some((declaration) => declaration["name"] === name))
  if (stray !== undefined) {
    return invalidArgument(`Function calling config: \`${String(stray)}\` in allowed_function_names is not among the function declarations.`)
  }
  return mode === "ANY" && declarations.length === 0
    ? invalidArgument("Function calling mode `ANY` is set but no function declarations are provided.")
    : undefined
}

const ranges: ReadonlyArray<readonly [name: string, wire: string, low: number, high: number, kind: string]> = [
  ["temperature", "temperature", 0, 2, "TYPE_FLOAT"],
  ["topP", "top_p", 0, 1, "TYPE_FLOAT"],
  ["topK", "top_k", 1, 1000, "TYPE_INT32"],
  ["candidateCount", "candidate_count", 1, 8, "TYPE_INT32"],
  ["maxOutputTokens", "max_output_tokens", 1, 2 ** 31 - 1, "TYPE_INT32"],
  ["presencePenalty", "presence_penalty", -2, 2, "TYPE_FLOAT"],
  ["frequencyPenalty", "frequency_penalty", -2, 2, "TYPE_FLOAT"],
  ["logprobs", "logprobs", 0, 20, "TYPE_INT32"],
  ["seed", "seed", -(2 ** 31), 2 ** 31 - 1, "TYPE_INT32"]
]

const checkRanges = (config: JsonObject): Refusal | undefined => {
  for (const [name, wire, low, high, kind] of ranges) {
    const value = config[name]
    if (!isPresent(value)) continue
    const fits = kind === "TYPE_INT32" ? Number.isInteger(value) : typeof value === "number"
    if (!fits) return invalidArgument(`Invalid value at 'generation_config.${wire}' (${kind}), ${JSON.stringify(value)}`)
    if (Number(value) < low || Number(value) > high) {
      return invalidArgument(`* GenerateContentRequest.generation_config.${wire}: ${wire} must be in the range [${low}, ${high}].\n`)
    }
  }
  return undefined
}

const mimeTypes = ["text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum"]

const checkFormat = (config: JsonObject): Refusal | undefined => {
  const type = config["responseMimeType"]
  if (isPresent(type) && !mimeTypes.includes(stringOf(type))) {
    return invalidArgument(
      "* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` and `text/x.enum`.\n"
    )
  }
  const schema = config["responseSchema"]
  const json = config["responseJsonSchema"] ?? config["_responseJsonSchema"]
  if (isPresent(schema) && isPresent(json)) return invalidArgument("Only one of response_schema and response_json_schema may be set.")
  if ((isPresent(schema) || isPresent(json)) && type !== "application/json" && type !== "text/x.enum") {
    return invalidArgument(
      "* GenerateContentRequest.generation_config.response_schema: only allowed when `response_mime_type` is `application/json`, `application/xml`, `application/yaml` or `text/x.enum`.\n"
    )
  }
  return isPresent(schema) ? checkSchema(schema, "generation_config.response_schema") : undefined
}

const checkConfig = (config: JsonObject, thinking: JsonObject): Refusal | undefined => {
  const stops = config["stopSequences"]
  if (isPresent(stops) && !Array.isArray(stops)) {
    return invalidArgument(`Invalid value at 'generation_config.stop_sequences' (TYPE_STRING), ${JSON.stringify(stops)}`)
  }
  if (arrayOf(stops).length > 5) {
    return invalidArgument("* GenerateContentRequest.generation_config.stop_sequences: the number of stop_sequences must not exceed 5.\n")
  }
  if (isPresent(thinking["thinkingBudget"]) && isPresent(thinking["thinkingLevel"])) {
    return invalidArgument("You can only set only one of thinking budget and thinking level.")
  }
  return checkRanges(config) ?? checkFormat(config)
}

/** The options of a request, or the first thing Gemini refuses in them. */
export const readOptions = (body: JsonObject): ReadOptions | Refusal => {
  const request = message(body, requestKeys, "")
  if (isRefused(request)) return request
  const toolConfig = message(request["toolConfig"], ["functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations"], "tool_config")
  if (isRefused(toolConfig)) return toolConfig
  const calling = message(
    toolConfig["functionCallingConfig"],
    ["mode", "allowedFunctionNames", "streamFunctionCallArguments"],
    "tool_config.function_calling_config"
  )
  if (isRefused(calling)) return calling
  const config = message(request["generationConfig"], configKeys, "generation_config")
  if (isRefused(config)) return config
  const thinking = message(config["thinkingConfig"], ["includeThoughts", "thinkingBudget", "thinkingLevel"], "generation_config.thinking_config")
  if (isRefused(thinking)) return thinking
  const declarations = readDeclarations(request["tools"])
  if (isRefused(declarations)) return declarations
  // Nothing is stored here, so that no cached content is ever found
  if (isPresent(request["cachedContent"])) return { status: 403, message: "CachedContent not found (or permission denied)" }
  return checkCalling(calling, declarations) ?? checkConfig(config, thinking) ?? { request, declarations, calling, config, thinking }
}
