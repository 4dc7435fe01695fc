/**
 * What events add to an answer of this dialect, gathered per choice: the common ground of chunks and whole bodies, so that both
 * say the same. A draft is local to one step; what must be known from step to step is in `State`.
 */
import type { BlockEndEvent, BlockKind, BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Finish } from "@sluice/protocol/CanonicalFinish"
import type { Part } from "@sluice/protocol/CanonicalPart"
import { merge, type Usage } from "@sluice/protocol/CanonicalUsage"
import type { LossSink } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Annotations from "./Annotations.ts"
import * as FinishMap from "./Finish.ts"

interface Block {
  readonly kind: BlockKind
  /** Index of the tool call on the wire. */
  readonly call: number
  readonly isCustom: boolean
  /** Something of its content was said. */
  readonly isSaid: boolean
  /** Another block is open and has to end first: what this one says waits. */
  readonly isWaiting: boolean
  /** What waits, in order. */
  readonly waiting: ReadonlyArray<CanonicalEvent>
}

interface Choice {
  readonly hasRole: boolean
  readonly calls: number
  readonly hasMedia: boolean
  readonly hasRefusal: boolean
  readonly finished: boolean
  readonly blocks: ReadonlyMap<number, Block>
}

/** What the encoder knows of the answer so far. */
export interface State {
  readonly id: string | undefined
  readonly model: string | undefined
  readonly created: number | undefined
  readonly usage: Usage | undefined
  readonly choices: ReadonlyMap<number, Choice>
}

/** Nothing known. */
export const initial: State = { id: undefined, model: undefined, created: undefined, usage: undefined, choices: new Map() }

/** A piece of a tool call; `id` and `name` are there where the call begins. */
export interface CallDraft {
  readonly index: number
  readonly isCustom: boolean
  id?: string
  name?: string
  arguments: string
}

/** What is said of one choice. */
export interface ChoiceDraft {
  isFirst: boolean
  content?: string
  reasoning?: string
  refusal?: string
  audio?: { id?: string; data?: string; transcript?: string }
  readonly calls: Array<CallDraft>
  readonly annotations: Array<JsonObject>
  readonly textLogprobs: Array<JsonObject>
  readonly refusalLogprobs: Array<JsonObject>
  finish?: Finish
}

/** What is said in one step. */
export interface Draft {
  readonly choices: Map<number, ChoiceDraft>
  readonly sink: LossSink
}

/** An empty draft. */
export const draft = (sink: LossSink): Draft => ({ choices: new Map(), sink })

const unseen: Choice = { hasRole: false, calls: 0, hasMedia: false, hasRefusal: false, finished: false, blocks: new Map() }

const choiceDraft = (into: Draft, index: number): ChoiceDraft => {
  const known = into.choices.get(index)
  if (known !== undefined) return known
  const opened: ChoiceDraft = { isFirst: false, calls: [], annotations: [], textLogprobs: [], refusalLogprobs: [] }
  into.choices.set(index, opened)
  return opened
}

const callDraft = (choice: ChoiceDraft, block: Block): CallDraft => {
  const known = choice.calls.find((call) => call.index === block.call)
  if (known !== undefined) return known
  const opened: CallDraft = { index: block.call, isCustom: block.isCustom, arguments: "" }
  choice.calls.push(opened)
  return opened
}

const lose = (into: Draft, ...path: ReadonlyArray<Pointer.Step>): void => {
  const canonical = Pointer.child("", ...path)
  into.sink.add({ at: canonical, canonical, reason: "dropped", weight: "hint" })
}

const withChoice = (state: State, index: number, choice: Choice): State => ({ ...state, choices: new Map(state.choices).set(index, choice) })

/** The choice after its first chunk, which carries the role. */
const opened = (choice: Choice, index: number, into: Draft | undefined): Choice => {
  if (choice.hasRole) return choice
  if (into !== undefined) choiceDraft(into, index).isFirst = true
  return { ...choice, hasRole: true }
}

/** Kinds whose blocks follow each other on this wire, even where they were open at the same time: only calls have an index, and sound a key. */
const serial: ReadonlySet<BlockKind> = new Set(["text", "reasoning", "refusal"])

