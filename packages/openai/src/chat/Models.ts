/**
 * The replies of `/v1/models`: what the gateway lists, as OpenAI's SDKs read it, and what a provider of this protocol lists. OpenAI
 * itself says hardly more than names; what others say beside them is read where several of them say it alike.
 */
import type { ListedModel, ProviderPage } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { countIn, flagIn, modalitiesIn, momentIn, textIn } from "@sluice/protocol/ModelInfo"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"

/** The reply for one model. An unknown date is 0, because SDKs require a number. */
export const one = (model: ListedModel): JsonObject => ({
  id: model.id,
  object: "model",
  created: model.created ?? 0,
  owned_by: model.ownedBy ?? "system"
})

/** The reply of the list. */
export const list = (models: ReadonlyArray<ListedModel>): JsonObject => ({ object: "list", data: models.map(one) })

const partOf = (value: Json | undefined): JsonObject => isObject(value) ? value : {}

/** What a list of supported parameters says; without one nothing is said. */
const isSupported = (model: JsonObject, parameter: string): boolean | undefined => {
  const { supported_parameters: parameters } = model
  return Array.isArray(parameters) ? parameters.includes(parameter) : undefined
}

const modelOf = (value: Json): ReadonlyArray<ListedModel> => {
  if (!isObject(value)) return []
  const id = textIn(value["id"])
  const [architecture, capabilities, top] = [partOf(value["architecture"]), partOf(value["capabilities"]), partOf(value["top_provider"])]
  return id === undefined ? [] : [present({
    id,
    displayName: textIn(value["display_name"]) ?? textIn(value["name"]),
    description: textIn(value["description"]),
    ownedBy: textIn(value["owned_by"]),
    created: momentIn(value["created"]),
    contextWindow: countIn(value["context_length"]) ?? countIn(value["context_window"]) ?? countIn(value["max_context_length"]) ??
      countIn(value["max_model_len"]),
    maxOutputTokens: countIn(value["max_completion_tokens"]) ?? countIn(top["max_completion_tokens"]),
    input: modalitiesIn(architecture["input_modalities"]),
    output: modalitiesIn(architecture["output_modalities"]),
    tools: flagIn(capabilities["function_calling"]) ?? isSupported(value, "tools"),
    structuredOutput: isSupported(value, "structured_outputs"),
    retiresAt: momentIn(value["deprecation"]) ?? momentIn(value["expiration_date"])
  })]
}

/** Reads a provider's list, which comes whole; some send it without the object around it. */
export const read = (page: Json): Result.Result<ProviderPage, Failure> => {
  const data = isObject(page) ? page["data"] : page
  return Array.isArray(data)
    ? Result.succeed({ models: data.flatMap(modelOf) })
    : Result.fail({ class: "protocol-violation", message: "The provider's list of models is no list." })
}
