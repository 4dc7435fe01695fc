/** The model list in Gemini's shape. Names are resource names; versions and limits are not known. */
import type { ListedModel } from "@sluice/protocol/Dialect"
import type { JsonObject } from "@sluice/protocol/Wire"

/** The reply for one model. */
export const one = (model: ListedModel): JsonObject => ({
  name: `models/${model.id}`,
  baseModelId: model.id,
  version: "",
  displayName: model.id,
  supportedGenerationMethods: ["generateContent", "streamGenerateContent"]
})

/** The reply of the model list: one page with everything. */
export const list = (models: ReadonlyArray<ListedModel>): JsonObject => ({ models: models.map(one) })
