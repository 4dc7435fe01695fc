/**
 * What events add to an answer of this dialect, gathered per candidate: the common ground of chunks and whole bodies, so that both
 * say the same. Gemini's parts follow each other, so that a block waits for the one that began before it; all but text and thinking
 * are written when they end. A draft is local to one step; what must be known from step to step is in `State`.
 */
import type { Annotation } from "@sluice/protocol/CanonicalAnnotation"
import type { BlockEndEvent, BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Finish } from "@sluice/protocol/CanonicalFinish"
import type { Part, Sealed } from "@sluice/protocol/CanonicalPart"
import { merge, type Usage } from "@sluice/protocol/CanonicalUsage"
import * as Collect from "@sluice/protocol/Collect"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import { present } from "@sluice/protocol/Json"
import { type LossSink, sink as lossSink } from "@sluice/protocol/Loss"
import * as ToolNames from "@sluice/protocol/ToolNames"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import * as Annotations from "./Annotations.ts"
import { approximate, drop, inside, type Place } from "./Crossing.ts"
import * as FinishMap from "./Finish.ts"
import { encodePart } from "./Parts.ts"
import { id } from "./Wire.ts"

/** A block that has not ended, or waits for one that has not. */
interface Block {
  readonly start: BlockStartEvent
  /** Text that is not said yet. */
  readonly text: string
  readonly mime: string | undefined
  readonly data: string
  readonly transcript: string
  readonly signature: Sealed | undefined
  readonly encrypted: Sealed | undefined
  readonly end: BlockEndEvent | undefined
  /** Something of its text was said. */
  readonly isSaid: boolean
}

interface Choice {
  /** Blocks in the order of their start; the first is the one that may speak. */
  readonly blocks: ReadonlyMap<number, Block>
  readonly hasCalls: boolean
  /** Blocks of text, also those that have ended: what citations are about. */
  readonly texts: ReadonlySet<number>
}

/** What the encoder knows of the answer so far. */
export interface State {
  readonly id: string | undefined
  readonly model: string | undefined
  readonly usage: Usage | undefined
  readonly choices: ReadonlyMap<number, Choice>
}

/** Nothing known. */
export const initial: State = { id: undefined, model: undefined, usage: undefined, choices: new Map() }

/** An annotation and the block of text it is about; what is about none comes last, as in a whole answer. */
export interface Placed {
  readonly annotation: Annotation
  readonly block: number
}

/** What is said of one candidate. */
export interface ChoiceDraft {
  readonly parts: Array<JsonObject>
  /** The block that the last part belongs to. */
  last: number | undefined
  readonly annotations: Array<Placed>
  finish: Finish | undefined
}

/** What is said in one step. */
export interface Draft {
  readonly choices: Map<number, ChoiceDraft>
  /** What is said about the answer as a whole. */
  readonly annotations: Array<Annotation>
  readonly place: Place
}

/** Where the encoders of an answer stand. */
const placeOf = (sink: LossSink): Place => ({
  canonical: "",
  at: "",
  sink,
  context: { isAnswer: true, model: "", thinking: undefined, renamed: new Map(), calls: new Map(), flat: ToolNames.flat }
})

/** An empty draft. */
export const draft = (sink: LossSink): Draft => ({ choices: new Map(), annotations: [], place: placeOf(sink) })

const unseen: Choice = { blocks: new Map(), hasCalls: false, texts: new Set() }

/** What is said of a candidate, from now on. */
const choiceDraft = (into: Draft, index: number): ChoiceDraft => {
  const known = into.choices.get(index)
  if (known !== undefined) return known
  const opened: ChoiceDraft = { parts: [], last: undefined, annotations: [], finish: undefined }
  into.choices.set(index, opened)
  return opened
}

const isSpoken = ({ kind }: BlockStartEvent): boolean => kind === "text" || kind === "reasoning" || kind === "refusal"

const textPart = (kind: BlockStartEvent["kind"], text: string): JsonObject => kind === "reasoning" ? { thought: true, text } : { text }

const partAt = (into: Draft, start: BlockStartEvent): Place => inside(into.place, undefined, "choices", start.choice, "parts", start.index)

const push = (into: Draft, start: BlockStartEvent, part: JsonObject): void => {
  const choice = choiceDraft(into, start.choice)
  choice.parts.push(part)
  choice.last = start.index
}

const sayText = (into: Draft, { isSaid, start }: Block, text: string): void => {
  if (!isSaid && start.kind === "refusal") approximate(partAt(into, start), { type: "refusal" }, { type: "text" })
  push(into, start, textPart(start.kind, text))
}

