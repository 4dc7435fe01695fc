/**
 * Embeddings of the simulated Gemini service, as strict as the real one: what it refuses of `embedContent` and
 * `batchEmbedContents`, and its vectors, which are those of Vectors.ts.
 */
import type { Refusal } from "./Facts.ts"
import { invalidArgument, isRefused, message } from "./GeminiGenerateSchema.ts"
import { arrayOf, isObject, isPresent, type JsonObject, numberOf, stringOf } from "./Json.ts"
import { vectorOf } from "./Vectors.ts"

/** The length of a vector whose request says none, and the greatest there is. */
const mostDimensions = 3_072

const mostRequests = 100

const tasks = [
  "TASK_TYPE_UNSPECIFIED",
  "RETRIEVAL_QUERY",
  "RETRIEVAL_DOCUMENT",
  "SEMANTIC_SIMILARITY",
  "CLASSIFICATION",
  "CLUSTERING",
  "QUESTION_ANSWERING",
  "FACT_VERIFICATION",
  "CODE_RETRIEVAL_QUERY"
]

const checkOptions = (request: JsonObject, at: string): Refusal | undefined => {
  const task = request["taskType"]
  if (isPresent(task) && !tasks.includes(stringOf(task))) {
    return invalidArgument(`Invalid value at '${at}task_type' (type.googleapis.com/google.ai.generativelanguage.v1beta.TaskType), ${JSON.stringify(task)}`)
  }
  if (isPresent(request["title"]) && typeof request["title"] !== "string") return invalidArgument(`Invalid value at '${at}title' (TYPE_STRING)`)
  if (isPresent(request["title"]) && task !== "RETRIEVAL_DOCUMENT") return invalidArgument("title can only be specified when task_type is RETRIEVAL_DOCUMENT.")
  const dimensions = request["outputDimensionality"]
  if (!isPresent(dimensions)) return undefined
  return Number.isInteger(dimensions) && Number(dimensions) >= 1 && Number(dimensions) <= mostDimensions
    ? undefined
    : invalidArgument(`* EmbedContentRequest.output_dimensionality: must be from 1 to ${mostDimensions}`)
}

const textOf = (content: JsonObject, at: string): string | Refusal => {
  const texts: Array<string> = []
  for (const [index, value] of arrayOf(content["parts"]).entries()) {
    const part = message(value, ["text", "inlineData", "fileData"], `${at}content.parts[${index}]`)
    if (isRefused(part)) return part
    if (isPresent(part["text"]) && typeof part["text"] !== "string") {
      return invalidArgument(`Invalid value at '${at}content.parts[${index}].text' (TYPE_STRING)`)
    }
    texts.push(stringOf(part["text"]))
  }
  const text = texts.join("")
  return text === "" ? invalidArgument("* EmbedContentRequest.content: contents is not specified") : text
}

const read = (value: unknown, model: string, at: string): ReadonlyArray<number> | Refusal => {
  const request = message(value, ["model", "content", "taskType", "title", "outputDimensionality"], at)
  if (isRefused(request)) return request
  // In a batch every request names the model of the path
  const named = request["model"]
  if (isPresent(named) ? named !== `models/${model}` : at !== "") {
    return invalidArgument(`* BatchEmbedContentsRequest.${at}model: must match the model of the batch, models/${model}`)
  }
  const content = message(request["content"], ["parts", "role"], `${at}content`)
  if (isRefused(content)) return content
  const refusal = checkOptions(request, at)
  if (refusal !== undefined) return refusal
  const text = textOf(content, at)
  return typeof text === "string" ? vectorOf(text, numberOf(request["outputDimensionality"]) ?? mostDimensions) : text
}

const isVector = (value: ReadonlyArray<number> | Refusal): value is ReadonlyArray<number> => Array.isArray(value)

const batch = (body: JsonObject, model: string): string | Refusal => {
  const outer = message(body, ["requests", "model"], "")
  if (isRefused(outer)) return outer
  const requests = arrayOf(outer["requests"])
  if (requests.length === 0) return invalidArgument("* BatchEmbedContentsRequest.requests: contents is not specified")
  if (requests.length > mostRequests) return invalidArgument(`* BatchEmbedContentsRequest.requests: at most ${mostRequests} requests can be in one batch`)
  const embeddings: Array<{ readonly values: ReadonlyArray<number> }> = []
  for (const [index, request] of requests.entries()) {
    const values = read(request, model, `requests[${index}].`)
    if (!isVector(values)) return values
    embeddings.push({ values })
  }
  return JSON.stringify({ embeddings })
}

/** The answer to an embedding request, or why it is refused. */
export const geminiEmbeddings = (body: unknown, model: string, isBatch: boolean): string | Refusal => {
  if (!isObject(body)) return invalidArgument("Invalid JSON payload received. Unexpected token.")
  if (isBatch) return batch(body, model)
  const values = read(body, model, "")
  return isVector(values) ? JSON.stringify({ embedding: { values } }) : values
}
