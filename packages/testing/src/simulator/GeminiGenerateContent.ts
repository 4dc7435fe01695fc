/**
 * What Gemini refuses in the contents: roles, empty or unknown parts, calls and responses that are no objects, turns of
 * responses that do not match the calls before them, thought signatures that are forged.
 */
import type { Refusal } from "./Facts.ts"
import { invalidArgument, isRefused, message, snake } from "./GeminiGenerateSchema.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf, stringOf } from "./Json.ts"
import { isSeal } from "./Signatures.ts"

/** Fields of which a part has exactly one. */
const data = ["text", "inlineData", "functionCall", "functionResponse", "fileData", "executableCode", "codeExecutionResult"]

const partKeys = [...data, "thought", "thoughtSignature", "videoMetadata", "partMetadata", "mediaResolution", "toolCall", "toolResponse"]

const fields: Readonly<Record<string, ReadonlyArray<string>>> = {
  inlineData: ["mimeType", "data", "displayName"],
  fileData: ["mimeType", "fileUri", "displayName"],
  functionCall: ["id", "name", "args", "partialArgs", "willContinue"],
  functionResponse: ["id", "name", "response", "parts", "willContinue", "scheduling"]
}

/** Signatures the service accepts on calls it did not make itself, to skip its check. */
const skips = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"]

/** A content with its parts, all names in camel case. */
export interface Turn {
  readonly role: string
  readonly parts: ReadonlyArray<JsonObject>
}

const struct = (value: unknown, at: string): Refusal | undefined =>
  !isPresent(value) || isObject(value)
    ? undefined
    : invalidArgument(`Invalid value at '${at}' (type.googleapis.com/google.protobuf.Struct), ${JSON.stringify(value)}`)

const checkNamed = (part: JsonObject, at: string): Refusal | undefined => {
  for (const kind of ["functionCall", "functionResponse"]) {
    if (!isPresent(part[kind])) continue
    const inner = objectOf(part[kind])
    const where = `${at}.${snake(kind)}`
    if (stringOf(inner["name"]) === "") return invalidArgument(`* GenerateContentRequest.${where}.name: Name cannot be empty.`)
    const refusal = struct(inner["args"], `${where}.args`) ?? struct(inner["response"], `${where}.response`)
    if (refusal !== undefined) return refusal
    if (kind === "functionResponse" && !isPresent(inner["response"])) return invalidArgument(`* GenerateContentRequest.${where}.response: missing field.`)
  }
  return undefined
}

const checkData = (part: JsonObject, at: string): Refusal | undefined => {
  const found = data.filter((name) => isPresent(part[name]))
  if (found.length === 0) return invalidArgument(`* GenerateContentRequest.${at}.data: required oneof field 'data' must have one initialized field`)
  if (found.length > 1) {
    return invalidArgument(`Invalid value at '${at}' (oneof), oneof field 'data' is already set. Cannot set '${found[1] ?? ""}'`)
  }
  if (isPresent(part["text"]) && typeof part["text"] !== "string") {
    return invalidArgument(`Invalid value at '${at}.text' (TYPE_STRING), ${JSON.stringify(part["text"])}`)
  }
  const inline = objectOf(part["inlineData"])
  if (isPresent(part["inlineData"]) && !/^[\w+/-]+={0,2}$/.test(stringOf(inline["data"]))) {
    return invalidArgument(`Invalid value at '${at}.inline_data.data' (TYPE_BYTES), Base64 decoding failed`)
  }
  const signature = part["thoughtSignature"]
  if (isPresent(signature) && !isSeal(stringOf(signature)) && !skips.includes(stringOf(signature))) return invalidArgument("Corrupted thought signature.")
  return checkNamed(part, at)
}

const readPart = (value: unknown, at: string): JsonObject | Refusal => {
  const part = message(value, partKeys, at)
  if (isRefused(part)) return part
  const whole: Record<string, unknown> = { ...part }
  for (const [name, known] of Object.entries(fields)) {
    if (!isPresent(part[name])) continue
    const inner = message(part[name], known, `${at}.${snake(name)}`)
    if (isRefused(inner)) return inner
    whole[name] = inner
  }
  return checkData(whole, at) ?? whole
}

