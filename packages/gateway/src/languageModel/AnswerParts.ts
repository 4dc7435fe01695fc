/**
 * A canonical answer as the parts Effect's language models answer with, whole or as it comes. Only the first choice is told: no other
 * was asked for. What has no part there is a loss. Pure but for the state of one stream.
 */
import type { Citation } from "@sluice/protocol/CanonicalAnnotation"
import type { BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Finish } from "@sluice/protocol/CanonicalFinish"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import * as Usage from "@sluice/protocol/CanonicalUsage"
import * as Collect from "@sluice/protocol/Collect"
import * as Json from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import type * as Response from "effect/ai/Response"
import * as Result from "effect/Result"
import * as Metadata from "./Metadata.ts"
import * as TheirUsage from "./Usage.ts"

const lost = (canonical: string, before: unknown): Loss => ({ at: canonical, canonical, reason: "dropped", weight: "hint", before })

/** Arguments that are not JSON stay the text they are, so that whoever checks them sees what the model wrote. */
const paramsOf = (text: string): unknown => text.trim() === "" ? {} : Result.getOrElse(Json.parse(text), () => text)

const metadataPart = ({ created, id, model }: Pick<CanonicalResponse, "created" | "id" | "model">): Response.ResponseMetadataPartEncoded =>
  Json.present({
    type: "response-metadata",
    id,
    modelId: model,
    timestamp: created === undefined ? undefined : new Date(created * 1000).toISOString()
  })

const finishPart = (finish: Finish | undefined, usage: Usage.Usage): Response.FinishPartEncoded => ({
  type: "finish",
  reason: TheirUsage.toReason(finish?.reason ?? "missing"),
  usage: TheirUsage.toCounts(usage)
})

const sourcePart = ({ title, url = "" }: Citation, id: string): Response.UrlSourcePartEncoded => ({
  type: "source",
  sourceType: "url",
  id,
  url,
  title: title ?? url
})

const callPart = (part: Extract<Part, { readonly type: "tool-call" }>): Response.ToolCallPartEncoded => ({
  type: "tool-call",
  id: part.id,
  name: part.name,
  params: part.kind === "custom" ? part.arguments : paramsOf(part.arguments),
  ...Metadata.of(part)
})

/** The part of a whole block; `undefined` where there is none for it. */
const blockPart = (part: Part): Response.PartEncoded & Response.AnyPartEncoded | undefined => {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text, ...Metadata.of(part) }
    case "refusal":
      return { type: "text", text: part.text, ...Metadata.of(part, { refusal: true }) }
    case "reasoning":
      return { type: "reasoning", text: part.text, ...Metadata.of(part) }
    case "tool-call":
      return callPart(part)
    case "image":
    case "document":
    case "audio":
    case "video":
      return part.source.type === "base64" ? { type: "file", mediaType: part.source.mime ?? "application/octet-stream", data: part.source.data } : undefined
    default:
      return undefined
  }
}

const citationsOf = (part: Part, at: string): ReadonlyArray<Response.UrlSourcePartEncoded> =>
  part.type !== "text"
    ? []
    : (part.annotations ?? []).flatMap((annotation, index) =>
      annotation.kind === "citation" && annotation.url !== undefined ? [sourcePart(annotation, `${at}-${index}`)] : []
    )

/** Parts, and what they leave out. */
export interface Told<P> {
  readonly parts: Array<P>
  readonly losses: ReadonlyArray<Loss>
}

/** The parts of a whole answer. */
export const whole = (answer: CanonicalResponse): Told<Response.PartEncoded> => {
  const losses: Array<Loss> = []
  const [choice] = answer.choices
  const parts: Array<Response.PartEncoded> = [metadataPart(answer)]
  for (const [index, { part }] of (choice?.parts ?? []).entries()) {
    const made = blockPart(part)
    if (made === undefined) losses.push(lost(`/choices/0/parts/${index}`, part))
    else parts.push(made, ...citationsOf(part, String(index)))
  }
  for (const [index, other] of answer.choices.entries()) if (index > 0) losses.push(lost(`/choices/${index}`, other))
  parts.push(finishPart(choice?.finish, answer.usage ?? {}))
  return { parts, losses }
}

