/**
 * The model list in Anthropic's shape: written for clients and read from providers. A release date that is not known is the epoch, as
 * Anthropic does; a limit that is not known is null. What is written of capabilities is all of them or null, so it is null.
 */
import type { ListedModel, ProviderPage } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { countIn, flagIn, isMoment, type Modality, momentIn, textIn } from "@sluice/protocol/ModelInfo"
import * as ModelPages from "@sluice/protocol/ModelPages"
import type { Limits } from "@sluice/protocol/Thinking"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Wire from "./Wire.ts"

/** What is no date that can be written is told as one that is not known. */
const dateOf = (seconds: number): string => new Date(isMoment(seconds) ? seconds * 1000 : 0).toISOString()

/** Where a model stands in its life, where anybody said. */
const lifeOf = ({ deprecated, deprecatedAt, retiresAt }: ListedModel): JsonObject =>
  deprecated === undefined ? {} : {
    lifecycle: deprecated ? "deprecated" : "active",
    deprecated_at: deprecated && deprecatedAt !== undefined ? dateOf(deprecatedAt) : null,
    retires_at: deprecated && retiresAt !== undefined ? dateOf(retiresAt) : null
  }

/** The reply for one model. Anthropic's limit of the input is that of the context. */
export const one = (model: ListedModel): JsonObject => ({
  type: "model",
  id: model.id,
  display_name: model.displayName ?? model.id,
  created_at: dateOf(model.created ?? 0),
  ...lifeOf(model),
  capabilities: null,
  max_input_tokens: model.maxInputTokens ?? model.contextWindow ?? null,
  max_tokens: model.maxOutputTokens ?? null
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

/** What asks for the largest pages Anthropic gives. */
export const asked = { limit: String(ModelPages.mostOnPage) }

const supports = (capabilities: Json | undefined, ...path: ReadonlyArray<string>): boolean | undefined => {
  let at: Json | undefined = capabilities
  for (const key of path) at = isObject(at) ? at[key] : undefined
  return isObject(at) ? flagIn(at["supported"]) : undefined
}

const effortLevels = ["low", "medium", "high", "xhigh", "max"]

/** What its capabilities say of thinking: budgets where thinking is switched on, levels where it is adaptive. */
const thinkingOf = (capabilities: Json | undefined): Limits | undefined => {
  const thinks = supports(capabilities, "thinking")
  if (thinks === undefined) return undefined
  if (!thinks) return { kind: "none" }
  const [budgets, adaptive] = [supports(capabilities, "thinking", "types", "enabled"), supports(capabilities, "thinking", "types", "adaptive")]
  if (budgets === undefined || adaptive === undefined) return undefined
  const levels = effortLevels.filter((level) => supports(capabilities, "effort", level) === true)
  return present({
    kind: budgets ? adaptive && levels.length > 0 ? "hybrid" as const : "budget" as const : "level" as const,
    levels: adaptive && levels.length > 0 ? levels : undefined,
    dynamic: adaptive,
    canDisable: supports(capabilities, "thinking", "types", "disabled")
  })
}

const inputOf = (capabilities: Json | undefined): ReadonlyArray<Modality> | undefined => {
  const [image, pdf] = [supports(capabilities, "image_input"), supports(capabilities, "pdf_input")]
  return image === undefined || pdf === undefined ? undefined : ["text", ...image ? ["image" as const] : [], ...pdf ? ["document" as const] : []]
}

/** A model of a provider's list; one that is out of service is not offered any more. */
const modelOf = (value: Json): ReadonlyArray<ListedModel> => {
  if (!isObject(value) || value["lifecycle"] === "retired") return []
  const id = textIn(value["id"])
  const { capabilities, lifecycle } = value
  return id === undefined ? [] : [present({
    id,
    displayName: textIn(value["display_name"]),
    created: momentIn(value["created_at"]),
    maxInputTokens: countIn(value["max_input_tokens"]),
    maxOutputTokens: countIn(value["max_tokens"]),
    input: inputOf(capabilities),
    structuredOutput: supports(capabilities, "structured_outputs"),
    thinking: thinkingOf(capabilities),
    deprecated: lifecycle === "deprecated" ? true : lifecycle === "active" ? false : undefined,
    deprecatedAt: momentIn(value["deprecated_at"]),
    retiresAt: momentIn(value["retires_at"])
  })]
}

/** Reads a page of a provider's list. */
export const read = (page: Json): Result.Result<ProviderPage, Failure> => {
  const data = isObject(page) ? page["data"] : undefined
  if (!isObject(page) || !Array.isArray(data)) return Result.fail({ class: "protocol-violation", message: "The provider's list of models is no list." })
  const last = page["has_more"] === true ? textIn(page["last_id"]) : undefined
  return Result.succeed(present({ models: data.flatMap(modelOf), next: last === undefined ? undefined : { after_id: last } }))
}
