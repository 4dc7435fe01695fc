/** The model list in Gemini's shape. Names are resource names; versions and limits are not known. */
import type { ListedModel, Operation } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as ModelPages from "@sluice/protocol/ModelPages"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Wire from "./Wire.ts"

const methods: { readonly [K in Operation]: ReadonlyArray<string> } = {
  generate: ["generateContent", "streamGenerateContent"],
  count: ["countTokens"],
  embed: ["embedContent", "batchEmbedContents"],
  models: []
}

/** The reply for one model. */
export const one = (model: ListedModel): JsonObject => ({
  name: `models/${model.id}`,
  baseModelId: model.id,
  version: "",
  displayName: model.id,
  supportedGenerationMethods: (model.operations ?? ["generate"]).flatMap((operation) => methods[operation])
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
