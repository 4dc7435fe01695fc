/**
 * Reasoning: how much the model should think (`reasoning_effort` and the fields of compatible providers), and the thinking
 * that stands beside the content of an assistant message (`reasoning_content`, `reasoning`, `reasoning_details`).
 */
import type { ReasoningPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, ReasoningIntent } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import * as Thinking from "@sluice/protocol/Thinking"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import type { Crossing } from "./Crossing.ts"
import { Efforts, id, type Message, type ReasoningDetail, type Request } from "./Wire.ts"

type Effort = Thinking.Effort

const fromLevel = (level: string): Effort => level === "none" ? { mode: "none" } : level === "auto" ? { mode: "auto" } : { mode: "level", level }

const switched = (on: boolean, tokens: number | null | undefined): Effort =>
  !on ? { mode: "none" } : tokens === undefined || tokens === null ? { mode: "auto" } : { mode: "budget", tokens }

const getIntent = (wire: typeof Efforts.Type): ReasoningIntent | undefined => {
  if (typeof wire.reasoning_effort === "string") return { effort: fromLevel(wire.reasoning_effort) }
  if (isObject(wire.reasoning)) {
    const { effort, max_tokens: tokens, enabled, exclude } = wire.reasoning
    return present({
      effort: typeof effort === "string"
        ? fromLevel(effort)
        : typeof tokens === "number"
        ? switched(true, tokens)
        : typeof enabled === "boolean"
        ? switched(enabled, undefined)
        : undefined,
      visibility: exclude === true ? "hidden" as const : undefined
    })
  }
  if (isObject(wire.thinking) && typeof wire.thinking.type === "string") {
    return { effort: switched(wire.thinking.type !== "disabled", wire.thinking.budget_tokens) }
  }
  if (typeof wire.enable_thinking === "boolean") return { effort: switched(wire.enable_thinking, wire.thinking_budget) }
  return undefined
}

const isTold = Schema.is(Efforts)

/** The effort that a checked body asks for. */
export const effortIn = (body: JsonObject): Effort | undefined => isTold(body) ? getIntent(body)?.effort : undefined

const levelFor = (effort: Effort): string | undefined => {
  switch (effort.mode) {
    case "level":
      return effort.level
    case "budget":
      return Thinking.levelOf(effort.tokens)
    case "none":
      return "none"
    case "auto":
      return undefined
  }
}

const tokensOf = (effort: Effort | undefined): number | undefined => effort?.mode === "budget" ? effort.tokens : undefined

const patchOwn = (intent: ReasoningIntent | undefined, wire: Partial<Request>): Fields.Patch | undefined => {
  const effort = intent?.effort
  if (isObject(wire.reasoning)) {
    return {
      reasoning: intent === undefined ? undefined : {
        ...Fields.patched(wire.reasoning, {
          effort: effort === undefined || effort.mode === "budget" || effort.mode === "auto" ? undefined : levelFor(effort),
          max_tokens: tokensOf(effort),
          enabled: effort?.mode === "auto" ? true : undefined,
          exclude: intent.visibility === "hidden" ? true : undefined
        })
      }
    }
  }
  if (isObject(wire.thinking)) {
    return {
      thinking: effort === undefined
        ? undefined
        : Fields.patched(wire.thinking, { type: effort.mode === "none" ? "disabled" : "enabled", budget_tokens: tokensOf(effort) })
    }
  }
  if (typeof wire.enable_thinking === "boolean") {
    return effort === undefined
      ? { enable_thinking: undefined, thinking_budget: undefined }
      : { enable_thinking: effort.mode !== "none", thinking_budget: tokensOf(effort) }
  }
  return undefined
}

