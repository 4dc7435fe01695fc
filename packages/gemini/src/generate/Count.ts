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

const whole = "generateContentRequest"

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
  const request_ = inside(own)
  if (isObject(own) && request_ !== undefined) {
    const encoded = Request.encode({ ...request, wire: { dialect: id, value: request_ } })
    return { ...encoded, body: Fields.patched(own, { [Keys.nameIn(own, whole)]: encoded.body }) }
  }
  if (own !== undefined) return Request.encode(request)
  const encoded = encodePrompt(Request.encode, request, keys)
  const isContents = Object.keys(encoded.body).every((key) => key === "contents")
  return isContents ? encoded : { ...encoded, body: { [whole]: { model: `models/${request.model}`, ...encoded.body } } }
}

/** Protobuf's JSON leaves a zero out. */
const decodeAnswer = (body: Json): Result.Result<TokenCount, Failure> => {
  const total = isObject(body) ? body["totalTokens"] ?? 0 : undefined
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
