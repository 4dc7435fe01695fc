/** The model list in Anthropic's shape. A release date that is not known is the epoch, as Anthropic does. */
import type { ListedModel } from "@sluice/protocol/Dialect"
import type { JsonObject } from "@sluice/protocol/Wire"

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

/** The reply of the model list: one page with everything. */
export const list = (models: ReadonlyArray<ListedModel>): JsonObject => ({
  data: models.map(one),
  has_more: false,
  first_id: models[0]?.id ?? null,
  last_id: models.at(-1)?.id ?? null
})
