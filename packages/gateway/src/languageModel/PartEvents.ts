/**
 * The parts a language model of Effect answers with, as canonical events: a stream as it comes, in the order the grammar of events wants.
 * Pure but for the state of one answer.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { DialectId, Json } from "@sluice/protocol/Wire"
import type * as Response from "effect/ai/Response"
import type * as Tool from "effect/ai/Tool"
import * as Base64 from "effect/encoding/Base64"
import * as Metadata from "./Metadata.ts"
import * as Usage from "./Usage.ts"

/** A part of an answer, streamed or whole, whose calls were not checked. */
export type AnyPart =
  | Response.StreamPart<{ readonly [name: string]: Tool.Any }, "deferred">
  | Response.Part<{ readonly [name: string]: Tool.Any }, "deferred">
  | Response.TextPart
  | Response.ReasoningPart

interface Open {
  readonly index: number
  hasArguments: boolean
}

const seals = (metadata: { readonly [provider: string]: unknown }, at: { readonly choice: number; readonly index: number }): ReadonlyArray<CanonicalEvent> => {
  const { encrypted, signature } = Metadata.sealsIn(metadata)
  return [
    ...(signature === undefined ? [] : [{ type: "signature" as const, ...at, signature }]),
    ...(encrypted === undefined ? [] : [{ type: "encrypted" as const, ...at, encrypted }])
  ]
}

/** Plain JSON of a value a provider gave; what has none is `null`. */
const jsonOf = (value: unknown): Json => {
  const text = JSON.stringify(value)
  return text === undefined ? null : JSON.parse(text)
}

/** Reads one answer. `dialect` names what only its provider knows. */
export const make = (dialect: DialectId) => {
  const open = new Map<string, Open>()
  let hasStarted = false
  let blocks = 0

  const at = (index: number) => ({ choice: 0, index })
  const started = (event: CanonicalEvent & { readonly type: "start" } = { type: "start" }): ReadonlyArray<CanonicalEvent> => {
    if (hasStarted) return []
    hasStarted = true
    return [event]
  }
  const begin = (key: string): Open => {
    const block = { index: blocks++, hasArguments: false }
    open.set(key, block)
    return block
  }
  const end = (key: string, metadata: { readonly [provider: string]: unknown } = {}): ReadonlyArray<CanonicalEvent> => {
    const block = open.get(key)
    open.delete(key)
    return block === undefined ? [] : [...seals(metadata, at(block.index)), { type: "block-end", ...at(block.index) }]
  }
  const within = (key: string, event: (place: { readonly choice: number; readonly index: number }) => CanonicalEvent): ReadonlyArray<CanonicalEvent> => {
    const block = open.get(key)
    return block === undefined ? [] : [event(at(block.index))]
  }
  const foreign = (name: string, value: unknown): ReadonlyArray<CanonicalEvent> => [{ type: "foreign", dialect, name, value: jsonOf(value) }]

  const called = (part: Extract<AnyPart, { readonly type: "tool-call" }>): ReadonlyArray<CanonicalEvent> => {
    if (part.providerExecuted) return foreign("tool-call", { id: part.id, name: part.name, params: part.params })
    const key = `call ${part.id}`
    const isOpen = open.has(key)
    const block = open.get(key) ?? begin(key)
    const place = at(block.index)
    const text = typeof part.params === "string" ? part.params : JSON.stringify(part.params ?? {})
    return [
      ...(isOpen
        ? []
        : [{ type: "block-start" as const, ...place, kind: "tool-call" as const, call: { kind: "function" as const, id: part.id, name: part.name } }]),
      ...(block.hasArguments ? [] : [{ type: "tool-arguments-delta" as const, ...place, text }]),
      ...end(key, part.metadata)
    ]
  }

  const content = (part: AnyPart): ReadonlyArray<CanonicalEvent> => {
    switch (part.type) {
      case "text":
      case "reasoning": {
        const key = `whole ${blocks}`
        const place = at(begin(key).index)
        const delta = part.type === "text" ? "text-delta" : "reasoning-delta"
        return [{ type: "block-start", ...place, kind: part.type }, { type: delta, ...place, text: part.text }, ...end(key, part.metadata)]
      }
      case "text-start":
        return [{ type: "block-start", ...at(begin(`text ${part.id}`).index), kind: "text" }]
      case "text-delta":
        return within(`text ${part.id}`, (place) => ({ type: "text-delta", ...place, text: part.delta }))
      case "text-end":
        return end(`text ${part.id}`, part.metadata)
      case "reasoning-start":
        return [{ type: "block-start", ...at(begin(`reasoning ${part.id}`).index), kind: "reasoning" }]
      case "reasoning-delta":
        return within(`reasoning ${part.id}`, (place) => ({ type: "reasoning-delta", ...place, text: part.delta }))
      case "reasoning-end":
        return end(`reasoning ${part.id}`, part.metadata)
      case "tool-params-start":
        return part.providerExecuted === true
          ? []
          : [{ type: "block-start", ...at(begin(`call ${part.id}`).index), kind: "tool-call", call: { kind: "function", id: part.id, name: part.name } }]
      case "tool-params-delta": {
        const block = open.get(`call ${part.id}`)
        if (block === undefined || part.delta === "") return []
        block.hasArguments = true
        return [{ type: "tool-arguments-delta", ...at(block.index), text: part.delta }]
      }
      case "tool-call":
        return called(part)
      case "file": {
        const key = `file ${blocks}`
        const place = at(begin(key).index)
        const data = typeof part.data === "string" ? part.data : Base64.encode(part.data)
        return [{ type: "block-start", ...place, kind: "media" }, { type: "media-delta", ...place, mime: part.mediaType, data }, ...end(key)]
      }
      case "source":
        return [{
          type: "annotation",
          choice: 0,
          annotation: { kind: "citation", title: part.title, ...(part.sourceType === "url" ? { url: String(part.url) } : {}) }
        }]
      case "finish":
        return [
          ...[...open.keys()].flatMap((key) => end(key)),
          { type: "usage", usage: Usage.fromCounts(part.usage) },
          { type: "finish", choice: 0, reason: Usage.fromReason(part.reason) }
        ]
      case "error":
        return [{ type: "error", failure: { class: "unknown", message: `The language model failed in the middle of its answer: ${describe(part.error)}` } }]
      case "tool-result":
      case "tool-approval-request":
        return foreign(part.type, part)
      default:
        return []
    }
  }

  return (part: AnyPart): ReadonlyArray<CanonicalEvent> =>
    part.type === "response-metadata"
      ? started({
        type: "start",
        ...(part.id === undefined ? {} : { id: part.id }),
        ...(part.modelId === undefined ? {} : { model: part.modelId }),
        ...(part.timestamp === undefined ? {} : { created: Math.floor(part.timestamp.epochMilliseconds / 1000) })
      })
      : [...started(), ...content(part)]
}

const describe = (error: unknown): string =>
  error instanceof Error ? error.message : typeof error === "string" ? error : JSON.stringify(error) ?? "no reason given"