const startBlock = (state: State, event: BlockStartEvent, into: Draft | undefined): State => {
  const choice = opened(state.choices.get(event.choice) ?? unseen, event.choice, into)
  // A message has one sound: a second one has no place.
  const kind = event.kind === "media" && choice.hasMedia ? "foreign" : event.kind
  const isWaiting = serial.has(kind) && [...choice.blocks.values()].some((other) => serial.has(other.kind))
  const block: Block = { kind, call: choice.calls, isCustom: event.call?.kind === "custom", isSaid: false, isWaiting, waiting: [] }
  if (into !== undefined) {
    if (event.call !== undefined) {
      choiceDraft(into, event.choice).calls.push({ index: block.call, isCustom: block.isCustom, id: event.call.id, name: event.call.name, arguments: "" })
    } else if (kind === "server-tool" || kind === "foreign") lose(into, "choices", event.choice, "parts", event.index)
    else if (kind === "media" && event.item?.id !== undefined) choiceDraft(into, event.choice).audio = { id: event.item.id }
  }
  return withChoice(state, event.choice, {
    ...choice,
    calls: choice.calls + (event.call === undefined ? 0 : 1),
    hasMedia: choice.hasMedia || kind === "media",
    blocks: new Map(choice.blocks).set(event.index, block)
  })
}

interface InBlock {
  readonly choice: number
  readonly index: number
}

const withBlock = (state: State, at: InBlock, block: Block): State => {
  const choice = state.choices.get(at.choice)
  return choice === undefined ? state : withChoice(state, at.choice, { ...choice, blocks: new Map(choice.blocks).set(at.index, block) })
}

const said = (state: State, at: InBlock, block: Block): State => block.isSaid ? state : withBlock(state, at, { ...block, isSaid: true })

/** Ends a block; the next one that waited says what it has to say. */
const endBlock = (state: State, event: BlockEndEvent, block: Block, into: Draft | undefined): State => {
  if (into !== undefined && !block.isSaid && !restate(choiceDraft(into, event.choice), block, event.final)) {
    lose(into, "choices", event.choice, "parts", event.index)
  }
  const before = state.choices.get(event.choice)
  if (before === undefined) return state
  const refused = block.kind === "refusal" && (block.isSaid || (event.final?.type === "refusal" && event.final.text !== ""))
  const choice = refused ? { ...before, hasRefusal: true } : before
  const blocks = new Map(choice.blocks)
  blocks.delete(event.index)
  const next = [...blocks].find(([, other]) => other.isWaiting)
  if (next === undefined || !serial.has(block.kind)) return withChoice(state, event.choice, { ...choice, blocks })
  const [index, waiting] = next
  const known = withChoice(state, event.choice, { ...choice, blocks: blocks.set(index, { ...waiting, isWaiting: false, waiting: [] }) })
  return waiting.waiting.reduce((current, later) => add(current, later, into), known)
}

const sayText = (choice: ChoiceDraft, block: Block, text: string): void => {
  if (block.kind === "text") choice.content = (choice.content ?? "") + text
  else if (block.kind === "refusal") choice.refusal = (choice.refusal ?? "") + text
  else if (block.kind === "reasoning") choice.reasoning = (choice.reasoning ?? "") + text
  else if (block.kind === "tool-call") callDraft(choice, block).arguments += text
}

const sayMedia = (choice: ChoiceDraft, data: string | undefined, transcript: string | undefined): void => {
  choice.audio ??= {}
  if (data !== undefined) choice.audio.data = (choice.audio.data ?? "") + data
  if (transcript !== undefined) choice.audio.transcript = (choice.audio.transcript ?? "") + transcript
}

/** A block whose end restates it, and of which nothing was said: said now. */
const restate = (choice: ChoiceDraft, block: Block, final: Part | undefined): boolean => {
  switch (final?.type) {
    case "text":
    case "reasoning":
    case "refusal":
      sayText(choice, block, final.text)
      return true
    case "tool-call":
      sayText(choice, block, final.arguments)
      return true
    case "audio":
      if (final.source.type === "base64") sayMedia(choice, final.source.data, final.transcript)
      else if (final.source.type === "file") choice.audio = { id: final.source.id }
      return true
    case undefined:
      // A function call without arguments has an empty object of them: clients parse the text.
      if (block.kind === "tool-call" && !block.isCustom) sayText(choice, block, "{}")
      return true
    default:
      return false
  }
}

