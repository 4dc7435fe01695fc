/**
 * Thinking without proof in a request of this dialect. Answers of other providers reach a client of Messages with thinking that has
 * no signature, because none of theirs would mean anything to it; when the conversation goes on at a provider of Messages, such
 * thinking is refused ("Invalid `signature` in `thinking` block"). It is taken out, and reported. Models of other makers do not sign.
 */
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import * as Loss from "@sluice/protocol/Loss"
import * as ToolNames from "@sluice/protocol/ToolNames"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { signsThinking } from "./Capabilities.ts"
import { type Crossing, drop, inside, type Place } from "./Crossing.ts"
import { fitThinking } from "./Fit.ts"

const isBare = (block: Json): boolean => isObject(block) && block["type"] === "thinking" && (block["signature"] === "" || block["signature"] === undefined)

/** Whether a body holds thinking that the model would refuse. Looks at nothing but the types of blocks. */
export const isUnproven = ({ messages }: JsonObject, model: string): boolean =>
  signsThinking(model) && Array.isArray(messages) &&
  messages.some((message: Json) => isObject(message) && Array.isArray(message["content"]) && message["content"].some(isBare))

const isProven = (part: Part): boolean => part.type !== "reasoning" || part.signature !== undefined || part.encrypted !== undefined

const provenTurn = (turn: Turn, place: Place): ReadonlyArray<Turn> => {
  if (turn.parts.every(isProven)) return [turn]
  const parts = turn.parts.filter((part, index) => {
    if (!isProven(part)) drop(inside(place, part, "parts", index), part, "hint")
    return isProven(part)
  })
  return parts.length === 0 ? [] : [{ ...turn, parts }]
}

/**
 * The request without such thinking, and without what excludes the thinking it asks for: a client of this protocol may have been made
 * to think by others. With a budget, an answer under way has to begin with thinking; where it cannot, the rest is answered without.
 */
export const proven = (request: CanonicalRequest): { readonly request: CanonicalRequest; readonly losses: ReadonlyArray<Loss.Loss> } => {
  const sink = Loss.sink()
  const context: Crossing = {
    isAnswer: false,
    model: request.model,
    thinking: undefined,
    renamed: new Map(),
    calls: new Map(),
    flat: ToolNames.flat,
    allowed: undefined
  }
  const place: Place = { canonical: "", at: request.at ?? "", sink, context }
  const turns = request.turns.flatMap((turn, index) => provenTurn(turn, inside(place, turn, "turns", index)))
  return { request: fitThinking({ ...request, turns }, place), losses: sink.losses }
}
