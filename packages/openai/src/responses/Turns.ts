/**
 * `instructions` and `input` to and from instructions and turns: one item is one turn. Leading system and developer messages are
 * instructions, behind the text of the key `instructions`. Items that bring tools may stand among them and are turns that say
 * nothing. What a single item means is in Items.ts.
 */
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import { paired } from "../internal/unnamedResults.ts"
import { inside, loseNode, type Place } from "./Crossing.ts"
import { decodeItem, encodeItems, encodeOver } from "./Items.ts"
import { encodePart } from "./Parts.ts"
import { encodeOffer } from "./Tools.ts"
import * as Wire from "./Wire.ts"

/** The keys that hold the conversation. */
export type Told = Pick<Wire.Request, "input" | "instructions">

/** Instructions and turns of a request. */
export interface Conversation {
  readonly instructions?: ReadonlyArray<Turn>
  readonly turns: ReadonlyArray<Turn>
}

const isInstruction = ({ role }: Turn): boolean => role === "system" || role === "developer"

/** An item that brings tools, which are among the request's. */
const isOffer = (turn: Turn): boolean => turn.role === "foreign" && turn.parts.length === 0

const itemsOf = (list: Told["input"], role: "user" | "system", at: string): ReadonlyArray<Turn> => {
  if (typeof list === "string") return [{ role, parts: [{ type: "text", text: list, at }], wire: { dialect: Wire.id, value: list }, at }]
  return (list ?? []).map((item, index) => decodeItem(item, Pointer.child(at, index)))
}

/** All items of a request in canonical words. */
export const decodeTurns = (wire: Partial<Told>, at: string): Conversation => {
  const told = itemsOf(wire.instructions, "system", Pointer.child(at, "instructions"))
  const all = paired(itemsOf(wire.input, "user", Pointer.child(at, "input")))
  const first = all.findIndex((turn) => !isInstruction(turn) && !isOffer(turn))
  const count = first === -1 ? all.length : first
  const leading = all.slice(0, count)
  const instructions = [...told, ...leading.filter(isInstruction)]
  return { ...(instructions.length === 0 ? {} : { instructions }), turns: [...leading.filter(isOffer), ...all.slice(count)] }
}

/** The item a turn came from, when it came from this dialect. */
const ownItem = (turn: Turn): Wire.Item | undefined => {
  const value = valueIn(Wire.id, turn)
  // A wire value of this dialect was checked by the schema when it was decoded.
  return isObject(value) ? value as unknown as Wire.Item : undefined
}

/** The words of a turn that is one text and nothing else. */
const words = (turn: Turn | undefined, place: Place): string | undefined => {
  const [part, second] = turn?.parts ?? []
  if (turn === undefined || turn.name !== undefined || part?.type !== "text" || second !== undefined) return undefined
  const text = encodePart(part, "input", inside(place, part, "parts", 0))
  return text !== undefined && Object.keys(text).length === 2 ? part.text : undefined
}

interface Step {
  readonly turn: Turn
  readonly place: Place
}

const encodeStep = (request: CanonicalRequest, tools: Place) => ({ place, turn }: Step): ReadonlyArray<JsonObject> => {
  const origin = ownItem(turn)
  if (origin !== undefined && isOffer(turn)) {
    const offer = encodeOffer(origin, request, tools)
    return offer === undefined ? [] : [offer]
  }
  const over = origin === undefined ? undefined : encodeOver(turn, origin, place)
  if (over !== undefined) return [over]
  if (turn.role !== "foreign") {
    const items = encodeItems(turn, place)
    if (items.length === 0) loseNode(place, turn, { reason: "dropped", weight: "hint", before: turn })
    return items
  }
  const own = turn.parts.flatMap((part) => part.type === "foreign" && part.dialect === Wire.id && isObject(part.value) ? [part.value] : [])
  if (own.length === 0) loseNode(place, turn, { reason: "dropped", weight: turn.parts.length === 0 ? "hint" : "meaning", before: turn })
  return own
}

const isSystemItem = (item: JsonObject | undefined): boolean =>
  (item?.["type"] ?? "message") === "message" && (item?.["role"] === "system" || item?.["role"] === "developer")

/** Keeps a system message that follows lost words from becoming an instruction. */
const separated = (items: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> =>
  isSystemItem(items[0]) ? [{ type: "message", role: "user", content: "" }, ...items] : items

const stepsOf = (turns: ReadonlyArray<Turn>, field: "instructions" | "turns", from: number, place: Place): ReadonlyArray<Step> =>
  turns.slice(from).map((turn, index) => ({ turn, place: inside(place, turn, field, index + from) }))

/** Instructions with the items that brought tools among them, in the order they came in. */
const withOffers = (leading: ReadonlyArray<Step>, offers: ReadonlyArray<Step>, input: Told["input"]): ReadonlyArray<Step> => {
  const items: ReadonlyArray<unknown> = Array.isArray(input) ? input : []
  const indexOf = ({ turn }: Step): number => items.indexOf(valueIn(Wire.id, turn))
  const isBefore = (step: Step, offer: Step): boolean => indexOf(step) >= 0 && indexOf(step) < indexOf(offer)
  const offersAt = (index: number): ReadonlyArray<Step> => offers.filter((offer) => leading.findLastIndex((step) => isBefore(step, offer)) + 1 === index)
  return [...leading.flatMap((step, index) => [...offersAt(index), step]), ...offersAt(leading.length)]
}

const fromText = (turn: Turn | undefined): boolean => turn !== undefined && typeof valueIn(Wire.id, turn) === "string"

/** The turn that becomes the text of `instructions`, where there is one: what came from there, else the first of a fresh request. */
const textOf = (instructions: ReadonlyArray<Turn>, origin: Partial<Told>, place: Place): string | undefined => {
  const [first] = instructions
  const isText = origin.input === undefined && origin.instructions === undefined ? !place.context.isOwn : fromText(first)
  return isText && first !== undefined ? words(first, inside(place, first, "instructions", 0)) : undefined
}

/** The keys of the conversation, over those it came with. Tools that items bring lose what they lose at a place of their own. */
export const encodeTurns = (
  request: CanonicalRequest,
  origin: Partial<Told>,
  place: Place,
  tools: Place
): { readonly instructions?: Json; readonly input: Json } => {
  const instructions = request.instructions ?? []
  const text = textOf(instructions, origin, place)
  const step = encodeStep(request, tools)
  const told = Array.isArray(origin.instructions)
    ? instructions.filter((turn) => turn.at?.startsWith("/instructions/") === true).length
    : text === undefined
    ? 0
    : 1
  const all = stepsOf(request.turns, "turns", 0, place)
  const first = all.findIndex(({ turn }) => !isOffer(turn))
  const offers = first === -1 ? all : all.slice(0, first)
  const leading = withOffers(stepsOf(instructions, "instructions", told, place), offers, origin.input).flatMap(step)
  const rest = all.slice(offers.length)
  const key = Array.isArray(origin.instructions)
    ? stepsOf(instructions.slice(0, told), "instructions", 0, place).flatMap(step)
    : text
  const [only, second] = rest
  const line = leading.length === 0 && second === undefined && only?.turn.role === "user" && typeof origin.input === "string"
    ? words(only.turn, only.place)
    : undefined
  const said = line === undefined ? separated(rest.flatMap(step)) : []
  return { ...(key === undefined ? {} : { instructions: key }), input: line ?? [...leading, ...said] }
}
