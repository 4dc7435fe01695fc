/**
 * Embeddings of the simulated OpenAI service, as strict as the real one: what it refuses of a request, and its vectors, which are
 * those of Vectors.ts.
 */
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, numberOf, stringOf } from "./Json.ts"
import { invalid } from "./OpenAiChatChecks.ts"
import { tokens } from "./Usage.ts"
import { base64Of, vectorOf } from "./Vectors.ts"

const known = ["model", "input", "dimensions", "encoding_format", "user"]

/** The length of a vector whose request says none, and the greatest there is. */
const mostDimensions = 1_536

const mostInputs = 2_048

/** Inputs as text; token ids are written out, so that equal lists have equal vectors. */
const inputsOf = (input: unknown): ReadonlyArray<string> | undefined => {
  if (typeof input === "string") return input === "" ? undefined : [input]
  const items = arrayOf(input)
  if (items.length === 0 || items.length > mostInputs) return undefined
  if (items.every(Number.isInteger)) return [items.join(" ")]
  if (items.every((item) => typeof item === "string" && item !== "")) return items.map(String)
  return items.every((item) => Array.isArray(item) && item.length > 0 && item.every(Number.isInteger))
    ? items.map((item) => arrayOf(item).join(" "))
    : undefined
}

const check = (body: JsonObject): Refusal | undefined => {
  const extra = Object.keys(body).find((name) => !known.includes(name))
  if (extra !== undefined) return { status: 400, message: `Unrecognized request argument supplied: ${extra}` }
  if (stringOf(body["model"]) === "") return { status: 400, message: "you must provide a model parameter" }
  if (inputsOf(body["input"]) === undefined) {
    return invalid("input", "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
  }
  const format = body["encoding_format"]
  if (isPresent(format) && format !== "float" && format !== "base64") {
    return invalid("encoding_format", `Invalid value: '${String(format)}'. Supported values are: 'float' and 'base64'.`)
  }
  const dimensions = body["dimensions"]
  if (isPresent(dimensions) && !(Number.isInteger(dimensions) && Number(dimensions) >= 1 && Number(dimensions) <= mostDimensions)) {
    return invalid("dimensions", `Invalid value for 'dimensions': must be an integer from 1 to ${mostDimensions}.`)
  }
  return isPresent(body["user"]) && typeof body["user"] !== "string"
    ? invalid("user", "Invalid type for 'user': expected a string.", "invalid_type")
    : undefined
}

/** The answer to an embeddings request, or why it is refused. */
export const openAiEmbeddings = (body: unknown): string | Refusal => {
  if (!isObject(body)) return { status: 400, message: "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload." }
  const refusal = check(body)
  if (refusal !== undefined) return refusal
  const inputs = inputsOf(body["input"]) ?? []
  const used = Math.max(1, tokens(inputs.reduce((sum, text) => sum + text.length, 0)))
  const vectors = inputs.map((text) => vectorOf(text, numberOf(body["dimensions"]) ?? mostDimensions))
  return JSON.stringify({
    object: "list",
    data: vectors.map((values, index) => ({ object: "embedding", index, embedding: body["encoding_format"] === "base64" ? base64Of(values) : values })),
    model: body["model"],
    usage: { prompt_tokens: used, total_tokens: used }
  })
}
