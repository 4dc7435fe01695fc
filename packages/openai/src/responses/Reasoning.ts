/**
 * Reasoning: how much the model should think and what the caller wants to see of it (`reasoning`), and the items in which a
 * model's thinking stands in a conversation.
 */
import type { Part, ReasoningPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, ReasoningIntent } from "@sluice/protocol/CanonicalRequest"
import { same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import * as Thinking from "@sluice/protocol/Thinking"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import type { Crossing } from "./Crossing.ts"
import * as Wire from "./Wire.ts"

type Options = typeof Wire.ReasoningOptions.Type

const decodeIntent = (wire: Options): ReasoningIntent | undefined => {
  const { effort } = wire
  const summary = wire.summary ?? wire.generate_summary ?? undefined
  if (typeof effort !== "string" && summary === undefined) return undefined
  return present({
    effort: typeof effort !== "string" ? undefined : effort === "none" ? { mode: "none" as const } : { mode: "level" as const, level: effort },
    visibility: summary === undefined ? undefined : "summary" as const,
    // Whoever asks for a summary and says no more leaves its kind to the provider
    summary: summary === "auto" ? undefined : summary
  })
}

const isOptions = Schema.is(Wire.ReasoningOptions)

/** The effort that a checked body asks for. */
export const effortIn = ({ reasoning }: JsonObject): ReasoningIntent["effort"] => isOptions(reasoning) ? decodeIntent(reasoning)?.effort : undefined

const levelFor = (effort: ReasoningIntent["effort"]): string | undefined => {
  switch (effort?.mode) {
    case "level":
      return effort.level
    case "budget":
      return Thinking.levelOf(effort.tokens)
    case "none":
      return "none"
    default:
      return undefined
  }
}

const summaryFor = (intent: ReasoningIntent): string | undefined => {
  if (intent.visibility === "full") return "detailed"
  return intent.visibility === "summary" ? intent.summary ?? "auto" : undefined
}

/** The intent's row in the request's field table. */
export const intentField: Fields.Field<CanonicalRequest, Wire.Request, Crossing> = {
  of: ["reasoning"],
  keys: ["reasoning"],
  get: (wire) => wire.reasoning === undefined || wire.reasoning === null ? {} : present({ reasoning: decodeIntent(wire.reasoning) }),
  put: (request, wire, place) => {
    const intent = request.reasoning
    const key = wire.reasoning?.generate_summary !== undefined && wire.reasoning.summary === undefined ? "generate_summary" : "summary"
    const told = { effort: intent === undefined ? undefined : levelFor(intent.effort), [key]: intent === undefined ? undefined : summaryFor(intent) }
    const written = Fields.patched(Wire.asObject(wire.reasoning), told)
    const after = decodeIntent(written)
    if (intent !== undefined && !same(intent, after)) {
      Fields.lose(place, request, "reasoning", present({ reason: after === undefined ? "dropped" : "approximated", weight: "hint", before: intent, after }))
    }
    return { reasoning: Object.keys(written).length === 0 ? undefined : written }
  }
}

const sealed = "reasoning.encrypted_content"

/** Thinking is handed out sealed only where it is asked for. Models that do not think refuse to be asked, so only requests for thinking ask. */
export const askProofs = (request: CanonicalRequest): CanonicalRequest => {
  const { include = [], reasoning } = request
  if (reasoning?.effort === undefined || reasoning.effort.mode === "none" || include.includes(sealed)) return request
  return { ...request, include: [...include, sealed] }
}

type Item = typeof Wire.ReasoningItem.Type

/** The thinking of an item: its summaries, then the thinking itself. The sealed copy stands with the last of them. */
export const decodeItem = (item: Item, at: string): ReadonlyArray<ReasoningPart> => {
  const parts: ReadonlyArray<ReasoningPart> = [
    ...(item.summary ?? []).map(({ text }, index): ReasoningPart => ({ type: "reasoning", form: "summary", text, at: Pointer.child(at, "summary", index) })),
    ...(item.content ?? []).map(({ text }, index): ReasoningPart => ({
      type: "reasoning",
      form: "raw",
      text: text ?? "",
      at: Pointer.child(at, "content", index)
    }))
  ]
  const sealed = item.encrypted_content
  if (typeof sealed !== "string") return parts
  const last = parts.at(-1) ?? { type: "reasoning", form: "raw", text: "", at }
  return [...parts.slice(0, -1), { ...last, encrypted: { by: Wire.id, value: sealed } }]
}

/** The wire keys of thinking. A sealed copy without words needs none. */
export const encodeItem = (parts: ReadonlyArray<Part>): JsonObject => {
  const thoughts = parts.flatMap((part) => part.type === "reasoning" ? [part] : [])
  const summaries = thoughts.filter(({ form }) => form === "summary")
  const raw = thoughts.filter(({ form, text }) => form === "raw" && text !== "")
  const sealed = thoughts.findLast(({ encrypted }) => encrypted?.by === Wire.id)?.encrypted
  return {
    summary: summaries.map(({ text }) => ({ type: "summary_text", text })),
    ...(raw.length === 0 ? {} : { content: raw.map(({ text }) => ({ type: "reasoning_text", text })) }),
    ...(sealed === undefined ? {} : { encrypted_content: sealed.value })
  }
}