/** The signature stands on the last part of its block, or on an empty one behind it. */
const sayProof = (into: Draft, { encrypted, signature, start }: Block): void => {
  if (encrypted !== undefined) drop(inside(partAt(into, start), undefined, "encrypted"), encrypted, "hint")
  if (signature === undefined) return
  if (signature.by !== id) return drop(inside(partAt(into, start), undefined, "signature"), signature, "hint")
  const choice = choiceDraft(into, start.choice)
  const last = choice.last === start.index ? choice.parts.at(-1) : undefined
  if (last === undefined) push(into, start, { ...textPart(start.kind, ""), thoughtSignature: signature.value })
  else choice.parts[choice.parts.length - 1] = { ...last, thoughtSignature: signature.value }
}

const textOf = (part: Part | undefined): string => part?.type === "text" || part?.type === "reasoning" || part?.type === "refusal" ? part.text : ""

/** The part that a block's events make. */
const wholeOf = (block: Block): Part | undefined => {
  const at = { choice: 0, index: 0 }
  const { data, encrypted, end, mime, signature, start, text, transcript } = block
  const events: ReadonlyArray<CanonicalEvent> = [
    { ...start, ...at },
    { type: "tool-arguments-delta", ...at, text },
    ...(mime === undefined && data === "" && transcript === "" ? [] : [{ type: "media-delta" as const, ...at, ...present({ mime }), data, transcript }]),
    ...(signature === undefined ? [] : [{ type: "signature" as const, ...at, signature }]),
    ...(encrypted === undefined ? [] : [{ type: "encrypted" as const, ...at, encrypted }]),
    { type: "block-end", ...at, ...present({ final: end?.final }) }
  ]
  return Collect.collect(events).choices[0]?.parts[0]?.part
}

const writeWhole = (into: Draft, block: Block): void => {
  const part = wholeOf(block)
  const written = part === undefined ? undefined : encodePart(part, partAt(into, block.start))
  if (written !== undefined) push(into, block.start, written)
}

/** Lets the first blocks say what they have to say, up to one that has not ended. */
const pump = (choice: Choice, into: Draft | undefined): Choice => {
  const blocks = new Map(choice.blocks)
  for (const [index, block] of choice.blocks) {
    const isOver = block.end !== undefined
    if (isSpoken(block.start)) {
      const text = block.text === "" && !block.isSaid ? textOf(block.end?.final) : block.text
      if (text !== "" && into !== undefined) sayText(into, block, text)
      if (isOver && into !== undefined) sayProof(into, block)
      if (text !== "") blocks.set(index, { ...block, text: "", isSaid: true })
    } else if (isOver && into !== undefined) writeWhole(into, block)
    if (!isOver) break
    blocks.delete(index)
  }
  return { ...choice, blocks }
}

const withChoice = (state: State, index: number, choice: Choice): State => ({ ...state, choices: new Map(state.choices).set(index, choice) })

interface InBlock {
  readonly choice: number
  readonly index: number
}

const changed = (state: State, at: InBlock, change: (block: Block) => Block, into: Draft | undefined): State => {
  const choice = state.choices.get(at.choice)
  const block = choice?.blocks.get(at.index)
  if (choice === undefined || block === undefined) return state
  return withChoice(state, at.choice, pump({ ...choice, blocks: new Map(choice.blocks).set(at.index, change(block)) }, into))
}

type Words = InBlock & { readonly text: string }

/** The block that words continue, where it may speak and has spoken before: they change nothing of what is known. */
const speaking = (state: State, event: Words): Block | undefined => {
  const [first] = state.choices.get(event.choice)?.blocks ?? []
  return first === undefined || first[0] !== event.index || !first[1].isSaid || event.text === "" ? undefined : first[1]
}

const speak = (state: State, event: Words, into: Draft | undefined): State => {
  const block = speaking(state, event)
  if (block === undefined) return changed(state, event, (waiting) => ({ ...waiting, text: waiting.text + event.text }), into)
  if (into !== undefined) sayText(into, block, event.text)
  return state
}

/** The commonest part, as JSON: words that only continue the open block. `undefined` where an event is anything else. */
export const plainPart = (state: State, event: CanonicalEvent): string | undefined => {
  if (event.type !== "text-delta" && event.type !== "reasoning-delta") return undefined
  const block = speaking(state, event)
  if (block === undefined) return undefined
  const text = JSON.stringify(event.text)
  return block.start.kind === "reasoning" ? `{"thought":true,"text":${text}}` : `{"text":${text}}`
}

const annotate = (into: Draft, { annotation, choice, index }: Extract<CanonicalEvent, { readonly type: "annotation" }>, texts: ReadonlySet<number>): void => {
  const isSayable = Annotations.isSayable(annotation) && (choice !== undefined || Annotations.isAboutPrompt(annotation))
  if (!isSayable) drop(inside(into.place, undefined, ...(choice === undefined ? [] : ["choices", choice]), "annotations"), undefined, "hint")
  else if (choice === undefined) into.annotations.push(annotation)
  else choiceDraft(into, choice).annotations.push({ annotation, block: index !== undefined && texts.has(index) ? index : Infinity })
}

