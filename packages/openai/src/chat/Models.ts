/**
 * The replies of `/v1/models`: what the gateway lists, as OpenAI's SDKs read it.
 */
import type { ListedModel } from "@sluice/protocol/Dialect"
import type { JsonObject } from "@sluice/protocol/Wire"

/** The reply for one model. An unknown date is 0, because SDKs require a number. */
export const one = (model: ListedModel): JsonObject => ({
  id: model.id,
  object: "model",
  created: model.created ?? 0,
  owned_by: model.ownedBy ?? "system"
})

/** The reply of the list. */
export const list = (models: ReadonlyArray<ListedModel>): JsonObject => ({ object: "list", data: models.map(one) })
