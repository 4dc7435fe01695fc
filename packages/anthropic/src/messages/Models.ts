/** The model list in Anthropic's shape. A release date that is not known is the epoch, as Anthropic does. */
import type { ListedModel } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as ModelPages from "@sluice/protocol/ModelPages"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Wire from "./Wire.ts"

/** The reply for one model. */
export const one = (model: ListedModel): JsonObject => ({
  type: "model",
  id: model.id,
  display_name: model.id,
  created_at: new Date((model.created ?? 0) * 1000).toISOString(),
  capabilities: null,
  max_input_tokens: null,
  max_tokens: null
})

/** The reply of the model list: one page. */
export const list = (models: ReadonlyArray<ListedModel>, hasMore = false): JsonObject => ({
  data: models.map(one),
  has_more: hasMore,
  first_id: models[0]?.id ?? null,
  last_id: models.at(-1)?.id ?? null
})

const limitOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return ModelPages.mostOnPage
  const limit = Number(text)
  return Number.isInteger(limit) && limit >= 1 && limit <= ModelPages.mostOnPage ? limit : undefined
}

/**
 * The page that `limit`, `after_id` and `before_id` ask for. Without a limit all models are on it (Anthropic itself gives 20),
 * so that a client that does not turn pages sees them all.
 */
export const page = (models: ReadonlyArray<ListedModel>, query: { readonly [name: string]: string }): Result.Result<ModelPages.ModelPage, Failure> => {
  const { after_id: after, before_id: before } = query
  const limit = limitOf(query["limit"])
  if (limit === undefined) return Result.fail(Wire.invalid("/limit", `Input should be a whole number from 1 to ${ModelPages.mostOnPage}`))
  if (after !== undefined && before !== undefined) return Result.fail(Wire.invalid("/before_id", "Cannot be given together with after_id"))
  const found = ModelPages.cut(models, { after, before, limit })
  return found === undefined ? Result.fail(Wire.invalid(after === undefined ? "/before_id" : "/after_id", "No such model is listed")) : Result.succeed(found)
}