/** The intent's row in the request's field table. An edit is written in the words the request used. */
export const intentField: Fields.Field<CanonicalRequest, Request, Crossing> = {
  of: ["reasoning"],
  keys: ["reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget"],
  get: (wire) => present({ reasoning: getIntent(wire) }),
  put: (request, wire, place) => {
    const intent = request.reasoning
    const own = typeof wire.reasoning_effort === "string" ? undefined : patchOwn(intent, wire)
    if (own !== undefined) return own
    if (intent === undefined) return { reasoning_effort: undefined }
    const { effort } = intent
    const level = effort === undefined ? undefined : levelFor(effort)
    const after = level === undefined ? undefined : { effort: fromLevel(level) }
    if (after === undefined) Fields.lose(place, request, "reasoning", { reason: "dropped", weight: "hint", before: intent })
    else if (effort?.mode === "budget" || intent.visibility !== undefined || intent.summary !== undefined) {
      Fields.lose(place, request, "reasoning", { reason: "approximated", weight: "hint", before: intent, after })
    }
    return { reasoning_effort: level }
  }
}

const nonEmpty = (text: string | null | undefined): string | undefined => text === null || text === "" ? undefined : text

/** The form of a detail: a summary says so by its type. */
export const formOf = (detail: ReasoningDetail): ReasoningPart["form"] => detail.type === "reasoning.summary" ? "summary" : "raw"

const decodeDetail = (detail: ReasoningDetail, at: string): ReasoningPart => {
  const signature = nonEmpty(detail.signature)
  const data = nonEmpty(detail.data)
  return present({
    type: "reasoning" as const,
    form: formOf(detail),
    text: detail.text ?? detail.summary ?? "",
    signature: signature === undefined ? undefined : { by: id, value: signature },
    encrypted: data === undefined ? undefined : { by: id, value: data },
    wire: { dialect: id, value: detail },
    at
  })
}

/** The thinking beside the content: details where given (they repeat the plain text), else the plain text. */
export const decodeThinking = (message: Pick<Message, "reasoning" | "reasoning_content" | "reasoning_details">, at: string): ReadonlyArray<ReasoningPart> => {
  const details = message.reasoning_details ?? []
  if (details.length > 0) return details.map((detail, index) => decodeDetail(detail, Pointer.child(at, "reasoning_details", index)))
  const content = nonEmpty(message.reasoning_content)
  const text = content ?? nonEmpty(message.reasoning)
  return text === undefined ? [] : [{ type: "reasoning", form: "raw", text, at: Pointer.child(at, content === undefined ? "reasoning" : "reasoning_content") }]
}

const encodeDetail = (part: ReasoningPart): JsonObject => {
  const value = valueIn(id, part)
  const origin: JsonObject = isObject(value) ? value : {}
  const text = part.text === "" ? undefined : part.text
  const isSummary = part.form === "summary"
  return Fields.patched(origin, {
    type: part.encrypted !== undefined ? "reasoning.encrypted" : isSummary ? "reasoning.summary" : "reasoning.text",
    ...(isSummary || Object.hasOwn(origin, "summary") ? { summary: text } : { text }),
    ...(part.signature === undefined && origin["signature"] === null ? {} : { signature: part.signature?.value }),
    ...(part.encrypted === undefined && origin["data"] === null ? {} : { data: part.encrypted?.value })
  })
}

/** Thinking as the keys of a message of this dialect, over the keys it had. */
export const encodeThinking = (parts: ReadonlyArray<ReasoningPart>, origin: Partial<Message>): Fields.Patch => {
  const joined: Json | undefined = parts.length === 0 ? undefined : parts.map((part) => part.text).join("")
  const details = parts.length === 0 ? undefined : parts.map(encodeDetail)
  const hasDetails = origin.reasoning_details !== undefined || parts.some((part) => part.signature !== undefined || part.encrypted !== undefined)
  const key = Object.hasOwn(origin, "reasoning") ? "reasoning" : "reasoning_content"
  return {
    ...(hasDetails ? { reasoning_details: details } : {}),
    ...(!hasDetails || Object.hasOwn(origin, key) ? { [key]: joined } : {})
  }
}