/** One content in camel case, or what is wrong with it. */
export const readContent = (value: unknown, at: string): Turn | Refusal => {
  const content = message(value, ["role", "parts"], at)
  if (isRefused(content)) return content
  const given = content["parts"]
  const parts: Array<JsonObject> = []
  // The service takes one object where the specification has a list
  for (const [index, part] of (isObject(given) ? [given] : arrayOf(given)).entries()) {
    const read = readPart(part, `${at}.parts[${index}]`)
    if (isRefused(read)) return read
    parts.push(read)
  }
  if (parts.length === 0) return invalidArgument(`* GenerateContentRequest.${at}.parts: contents.parts must not be empty.`)
  return { role: stringOf(content["role"]), parts }
}

/** The service joins neighbouring contents of one role before it looks at them; `function` is the old name of the user who answers calls. */
const joined = (turns: ReadonlyArray<Turn>): ReadonlyArray<Turn> => {
  const out: Array<{ readonly role: string; readonly parts: Array<JsonObject> }> = []
  for (const turn of turns) {
    const role = turn.role === "model" ? "model" : "user"
    const last = out.at(-1)
    if (last !== undefined && last.role === role) last.parts.push(...turn.parts)
    else out.push({ role, parts: [...turn.parts] })
  }
  return out
}

const named = (turn: Turn | undefined, kind: string): ReadonlyArray<JsonObject> =>
  (turn?.parts ?? []).filter((part) => isPresent(part[kind])).map((part) => objectOf(part[kind]))

const sorted = (list: ReadonlyArray<JsonObject>, field: string): string => JSON.stringify(list.map((item) => stringOf(item[field])).sort())

const checkResponses = (calls: ReadonlyArray<JsonObject>, responses: ReadonlyArray<JsonObject>): Refusal | undefined => {
  if (calls.length === 0 && responses.length > 0) {
    return invalidArgument("Please ensure that function response turn comes immediately after a function call turn.")
  }
  if (calls.length !== responses.length) {
    return invalidArgument("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.")
  }
  if (sorted(calls, "name") !== sorted(responses, "name")) {
    return invalidArgument("Please ensure that the names of the function response parts are those of the function call parts of the function call turn.")
  }
  // Clients may leave ids out on the way back; one that is there has to be a call's own
  const answered = responses.map((response) => stringOf(response["id"])).filter((id) => id !== "")
  const known = calls.map((call) => stringOf(call["id"]))
  return answered.every((id) => known.includes(id)) && new Set(answered).size === answered.length
    ? undefined
    : invalidArgument("Please ensure that the ids of the function response parts are those of the function call parts of the function call turn.")
}

/** Calls come after the user's turn and are answered by the next one. */
const checkTurns = (turns: ReadonlyArray<Turn>): Refusal | undefined => {
  for (const [index, turn] of turns.entries()) {
    if (turn.role === "model") {
      if (index === 0 && named(turn, "functionCall").length > 0) {
        return invalidArgument("Please ensure that function call turn comes immediately after a user turn or after a function response turn.")
      }
      continue
    }
    const refusal = checkResponses(named(turns[index - 1], "functionCall"), named(turn, "functionResponse"))
    if (refusal !== undefined) return refusal
  }
  const last = turns.at(-1)
  return last?.role === "model" ? checkResponses(named(last, "functionCall"), []) : undefined
}

/** Gemini 3 wants back the signature of the first call of each step since the user last spoke. */
const checkSigned = (turns: ReadonlyArray<Turn>): Refusal | undefined => {
  const asked = turns.findLastIndex((turn) => turn.role === "user" && named(turn, "functionResponse").length === 0)
  for (const [index, turn] of turns.entries()) {
    const call = index > asked && turn.role === "model" ? turn.parts.find((part) => isPresent(part["functionCall"])) : undefined
    if (call !== undefined && !isPresent(call["thoughtSignature"])) {
      const name = stringOf(objectOf(call["functionCall"])["name"])
      return invalidArgument(
        `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\` , position ${
          index + 1
        }.`
      )
    }
  }
  return undefined
}

/** All contents in camel case, neighbours of one role joined as the service joins them, or the first thing Gemini refuses in them. */
export const readContents = (value: unknown, signatures: boolean): ReadonlyArray<Turn> | Refusal => {
  const contents = isObject(value) ? [value] : arrayOf(value)
  if (contents.length === 0) return invalidArgument("* GenerateContentRequest.contents: contents is not specified\n")
  const turns: Array<Turn> = []
  for (const [index, content] of contents.entries()) {
    const read = readContent(content, `contents[${index}]`)
    if (isRefused(read)) return read
    if (!["", "user", "model", "function"].includes(read.role)) return invalidArgument("Please use a valid role: user, model.")
    turns.push(read)
  }
  const all = joined(turns)
  return checkTurns(all) ?? (signatures ? checkSigned(all) : undefined) ?? all
}
