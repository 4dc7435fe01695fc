/**
 * What one candidate of an answer says, as events: its parts, streamed or whole, what is said about them, and its end. When a
 * candidate may end is decided in EventDecoder.ts. Text and thinking continue as long as the next part is of the same kind.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Finish as CanonicalFinish } from "@sluice/protocol/CanonicalFinish"
import type { Part, Sealed, ToolCallPart } from "@sluice/protocol/CanonicalPart"
import * as Collect from "@sluice/protocol/Collect"
import { bare } from "@sluice/protocol/Equality"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Annotations from "./Annotations.ts"
import * as Arguments from "./Arguments.ts"
import { sealedOf } from "./Content.ts"
import * as Finish from "./Finish.ts"
import * as Ids from "./Ids.ts"
import * as Keys from "./Keys.ts"
import { decodePart } from "./Parts.ts"
import type * as Wire from "./Wire.ts"

interface OpenBlock {
  readonly kind: "text" | "reasoning"
  readonly index: number
  /** Its signature has come: more text is another part. */
  readonly isSealed: boolean
}

/** A call whose arguments arrive in pieces. */
interface PartialCall {
  readonly id: string | undefined
  readonly name: string
  readonly args: JsonObject
  readonly signature: Sealed | undefined
}

/** A candidate under way. */
export interface Choice {
  readonly open: OpenBlock | undefined
  /** How many blocks were started. */
  readonly started: number
  /** The latest text block: what citations are about, even where it has ended. */
  readonly text: number | undefined
  /** Ids of the calls made so far. */
  readonly calls: ReadonlySet<string>
  readonly partial: PartialCall | undefined
  /** The finish the provider stated, until it is told. */
  readonly stated: CanonicalFinish | undefined
  readonly finished: boolean
}

/** A candidate of which nothing was said yet. */
export const unseen: Choice = { open: undefined, started: 0, text: undefined, calls: new Set(), partial: undefined, stated: undefined, finished: false }

type Events = Array<CanonicalEvent>

const closeOpen = (choice: Choice, index: number, events: Events): Choice => {
  if (choice.open === undefined) return choice
  events.push({ type: "block-end", choice: index, index: choice.open.index })
  return { ...choice, open: undefined }
}

const startText = (before: Choice, kind: OpenBlock["kind"], index: number, events: Events): Choice => {
  const choice = closeOpen(before, index, events)
  const block = choice.started
  events.push({ type: "block-start", choice: index, index: block, kind, ...(kind === "reasoning" ? { form: "summary" } : {}) })
  return { ...choice, open: { kind, index: block, isSealed: false }, started: block + 1, text: kind === "text" ? block : choice.text }
}

/** Text or thinking. A part with nothing but a signature belongs to the block before it. */
const addText = (before: Choice, part: Wire.Part, text: string, index: number, events: Events): Choice => {
  const kind = part.thought === true ? "reasoning" : "text"
  const signature = sealedOf(Keys.read(part, "thoughtSignature"))
  if (text === "" && signature === undefined) return before
  const { open } = before
  const isSame = open !== undefined && !open.isSealed && (open.kind === kind || text === "")
  const isAlone = text === "" && !isSame
  const choice = isSame ? before : startText(before, isAlone ? "reasoning" : kind, index, events)
  const block = choice.open
  if (block === undefined) return choice
  if (text !== "") events.push({ type: block.kind === "text" ? "text-delta" : "reasoning-delta", choice: index, index: block.index, text })
  if (signature === undefined) return choice
  events.push({ type: "signature", choice: index, index: block.index, signature })
  return { ...choice, open: { ...block, isSealed: true } }
}

/** A part that is a block by itself, in the events in which a whole answer would bring it. */
const addWhole = (before: Choice, part: Part, index: number, events: Events): Choice => {
  const choice = closeOpen(before, index, events)
  const plain = bare(part)
  // Without the references to where it came from, a part is a part.
  const own = { part: isPart(plain) ? plain : part }
  for (const event of Collect.unfold({ choices: [{ index, parts: [own], annotations: [] }], annotations: [], foreignEvents: [] })) {
    if ("index" in event && event.index !== undefined) events.push({ ...event, index: choice.started })
  }
  return { ...choice, started: choice.started + 1 }
}

