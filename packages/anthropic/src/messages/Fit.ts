/**
 * What Anthropic asks of a request as a whole, applied to requests of other dialects before they are written: required fields,
 * ranges, and fields that exclude each other. Each rule is a function from request to request that reports what it changed;
 * a request that came in this dialect is never fitted, its rules are the provider's to judge.
 */
import type { CanonicalRequest, ToolChoice, Turn } from "@sluice/protocol/CanonicalRequest"
import { bare, same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import type { LossReason } from "@sluice/protocol/Loss"
import * as CacheMarks from "./CacheMarks.ts"
import { takesSampling } from "./Capabilities.ts"
import type { Place } from "./Crossing.ts"
import { defaultMaxTokens } from "./Output.ts"
import * as Reasoning from "./Reasoning.ts"
import * as Wire from "./Wire.ts"

type Rule = (request: CanonicalRequest, place: Place) => CanonicalRequest

type FieldName = Exclude<keyof CanonicalRequest & string, "wire" | "at" | "places" | "foreign">

/** The request without a field, reported. */
const without = (request: CanonicalRequest, field: FieldName, place: Place, weight: "hint" | "meaning" = "hint"): CanonicalRequest => {
  if (request[field] === undefined) return request
  Fields.lose(place, request, field, { reason: "dropped", weight, before: bare(request[field]) })
  const { [field]: _, ...rest } = request
  // Only optional fields are taken away: model and turns have rules of their own.
  return rest as CanonicalRequest
}

/** The request with another value in a field, reported. */
const withValue = <K extends FieldName>(request: CanonicalRequest, field: K, value: NonNullable<CanonicalRequest[K]>, place: Place): CanonicalRequest => {
  if (same(request[field], value)) return request
  const reason: LossReason = request[field] === undefined ? "defaulted" : "approximated"
  const before = request[field] === undefined ? {} : { before: bare(request[field]) }
  Fields.lose(place, request, field, { reason, weight: "hint", ...before, after: bare(value) })
  return { ...request, [field]: value }
}

/** Anthropic needs a message: a request of instructions alone asks them as its user. */
const needsTurn: Rule = (request, place) => {
  const { instructions } = request
  if (request.turns.length > 0 || instructions === undefined) return request
  const turns = instructions.map((turn): Turn => ({ ...turn, role: "user" }))
  return without(withValue(request, "turns", turns, place), "instructions", place)
}

/** The length of the answer is required, and must leave room for thinking. */
const needsMaxTokens: Rule = (request, place) =>
  request.maxOutputTokens === undefined
    ? withValue(request, "maxOutputTokens", defaultMaxTokens + (Reasoning.wantedBudget(request.reasoning, Reasoning.limitsOf(place.context)) ?? 0), place)
    : request

const isForced = (choice: ToolChoice | undefined): boolean =>
  choice?.type === "required" || choice?.type === "named" || (choice?.type === "allowed" && choice.mode === "required")

const isAnswered = (turn: Turn): boolean => turn.role === "user" || turn.role === "tool"

/** Whether the last answer asked for tools without opening with thinking that Anthropic can check. */
const callsWithoutThinking = (turns: ReadonlyArray<Turn>): boolean => {
  const end = turns.findLastIndex((turn) => turn.role === "assistant")
  const start = turns.slice(0, Math.max(0, end)).findLastIndex(isAnswered) + 1
  const parts = turns.slice(start, end + 1).flatMap((turn) => turn.role === "assistant" ? turn.parts : [])
  const kept = parts.filter((part) => part.type !== "reasoning" || part.signature?.by === Wire.id || part.encrypted?.by === Wire.id)
  return parts.some((part) => part.type === "tool-call") && kept[0]?.type !== "reasoning"
}

/** Thinking excludes a forced tool, and with a budget also an answer under way that did not begin with thinking. */
const thinkingFits: Rule = (request, place) => {
  if (!Reasoning.isOn(request.reasoning)) return request
  const hasBudget = Reasoning.wantedBudget(request.reasoning, Reasoning.limitsOf(place.context)) !== undefined
  return isForced(request.toolChoice) || (hasBudget && callsWithoutThinking(request.turns)) ? without(request, "reasoning", place) : request
}

/** The least top_p beside thinking (docs: extended thinking). */
const leastTopP = 0.95

/** Temperature ends at 1. Thinking excludes sampling but near 1, newer models take one of temperature and top_p, the newest neither. */
const samplingFits: Rule = (request, place) => {
  const clamped = request.temperature === undefined
    ? request
    : withValue(request, "temperature", Math.min(1, Math.max(0, request.temperature)), place)
  const takes = takesSampling(request.model)
  if (takes === "nothing" || Reasoning.isOn(request.reasoning)) {
    const cooled = clamped.temperature === 1 && takes !== "nothing" ? clamped : without(clamped, "temperature", place)
    const isOnly = takes === "all" || cooled.temperature === undefined
    const isNear = takes !== "nothing" && isOnly && cooled.topP !== undefined && cooled.topP >= leastTopP
    return without(isNear ? cooled : without(cooled, "topP", place), "topK", place)
  }
  return takes === "one" && clamped.temperature !== undefined ? without(clamped, "topP", place) : clamped
}

/** Thinking and what excludes it, for requests of this dialect that others made think. */
export const fitThinking: Rule = (request, place) => Reasoning.isOn(request.reasoning) ? samplingFits(thinkingFits(request, place), place) : request

/** Stop sequences must have a visible character. */
const stopFits: Rule = (request, place) => {
  const stops = request.stop?.filter((stop) => stop.trim() !== "")
  if (stops === undefined) return request
  return stops.length === 0 ? without(request, "stop", place) : withValue(request, "stop", stops, place)
}

/** Anthropic cannot restrict the choice to some tools: only those are offered (Tools.ts), and the choice is among all that are. */
const allowedFits: Rule = (request, place) => {
  const choice = request.toolChoice
  if (choice?.type !== "allowed") return request
  const [only] = choice.names
  const isOne = choice.mode === "required" && choice.names.length === 1 && only !== undefined
  return withValue(request, "toolChoice", isOne ? { type: "named", kind: "function", name: only } : { type: choice.mode }, place)
}

/** A choice needs tools to choose from. */
const choiceFits: Rule = (request, place) => {
  const { allowed } = place.context
  if ((request.tools ?? []).some((tool) => (tool.type !== "provider" || tool.dialect === Wire.id) && allowed?.has(tool.name) !== false)) return request
  const chosen = without(request, "toolChoice", place, isForced(request.toolChoice) || request.toolChoice?.type === "provider" ? "meaning" : "hint")
  return without(chosen, "parallelToolCalls", place)
}

const rules: ReadonlyArray<Rule> = [needsTurn, allowedFits, choiceFits, thinkingFits, needsMaxTokens, samplingFits, stopFits, CacheMarks.fit]

/** The request as Anthropic takes it. `place` is the request. */
export const fit = (request: CanonicalRequest, place: Place): CanonicalRequest => rules.reduce((fitted, rule) => rule(fitted, place), request)