/** The keys that say annotations, in the order of their blocks. */
export const annotationKeys = (placed: ReadonlyArray<Placed>): JsonObject =>
  Annotations.encode(placed.toSorted((left, right) => left.block === right.block ? 0 : left.block - right.block).map(({ annotation }) => annotation))

const finish = (into: Draft, event: Extract<CanonicalEvent, { readonly type: "finish" }>, hasCalls: boolean): void => {
  choiceDraft(into, event.choice).finish = event
  if (FinishMap.isExact(event, hasCalls)) return
  const place = inside(into.place, undefined, "choices", event.choice, "finish", "reason")
  place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: event.reason })
}

/** Adds one event to the draft and to what is known; without a draft only the latter, where the wire already says the event. */
export const add = (state: State, event: CanonicalEvent, into: Draft | undefined): State => {
  switch (event.type) {
    case "start":
      return { ...state, id: event.id, model: event.model }
    case "block-start": {
      const choice = state.choices.get(event.choice) ?? unseen
      const block: Block = {
        start: event,
        text: "",
        mime: undefined,
        data: "",
        transcript: "",
        signature: undefined,
        encrypted: undefined,
        end: undefined,
        isSaid: false
      }
      const blocks = new Map(choice.blocks).set(event.index, block)
      return withChoice(state, event.choice, {
        blocks,
        hasCalls: choice.hasCalls || event.kind === "tool-call",
        texts: event.kind === "text" ? new Set([...choice.texts, event.index]) : choice.texts
      })
    }
    case "text-delta":
    case "reasoning-delta":
    case "tool-arguments-delta":
      return speak(state, event, into)
    case "media-delta":
      return changed(state, event, (block) => ({
        ...block,
        mime: block.mime ?? event.mime,
        data: event.partialIndex === undefined ? block.data + (event.data ?? "") : event.data ?? "",
        transcript: block.transcript + (event.transcript ?? "")
      }), into)
    case "signature":
      // Where the wire says the signature, nothing has to say it when the block ends.
      return into === undefined ? state : changed(state, event, (block) => ({ ...block, signature: event.signature }), into)
    case "encrypted":
      return changed(state, event, (block) => ({ ...block, encrypted: event.encrypted }), into)
    case "block-end":
      return changed(state, event, (block) => ({ ...block, end: event }), into)
    case "annotation":
      if (into !== undefined) annotate(into, event, (event.choice === undefined ? undefined : state.choices.get(event.choice))?.texts ?? unseen.texts)
      return state
    case "usage":
      return { ...state, usage: merge(state.usage ?? {}, event.usage) }
    case "finish":
      if (into !== undefined) finish(into, event, state.choices.get(event.choice)?.hasCalls === true)
      return state
    case "foreign":
      if (into !== undefined) drop(inside(into.place, undefined, "foreignEvents"), event.name, "hint")
      return state
    case "ping":
    case "error":
    case "end":
      return state
  }
}

/** Draft choices in the order of their index. */
export const inOrder = (drafted: Draft): ReadonlyArray<readonly [number, ChoiceDraft]> => [...drafted.choices].toSorted(([left], [right]) => left - right)

/** The keys of a candidate's end. */
export const endOf = (finished: Finish | undefined): JsonObject =>
  finished === undefined ? {} : { finishReason: FinishMap.encode(finished), ...present({ finishMessage: FinishMap.messageOf(finished) }) }

/** A candidate of a chunk or an answer. */
export const toCandidate = (index: number, parts: ReadonlyArray<Json>, more: JsonObject): JsonObject => ({
  content: { parts, role: "model" },
  ...more,
  index
})

/** What a run of events says, as candidates by index, and what is known after it. */
export const candidatesOf = (
  state: State,
  events: ReadonlyArray<CanonicalEvent>,
  sink: LossSink
): { readonly state: State; readonly candidates: ReadonlyMap<number, JsonObject>; readonly top: JsonObject } => {
  const into = draft(sink)
  let known = state
  for (const event of events) known = add(known, event, into)
  const candidates = inOrder(into).map(([index, choice]) =>
    [index, toCandidate(index, choice.parts, { ...endOf(choice.finish), ...annotationKeys(choice.annotations) })] as const
  )
  return { state: known, candidates: new Map(candidates), top: Annotations.encode(into.annotations) }
}

/** The id of an answer that came without one. */
export const idOf = (known: State, context: AnswerContext): string => known.id ?? context.id

/** A sink for losses that were reported before. */
export const silent = (): LossSink => lossSink()