const annotate = (choice: ChoiceDraft, annotation: Extract<CanonicalEvent, { readonly type: "annotation" }>["annotation"]): boolean => {
  if (annotation.kind === "citation") {
    const citation = Annotations.encodeCitation(annotation)
    if (citation !== undefined) choice.annotations.push(citation)
    return citation !== undefined
  }
  if (annotation.kind !== "logprobs") return false
  const tokens = annotation.of === "text" ? choice.textLogprobs : choice.refusalLogprobs
  tokens.push(...Annotations.encodeTokens(annotation.tokens))
  return true
}

/** Adds one event to the draft and to what is known; without a draft only the latter, where the wire already says the event. */
export const add = (state: State, event: CanonicalEvent, into: Draft | undefined): State => {
  switch (event.type) {
    case "start":
      return { ...state, id: event.id, model: event.model, created: event.created }
    case "block-start":
      return startBlock(state, event, into)
    case "text-delta":
    case "reasoning-delta":
    case "tool-arguments-delta": {
      const block = state.choices.get(event.choice)?.blocks.get(event.index)
      if (block === undefined) return state
      if (block.isWaiting) return withBlock(state, event, { ...block, waiting: [...block.waiting, event] })
      if (into !== undefined) sayText(choiceDraft(into, event.choice), block, event.text)
      return said(state, event, block)
    }
    case "media-delta": {
      const block = state.choices.get(event.choice)?.blocks.get(event.index)
      if (block === undefined) return state
      if (block.isWaiting) return withBlock(state, event, { ...block, waiting: [...block.waiting, event] })
      if (into !== undefined) {
        if (block.kind !== "media" || (event.mime !== undefined && !event.mime.startsWith("audio/"))) lose(into, "choices", event.choice, "parts", event.index)
        else sayMedia(choiceDraft(into, event.choice), event.data, event.transcript)
      }
      return said(state, event, block)
    }
    case "block-end": {
      const block = state.choices.get(event.choice)?.blocks.get(event.index)
      if (block === undefined) return state
      return block.isWaiting ? withBlock(state, event, { ...block, waiting: [...block.waiting, event] }) : endBlock(state, event, block, into)
    }
    case "signature":
    case "encrypted":
      if (into !== undefined) lose(into, "choices", event.choice, "parts", event.index, event.type)
      return state
    case "annotation": {
      if (into === undefined) return state
      const index = event.choice
      const choice = index === undefined ? undefined : state.choices.get(index)
      // Citations stand beside the text of a message; those of other blocks would seem to be about it.
      const kind = event.index === undefined ? undefined : choice?.blocks.get(event.index)?.kind
      const isSayable = index !== undefined && choice !== undefined && !choice.finished &&
        (kind === undefined || kind === "text" || event.annotation.kind !== "citation")
      if (!isSayable || !annotate(choiceDraft(into, index), event.annotation)) lose(into, ...(index === undefined ? [] : ["choices", index]), "annotations")
      return state
    }
    case "usage":
      return { ...state, usage: merge(state.usage ?? {}, event.usage) }
    case "finish": {
      const choice = opened(state.choices.get(event.choice) ?? unseen, event.choice, into)
      if (into !== undefined) {
        // Behind calls a plain stop would be read as the calls' finish
        const hasRefusal = choice.hasRefusal && choice.calls === 0
        choiceDraft(into, event.choice).finish = FinishMap.spoken(event, hasRefusal)
        if (!FinishMap.isExact(event, hasRefusal)) {
          const at = Pointer.child("", "choices", event.choice, "finish")
          into.sink.add({ at, canonical: at, reason: "approximated", weight: "hint", before: event.reason })
        }
      }
      return withChoice(state, event.choice, { ...choice, finished: true, blocks: unseen.blocks })
    }
    case "foreign":
      if (into !== undefined) lose(into, "foreignEvents")
      return state
    case "ping":
    case "error":
    case "end":
      return state
  }
}