const isPart = (value: unknown): value is Part => typeof value === "object" && value !== null && "type" in value

const addCall = (choice: Choice, call: ToolCallPart, index: number, events: Events): Choice => {
  const id = call.id === "" ? Ids.make(call.name, call.arguments, choice.calls) : call.id
  const next = addWhole(choice, { ...call, id }, index, events)
  return { ...next, calls: new Set([...choice.calls, id]) }
}

/** Ends a call whose arguments arrived in pieces. */
const endPartial = (choice: Choice, index: number, events: Events): Choice => {
  const { partial } = choice
  if (partial === undefined) return choice
  const { args, id, name, signature } = partial
  const call: ToolCallPart = {
    type: "tool-call",
    kind: "function",
    id: id ?? "",
    name,
    arguments: JSON.stringify(args),
    ...(signature === undefined ? {} : { signature })
  }
  return addCall({ ...choice, partial: undefined }, call, index, events)
}

const isPiece = (call: Wire.FunctionCall): boolean => (call.name ?? "") === ""

/** A call, whole or a piece of one. Pieces have no name but the first; the last does not say that it continues. */
const addFunctionCall = (before: Choice, part: Wire.Part, call: Wire.FunctionCall, index: number, events: Events): Choice => {
  const pieces = Keys.read(call, "partialArgs")
  const goesOn = Keys.read(call, "willContinue") === true
  const isNew = !isPiece(call)
  if (isNew && pieces === undefined && !goesOn) {
    const whole = decodePart(part, "")
    return whole.type === "tool-call" ? addCall(endPartial(before, index, events), whole, index, events) : before
  }
  const choice = isNew ? endPartial(before, index, events) : before
  const known: PartialCall | undefined = isNew
    ? { id: call.id || undefined, name: call.name ?? "", args: call.args ?? {}, signature: sealedOf(Keys.read(part, "thoughtSignature")) }
    : choice.partial
  if (known === undefined) return choice
  const args = (pieces ?? []).reduce(Arguments.add, { ...known.args, ...call.args })
  const partial = { ...known, args }
  return goesOn ? { ...choice, partial } : endPartial({ ...choice, partial }, index, events)
}

const addPart = (choice: Choice, part: Wire.Part, index: number, events: Events): Choice => {
  const call = Keys.read(part, "functionCall")
  if (call !== undefined) return addFunctionCall(choice, part, call, index, events)
  if (typeof part.text === "string") return addText(endPartial(choice, index, events), part, part.text, index, events)
  if (Keys.said(part).length === 0) return choice
  return addWhole(endPartial(choice, index, events), decodePart(part, ""), index, events)
}

/** Whether a candidate says something new: a part, or an end. */
export const isBlank = (wire: Wire.Candidate): boolean =>
  (wire.finishReason ?? undefined) === undefined &&
  (wire.content?.parts ?? []).every((part) => Object.keys(part).every((key) => key === "text" && part.text === ""))

/** Takes in what a chunk, or a whole answer, says of a candidate; its end is remembered. */
export const addCandidate = (before: Choice, wire: Wire.Candidate, index: number, events: Events): Choice => {
  let choice = before
  for (const part of wire.content?.parts ?? []) choice = addPart(choice, part, index, events)
  for (const annotation of Annotations.citationsOf(wire)) {
    events.push(
      choice.text === undefined ? { type: "annotation", choice: index, annotation } : { type: "annotation", choice: index, index: choice.text, annotation }
    )
  }
  for (const annotation of Annotations.aboutCandidate(wire)) events.push({ type: "annotation", choice: index, annotation })
  return choice
}

/** Ends a candidate: whatever is open is closed. */
export const finishChoice = (before: Choice, index: number, finish: CanonicalFinish, events: Events): Choice => {
  const choice = closeOpen(endPartial(before, index, events), index, events)
  events.push({ type: "finish", choice: index, ...(choice.calls.size > 0 ? Finish.withCalls(finish) : finish) })
  return { ...choice, stated: undefined, finished: true }
}
