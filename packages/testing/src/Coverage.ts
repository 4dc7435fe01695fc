/**
 * Counts what a run of the laws has exercised: every constructor of the canonical model and every loss. A law that never met
 * a constructor has proved nothing about it, so a run fails when one was met too rarely.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { reasons } from "@sluice/protocol/CanonicalFinish"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Tool, Turn } from "@sluice/protocol/CanonicalRequest"
import { classes, type Usage } from "@sluice/protocol/CanonicalUsage"
import * as Grammar from "@sluice/protocol/Grammar"
import type { Loss } from "@sluice/protocol/Loss"
import { nodeKeys } from "@sluice/protocol/Wire"
import { lossPattern } from "./laws/LossPattern.ts"

/** How often each thing was met. */
export interface Coverage {
  readonly counts: ReadonlyMap<string, number>
  readonly request: (request: CanonicalRequest) => void
  readonly events: (events: ReadonlyArray<CanonicalEvent>) => void
  readonly losses: (pair: string, losses: ReadonlyArray<Loss>) => void
}

const requestFields = [
  "audioOutput",
  "background",
  "cache",
  "cacheKey",
  "cacheRetention",
  "cachedContent",
  "candidates",
  "container",
  "conversation",
  "frequencyPenalty",
  "headers",
  "include",
  "instructions",
  "logitBias",
  "logprobs",
  "maxOutputTokens",
  "mcpServers",
  "metadata",
  "modalities",
  "model",
  "parallelToolCalls",
  "prediction",
  "presencePenalty",
  "previousResponse",
  "reasoning",
  "responseFormat",
  "safetyIdentifier",
  "safetySettings",
  "seed",
  "serviceTier",
  "stop",
  "store",
  "stream",
  "streamOptions",
  "temperature",
  "toolChoice",
  "tools",
  "topK",
  "topP",
  "truncation",
  "turns",
  "user",
  "verbosity",
  "webSearch"
]

/** Every constructor there is, as `kind:name`. */
export const constructors: ReadonlyArray<string> = [
  ...requestFields.map((name) => `request:${name}`),
  ...["user", "assistant", "tool", "system", "developer", "foreign"].map((name) => `role:${name}`),
  ...["text", "image", "document", "audio", "video", "tool-call", "tool-result", "json", "reasoning", "refusal", "foreign"].map((name) => `part:${name}`),
  ...["base64", "url", "file", "text", "parts"].map((name) => `source:${name}`),
  ...["signature", "encrypted", "cache"].map((name) => `part with:${name}`),
  ...["function", "custom"].map((name) => `call:${name}`),
  ...["function", "custom", "provider", "namespace"].map((name) => `tool:${name}`),
  ...["auto", "none", "required", "named", "allowed", "provider"].map((name) => `tool choice:${name}`),
  ...["budget", "level", "auto", "none"].map((name) => `effort:${name}`),
  ...["text", "json", "json-schema"].map((name) => `format:${name}`),
  ...Object.keys(Grammar.rules).map((name) => `event:${name}`),
  ...["text", "reasoning", "tool-call", "refusal", "media", "server-tool", "foreign"].map((name) => `block:${name}`),
  ...reasons.map((name) => `finish:${name}`),
  ...["citation", "logprobs", "grounding", "safety", "other"].map((name) => `annotation:${name}`),
  ...classes.map((name) => `usage:${name}`)
]

/** A new count. */
export const make = (): Coverage => {
  const counts = new Map<string, number>()
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

  const countPart = (part: Part): void => {
    count(`part:${part.type}`)
    for (const key of ["signature", "encrypted", "cache"] as const) if (part[key] !== undefined) count(`part with:${key}`)
    if (part.type === "tool-call") count(`call:${part.kind}`)
    if (part.type === "tool-result") part.parts.forEach(countPart)
    if (part.type === "image" || part.type === "document" || part.type === "audio" || part.type === "video") {
      count(`source:${part.source.type}`)
      if (part.source.type === "parts") part.source.parts.forEach(countPart)
    }
  }

  const countTurn = (turn: Turn): void => {
    count(`role:${turn.role}`)
    turn.parts.forEach(countPart)
  }

  const countTool = (tool: Tool): void => {
    count(`tool:${tool.type}`)
    if (tool.type === "namespace") tool.tools.forEach(countTool)
  }

  const request = (request: CanonicalRequest): void => {
    for (const [key, value] of Object.entries(request)) if (value !== undefined && !nodeKeys.has(key)) count(`request:${key}`)
    for (const each of [...request.instructions ?? [], ...request.turns]) countTurn(each)
    for (const each of request.tools ?? []) countTool(each)
    if (request.toolChoice !== undefined) count(`tool choice:${request.toolChoice.type}`)
    if (request.reasoning?.effort !== undefined) count(`effort:${request.reasoning.effort.mode}`)
    if (request.responseFormat !== undefined) count(`format:${request.responseFormat.type}`)
  }

  const countUsage = (usage: Usage): void => {
    for (const name of classes) if (usage[name] !== undefined) count(`usage:${name}`)
  }

  const events = (events: ReadonlyArray<CanonicalEvent>): void => {
    for (const event of events) {
      count(`event:${event.type}`)
      if (event.type === "block-start") count(`block:${event.kind}`)
      if (event.type === "finish") count(`finish:${event.reason}`)
      if (event.type === "usage") countUsage(event.usage)
      if (event.type === "annotation") count(`annotation:${event.annotation.kind}`)
    }
  }

  const losses = (pair: string, losses: ReadonlyArray<Loss>): void => {
    for (const loss of losses) count(`loss ${pair}:${lossPattern(loss.canonical)};${loss.reason}`)
  }

  return { counts, request, events, losses }
}

/** How often a thing must be met for a run to count. */
export interface Floors {
  readonly constructor: number
  readonly loss: number
}

/** The published floors: every constructor 20 times, every loss 5 times. */
export const floors: Floors = { constructor: 20, loss: 5 }

const rare = (coverage: Coverage, names: Iterable<string>, floor: number): ReadonlyArray<string> =>
  [...names].flatMap((name) => {
    const met = coverage.counts.get(name) ?? 0
    return met < floor ? [`${name}: ${met} of ${floor}`] : []
  })

/** The constructors that were met too rarely. */
export const missingConstructors = (coverage: Coverage, least: Floors = floors): ReadonlyArray<string> => rare(coverage, constructors, least.constructor)

/** What was met too rarely, losses too: `expectedLosses` are keys as {@link Coverage} counts them. */
export const missing = (coverage: Coverage, expectedLosses: ReadonlyArray<string> = [], least: Floors = floors): ReadonlyArray<string> => {
  const losses = new Set([...coverage.counts.keys(), ...expectedLosses].filter((name) => name.startsWith("loss ")))
  return [...missingConstructors(coverage, least), ...rare(coverage, losses, least.loss)]
}

/** The counts as a table, one kind per line. */
export const table = (coverage: Coverage): string => {
  const kinds = new Map<string, Array<string>>()
  for (const name of [...constructors, ...[...coverage.counts.keys()].filter((key) => !constructors.includes(key)).toSorted()]) {
    const colon = name.indexOf(":")
    const line = kinds.get(name.slice(0, colon)) ?? []
    line.push(`${name.slice(colon + 1)} ${coverage.counts.get(name) ?? 0}`)
    kinds.set(name.slice(0, colon), line)
  }
  return [...kinds].map(([kind, entries]) => `${kind.padEnd(14)} ${entries.join(", ")}`).join("\n")
}
