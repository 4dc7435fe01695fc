/**
 * `countTokens`: contents alone, or a whole generateContent request under `generateContentRequest`, which names its model
 * itself (specification of CountTokensRequest). Vertex AI says the same flat. A request keeps the form it came in.
 */
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { type CountTokens, encodePrompt, type TokenCount } from "@sluice/protocol/TokenCount"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Keys from "./Keys.ts"
import * as Request from "./Request.ts"
import { id } from "./Wire.ts"

const keys: ReadonlySet<string> = new Set(["cachedContent", "contents", "generationConfig", "safetySettings", "systemInstruction", "toolConfig", "tools"])

const answerKeys: ReadonlySet<string> = new Set(["cacheTokensDetails", "cachedContentTokenCount", "promptTokensDetails", "totalBillableCharacters"])

const whole = "generateContentRequest"

/** Whether a body is contents alone, as `countTokens` takes them. */
const isFlat = (body: JsonObject): boolean => Object.keys(body).every((key) => key === "contents" || key === "model")

/** The request inside a body, where it has one. */
const inside = (body: Json | undefined): JsonObject | undefined => isObject(body) ? Keys.objectAt(body, whole) : undefined

/** A place inside of the whole request is told as the client wrote it. */
const outer = (body: Json, failure: Failure): Failure =>
  failure.param === undefined || !isObject(body) ? failure : { ...failure, param: `/${Keys.nameIn(body, whole)}${failure.param}` }

const decode: CountTokens["request"]["decode"] = (input) => {
  const request = inside(input.body)
  if (request === undefined) return Request.decode(input)
  return Request.decode({ ...input, body: request }).pipe(
    Result.map((decoded) => ({ ...decoded, wire: { dialect: id, value: input.body } })),
    Result.mapError((failure) => outer(input.body, failure))
  )
}

const check: CountTokens["request"]["check"] = (input) => {
  const request = inside(input.body)
  if (request === undefined) return Request.refusal(input)
  const failure = Request.refusal({ ...input, body: request })
  return failure === undefined ? undefined : outer(input.body, failure)
}

const encode: CountTokens["request"]["encode"] = (request) => {
  const own = valueIn(id, request)
  const inner = inside(own)
  if (isObject(own) && inner !== undefined) {
    const encoded = Request.encode({ ...request, wire: { dialect: id, value: inner } })
    return { ...encoded, body: Fields.patched(own, { [Keys.nameIn(own, whole)]: encoded.body }) }
  }
  const encoded = encodePrompt(id, Request.encode, request, keys)
  // Contents alone go as they are, and so does what is flat already; instructions and tools need the whole request around them
  if (isFlat(encoded.body) || (isObject(own) && !isFlat(own))) return encoded
  return { ...encoded, body: { [whole]: { ...encoded.body, model: `models/${request.model}` } } }
}

/** Protobuf's JSON leaves a zero out, so that an answer may be empty; what has other keys only is none. */
const decodeAnswer = (body: Json): Result.Result<TokenCount, Failure> => {
  const isCount = isObject(body) && (body["totalTokens"] !== undefined || Object.keys(body).every((key) => answerKeys.has(key)))
  const total = isCount ? body["totalTokens"] ?? 0 : undefined
  const cached = isObject(body) ? body["cachedContentTokenCount"] : undefined
  return typeof total === "number"
    ? Result.succeed({ input: total, ...present({ cacheRead: typeof cached === "number" ? cached : undefined }), wire: { dialect: id, value: body } })
    : Result.fail({ class: "protocol-violation", message: "The provider's answer states no totalTokens." })
}

const encodeAnswer = (count: TokenCount): Result.Result<JsonObject, never> => {
  const own = valueIn(id, count)
  if (isObject(own) && (own["totalTokens"] ?? 0) === count.input) return Result.succeed(own)
  return Result.succeed(Fields.patched(isObject(own) ? own : {}, { totalTokens: count.input, cachedContentTokenCount: count.cacheRead }))
}

/** Gemini's count. */
export const count: CountTokens = { id, request: { decode, check, encode }, response: { decode: decodeAnswer, encode: encodeAnswer } }