const isText = ({ kind }: BlockStartEvent): boolean => kind === "text" || kind === "refusal"

/** A stream of events on its way to parts. */
export interface Streaming {
  readonly step: (event: CanonicalEvent) => ReadonlyArray<Response.StreamPartEncoded>
  /** What was left out so far. */
  readonly losses: () => ReadonlyArray<Loss>
}

/** Reads one stream of events. */
export const streaming = (): Streaming => {
  const losses: Array<Loss> = []
  const blocks = new Map<number, Array<CanonicalEvent>>()
  let usage: Usage.Usage = {}
  let finish: Finish | undefined
  let sources = 0

  const idOf = (index: number): string => String(index)
  const kept = (index: number, event: CanonicalEvent): ReadonlyArray<CanonicalEvent> | undefined => {
    const block = blocks.get(index)
    block?.push(event)
    return block
  }
  /** The whole block, as its events say. */
  const blockOf = (events: ReadonlyArray<CanonicalEvent>): Part | undefined =>
    Collect.collect(events.map((event) => "index" in event && event.index !== undefined ? { ...event, choice: 0, index: 0 } : event)).choices[0]?.parts[0]?.part

  const ended = (index: number, events: ReadonlyArray<CanonicalEvent>): ReadonlyArray<Response.StreamPartEncoded> => {
    blocks.delete(index)
    const id = idOf(index)
    const part = blockOf(events)
    if (part === undefined) return []
    const made = blockPart(part)
    switch (part.type) {
      case "text":
      case "refusal":
        return [{ type: "text-end", id, ...(made?.metadata === undefined ? {} : { metadata: made.metadata }) }, ...citationsOf(part, id)]
      case "reasoning":
        return [{ type: "reasoning-end", id, ...Metadata.of(part) }]
      case "tool-call":
        return [{ type: "tool-params-end", id: part.id }, callPart(part)]
      default:
        if (made?.type === "file") return [made]
        losses.push(lost(`/choices/0/parts/${index}`, part))
        return []
    }
  }

  const step = (event: CanonicalEvent): ReadonlyArray<Response.StreamPartEncoded> => {
    if ("choice" in event && event.choice !== undefined && event.choice > 0) {
      if (event.type === "block-start") losses.push(lost(`/choices/${event.choice}`, undefined))
      return []
    }
    switch (event.type) {
      case "start":
        return [metadataPart(event)]
      case "block-start": {
        blocks.set(event.index, [event])
        const id = idOf(event.index)
        if (isText(event)) return [{ type: "text-start", id }]
        if (event.kind === "reasoning") return [{ type: "reasoning-start", id }]
        return event.call === undefined ? [] : [{ type: "tool-params-start", id: event.call.id, name: event.call.name }]
      }
      case "text-delta": {
        const [first] = kept(event.index, event) ?? []
        return first?.type === "block-start" && isText(first) ? [{ type: "text-delta", id: idOf(event.index), delta: event.text }] : []
      }
      case "reasoning-delta": {
        kept(event.index, event)
        return [{ type: "reasoning-delta", id: idOf(event.index), delta: event.text }]
      }
      case "tool-arguments-delta": {
        const [first] = kept(event.index, event) ?? []
        return first?.type === "block-start" && first.call !== undefined ? [{ type: "tool-params-delta", id: first.call.id, delta: event.text }] : []
      }
      case "signature":
      case "encrypted":
      case "media-delta":
        kept(event.index, event)
        return []
      case "annotation":
        if (event.index !== undefined && kept(event.index, event) !== undefined) return []
        if (event.annotation.kind === "citation" && event.annotation.url !== undefined) return [sourcePart(event.annotation, `source-${sources++}`)]
        losses.push(lost("/annotations", event.annotation))
        return []
      case "block-end": {
        const events = kept(event.index, event)
        return events === undefined ? [] : ended(event.index, events)
      }
      case "usage":
        usage = Usage.merge(usage, event.usage)
        return []
      case "finish":
        finish = event
        return []
      case "end":
        return [finishPart(finish, usage)]
      case "foreign":
        losses.push(lost("/foreignEvents", event))
        return []
      default:
        return []
    }
  }
  return { step, losses: () => losses }
}
