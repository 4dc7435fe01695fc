/**
 * Assembles the tool calls of one choice of a stream. A call starts once its id and its name are known; what providers do
 * instead (late, missing or repeated ids and names, missing or reused indexes, calls sent twice) is repaired here.
 */
import * as CallIds from "@sluice/protocol/CallIds"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { parseArguments } from "@sluice/protocol/Json"
import { isObject, type Json } from "@sluice/protocol/Wire"
import type { ToolCallDelta } from "./WireAnswer.ts"

/** A call that a choice has begun. */
export interface Call {
  /** The provider's own index; calls without one count on. */
  readonly slot: number
  readonly kind: "function" | "custom"
  readonly id: string | undefined
  readonly name: string | undefined
  /** Index of its block once it has started. */
  readonly block: number | undefined
  /** Arguments that came before the start. */
  readonly pending: string
  /** Arguments that came with the id and name: the same again is a repetition. */
  readonly opening: string
}

/** The calls of a choice and where its blocks stand. */
export interface Calls {
  readonly calls: ReadonlyArray<Call>
  /** How many blocks the choice has started. */
  readonly started: number
}

const nonEmpty = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const argumentsText = (value: Json | undefined): string => typeof value === "string" ? value : isObject(value) ? JSON.stringify(value) : ""

interface Piece {
  readonly slot: number | undefined
  readonly id: string | undefined
  readonly name: string | undefined
  readonly kind: "function" | "custom"
  readonly text: string
}

const pieceOf = (delta: ToolCallDelta): Piece => {
  // Snowflake sends both forms of every call, the one that is not meant empty: the type tells them apart.
  const custom = delta.type === "function" ? undefined : delta.custom ?? undefined
  return {
    slot: delta.index ?? undefined,
    id: nonEmpty(delta.id ?? undefined),
    name: nonEmpty((custom === undefined ? delta.function?.name : custom.name) ?? undefined),
    kind: custom !== undefined || delta.type === "custom" ? "custom" : "function",
    text: custom === undefined ? argumentsText(delta.function?.arguments ?? undefined) : custom.input ?? ""
  }
}

/** Position of the call that a piece continues; -1 where it begins a new one. */
const continued = (calls: ReadonlyArray<Call>, piece: Piece): number => {
  if (piece.slot !== undefined) {
    const at = calls.findLastIndex((call) => call.slot === piece.slot)
    const found = calls[at]
    // Some providers give every call the index 0: another id with a name is another call.
    const isOther = found?.id !== undefined && piece.id !== undefined && piece.id !== found.id && piece.name !== undefined
    return isOther ? calls.findLastIndex((call) => call.slot === piece.slot && call.id === piece.id) : at
  }
  if (piece.id !== undefined) return calls.findLastIndex((call) => call.id === piece.id)
  const last = calls.at(-1)
  return last !== undefined && piece.name !== undefined && last.opening !== "" ? -1 : calls.length - 1
}

const isRepeated = (call: Call, piece: Piece): boolean =>
  piece.name !== undefined && piece.text !== "" && piece.text === call.opening && parseArguments(piece.text) !== undefined

const fresh = (calls: ReadonlyArray<Call>, piece: Piece): Call => ({
  slot: piece.slot ?? calls.reduce((highest, call) => Math.max(highest, call.slot), -1) + 1,
  kind: piece.kind,
  id: undefined,
  name: undefined,
  block: undefined,
  pending: "",
  opening: ""
})

const replaced = (calls: ReadonlyArray<Call>, at: number, call: Call): ReadonlyArray<Call> => at === -1 ? [...calls, call] : calls.with(at, call)

/** Starts a call: its block, and the arguments that waited for it. */
const start = (call: Call, id: string, name: string, block: number, choice: number, events: Array<CanonicalEvent>): Call => {
  events.push({ type: "block-start", choice, index: block, kind: "tool-call", call: { kind: call.kind, id, name } })
  if (call.pending !== "") events.push({ type: "tool-arguments-delta", choice, index: block, text: call.pending })
  return { ...call, id, name, block, pending: "" }
}

/** Takes in a piece of a call. `close` ends what else is open, before a call starts. */
export const step = (state: Calls, delta: ToolCallDelta, choice: number, events: Array<CanonicalEvent>, close: () => void): Calls => {
  const piece = pieceOf(delta)
  const at = continued(state.calls, piece)
  const known = state.calls[at]
  if (known?.block !== undefined) {
    if (piece.text !== "" && !isRepeated(known, piece)) events.push({ type: "tool-arguments-delta", choice, index: known.block, text: piece.text })
    return state
  }
  const before = known ?? fresh(state.calls, piece)
  const call: Call = {
    ...before,
    kind: piece.kind === "custom" ? "custom" : before.kind,
    id: before.id ?? piece.id,
    name: before.name ?? piece.name,
    pending: before.pending + piece.text,
    opening: before.opening === "" && piece.name !== undefined ? piece.text : before.opening
  }
  if (call.id === undefined || call.name === undefined) return { ...state, calls: replaced(state.calls, at, call) }
  close()
  return { calls: replaced(state.calls, at, start(call, call.id, call.name, state.started, choice, events)), started: state.started + 1 }
}

/** Place the end of a choice: calls that never got an id or a name get one, calls of which nothing is known are forgotten. `answer` is the id of the answer. */
export const finish = (state: Calls, answer: string | undefined, choice: number, events: Array<CanonicalEvent>, close: () => void): Calls => {
  let started = state.started
  const calls = state.calls.toSorted((left, right) => left.slot - right.slot).flatMap((call, index): ReadonlyArray<Call> => {
    if (call.block !== undefined) return [call]
    if (call.id === undefined && call.name === undefined && call.pending === "") return []
    close()
    return [start(call, call.id ?? CallIds.made(answer, choice, index), call.name ?? `tool_${index}`, started++, choice, events)]
  })
  return { calls, started }
}
