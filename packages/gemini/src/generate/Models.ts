/**
 * The model list in Gemini's shape: written for clients and read from providers. Names are resource names; a version that is not
 * known is empty, because the field is required, and a limit that is not known is left out.
 */
import type { ListedModel, Operation, ProviderPage } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { countIn, flagIn, textIn } from "@sluice/protocol/ModelInfo"
import * as ModelPages from "@sluice/protocol/ModelPages"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Wire from "./Wire.ts"

const methods: { readonly [K in Operation]: ReadonlyArray<string> } = {
  generate: ["generateContent", "streamGenerateContent"],
  count: ["countTokens"],
  embed: ["embedContent", "batchEmbedContents"],
  models: [],
  raw: []
}

/** The reply for one model. */
export const one = (model: ListedModel): JsonObject => ({
  name: `models/${model.id}`,
  baseModelId: model.id,
  version: model.version ?? "",
  displayName: model.displayName ?? model.id,
  ...(model.description === undefined ? {} : { description: model.description }),
  ...(model.maxInputTokens === undefined ? {} : { inputTokenLimit: model.maxInputTokens }),
  ...(model.maxOutputTokens === undefined ? {} : { outputTokenLimit: model.maxOutputTokens }),
  supportedGenerationMethods: (model.operations ?? ["generate"]).flatMap((operation) => methods[operation]),
  ...(model.thinking === undefined ? {} : { thinking: model.thinking.kind !== "none" })
})

/** A token is the id of the last model it follows, encoded so that nobody is tempted to make one. */
const tokenOf = (model: ListedModel | undefined): string => Base64Url.encode(model?.id ?? "")

/** The reply of the model list: one page. */
export const list = (models: ReadonlyArray<ListedModel>, hasMore = false): JsonObject => ({
  models: models.map(one),
  ...(hasMore ? { nextPageToken: tokenOf(models.at(-1)) } : {})
})

/** A size of nothing or zero leaves the choice to the service, which gives all; more than the most is the most. */
const sizeOf = (text: string | undefined): number | undefined => {
  const size = Number(text ?? 0)
  if (!Number.isInteger(size) || size < 0) return undefined
  return size === 0 ? ModelPages.mostOnPage : Math.min(size, ModelPages.mostOnPage)
}

/** The page that `pageSize` and `pageToken` ask for. */
export const page = (models: ReadonlyArray<ListedModel>, query: { readonly [name: string]: string }): Result.Result<ModelPages.ModelPage, Failure> => {
  const limit = sizeOf(query["pageSize"] ?? query["page_size"])
  if (limit === undefined) return Result.fail(Wire.invalid("/pageSize", "must be a whole number and not negative"))
  const token = query["pageToken"] ?? query["page_token"] ?? ""
  const after = token === "" ? Result.succeed(undefined) : Base64Url.decodeString(token)
  const found = Result.isSuccess(after) ? ModelPages.cut(models, { after: after.success, limit }) : undefined
  return found === undefined ? Result.fail(Wire.invalid("/pageToken", "is not one that a list here gave")) : Result.succeed(found)
}

/** What asks for the largest pages the service gives. */
export const asked = { pageSize: String(ModelPages.mostOnPage) }

const operationsOf = (value: Json | undefined): ReadonlyArray<Operation> | undefined =>
  Array.isArray(value)
    ? (["generate", "count", "embed"] as const).filter((operation) => methods[operation].some((method) => value.includes(method)))
    : undefined

const prefix = "models/"

const modelOf = (value: Json): ReadonlyArray<ListedModel> => {
  if (!isObject(value)) return []
  const name = textIn(value["name"])
  if (name === undefined) return []
  return [present({
    id: name.startsWith(prefix) ? name.slice(prefix.length) : name,
    displayName: textIn(value["displayName"]),
    description: textIn(value["description"]),
    version: textIn(value["version"]),
    maxInputTokens: countIn(value["inputTokenLimit"]),
    maxOutputTokens: countIn(value["outputTokenLimit"]),
    // That it thinks does not say what it can be told about it
    thinking: flagIn(value["thinking"]) === false ? { kind: "none" as const } : undefined,
    operations: operationsOf(value["supportedGenerationMethods"])
  })]
}

/** Reads a page of a provider's list; one without models has no list in it. */
export const read = (page: Json): Result.Result<ProviderPage, Failure> => {
  const models = isObject(page) ? page["models"] ?? [] : undefined
  if (!isObject(page) || !Array.isArray(models)) return Result.fail({ class: "protocol-violation", message: "The provider's list of models is no list." })
  const token = textIn(page["nextPageToken"])
  return Result.succeed(present({ models: models.flatMap(modelOf), next: token === undefined ? undefined : { pageToken: token } }))
}
