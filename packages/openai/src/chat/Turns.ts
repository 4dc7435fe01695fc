/**
 * Messages to and from instructions and turns: one message is one turn. Leading system and developer messages are the
 * instructions. What the slots of a single message mean is in Messages.ts.
 */
import type { Part, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import { paired } from "../internal/unnamedResults.ts"
import { inside, loseNode, type Place } from "./Crossing.ts"
import { decodeMessage, encodeMessage, encodeOver } from "./Messages.ts"
import { id, type Message } from "./Wire.ts"

/** Instructions and turns of a request. */
export interface Conversation {
  readonly instructions?: ReadonlyArray<Turn>
  readonly turns: ReadonlyArray<Turn>
}

const isInstruction = (role: string): boolean => role === "system" || role === "developer"

/** Ids of calls of custom tools: a tool message does not say which kind it answers. */
const customCalls = (messages: ReadonlyArray<Message>): ReadonlySet<string> =>
  new Set(messages.flatMap((message) => (message.tool_calls ?? []).flatMap((call) => isObject(call.custom) && typeof call.id === "string" ? [call.id] : [])))

/** All messages of a request in canonical words. */
export const decodeTurns = (messages: ReadonlyArray<Message>, at: string): Conversation => {
  const custom = customCalls(messages)
  const all = paired(messages.map((message, index) => decodeMessage(message, Pointer.child(at, index), custom)))
  const first = messages.findIndex((message) => !isInstruction(message.role))
  const count = first === -1 ? all.length : first
  return { ...(count === 0 ? {} : { instructions: all.slice(0, count) }), turns: all.slice(count) }
}

/** The message a turn came from, when it came from this dialect. */
const ownMessage = (turn: Turn): Message | undefined => {
  const value = valueIn(id, turn)
  // A wire value of this dialect was checked by the schema when it was decoded.
  return isObject(value) && typeof value["role"] === "string" ? value as unknown as Message : undefined
}

const isMedia = (part: Part): boolean => part.type === "image" || part.type === "document" || part.type === "audio" || part.type === "video"

const isResult = (part: Part): part is ToolResultPart => part.type === "tool-result"

/** Tool messages take text only. */
const textOnly = (result: ToolResultPart): ToolResultPart => {
  const rest = result.parts.filter((part) => !isMedia(part))
  return { ...result, parts: rest.length > 0 ? rest : [{ type: "text", text: "The result follows in the next message." }] }
}

/**
 * The turns between two answers as this wire wants them: results follow their calls without anything between, and media that
 * tools answered with come behind the last result, in a user turn. The very same list where it is so already.
 */
const arranged = (turns: ReadonlyArray<Turn>): ReadonlyArray<Turn> => {
  if (turns.some((turn) => ownMessage(turn) !== undefined)) return turns
  const last = turns.findLastIndex((turn) => turn.parts.some(isResult))
  const isParted = turns.slice(0, Math.max(0, last)).some((turn) => !turn.parts.every(isResult))
  const media = turns.flatMap((turn) => turn.parts.filter(isResult).flatMap((result) => result.parts.filter(isMedia)))
  if (!isParted && media.length === 0) return turns
  const results = turns.flatMap((turn): ReadonlyArray<Turn> => {
    const own = turn.parts.filter(isResult)
    return own.length === 0 ? [] : [{ role: "tool", parts: own.map((result) => result.parts.some(isMedia) ? textOnly(result) : result) }]
  })
  const others = turns.flatMap((turn): ReadonlyArray<Turn> => {
    const rest = turn.parts.filter((part) => !isResult(part))
    return rest.length === 0 ? [] : rest.length === turn.parts.length ? [turn] : [{ ...turn, role: "user", parts: rest }]
  })
  return [...results, ...(media.length === 0 ? [] : [{ role: "user" as const, parts: media }]), ...others]
}

/** All turns, arranged from answer to answer. */
const arrangedAll = (turns: ReadonlyArray<Turn>, place: Place): ReadonlyArray<Turn> => {
  const after: Array<Turn> = []
  let first: Turn | undefined
  let between: Array<Turn> = []
  const flush = (): void => {
    const segment = arranged(between)
    if (segment !== between) first ??= between.find((turn) => turn.parts.some(isResult))
    after.push(...segment)
    between = []
  }
  for (const turn of turns) {
    if (turn.role === "assistant") {
      flush()
      after.push(turn)
    } else between.push(turn)
  }
  flush()
  if (first === undefined) return turns
  place.sink.add({
    at: first.at ?? place.at,
    canonical: Pointer.child(place.canonical, "turns"),
    reason: "approximated",
    weight: "hint",
    before: turns,
    after
  })
  return after
}

interface Step {
  readonly turn: Turn
  readonly place: Place
  readonly origin: Message | undefined
}

/** Neighbouring assistant turns without a message of their own are one message: dialects of items bring each item as a turn. */
const runs = (steps: ReadonlyArray<Step>): ReadonlyArray<ReadonlyArray<Step>> => {
  const found: Array<Array<Step>> = []
  for (const step of steps) {
    const last = found.at(-1)
    const isFresh = step.origin === undefined && step.turn.role === "assistant"
    if (isFresh && last?.[0]?.origin === undefined && last?.[0]?.turn.role === "assistant") last.push(step)
    else found.push([step])
  }
  return found
}

const isSystem = (run: ReadonlyArray<Step> | undefined): boolean => run?.[0] !== undefined && isInstruction(run[0].turn.role)

const encodeRun = (run: ReadonlyArray<Step>, index: number, all: ReadonlyArray<ReadonlyArray<Step>>): ReadonlyArray<Json> => {
  const [first] = run
  if (first === undefined) return []
  if (first.origin !== undefined) return [encodeOver(first.turn, first.origin, first.place)]
  const own = first.turn.role === "foreign" ? first.turn.parts.flatMap((part) => part.type === "foreign" && part.dialect === id ? [part.value] : []) : []
  if (own.length > 0) return own
  if (first.turn.role !== "foreign") return encodeMessage(run, !isSystem(run) && isSystem(all[index + 1]) && all.slice(0, index).every(isSystem))
  // One without parts has said nothing: what it brought is elsewhere in the request
  loseNode(first.place, first.turn, { reason: "dropped", weight: first.turn.parts.length === 0 ? "hint" : "meaning", before: first.turn })
  return []
}

/** Instructions and turns as messages; the very same list where nothing was changed. */
export const encodeTurns = (request: CanonicalRequest, origin: ReadonlyArray<Message> | undefined, place: Place): ReadonlyArray<Json> => {
  const turns = arrangedAll(request.turns, place)
  const step = (turn: Turn, field: string, index: number): Step => ({ turn, place: inside(place, turn, field, index), origin: ownMessage(turn) })
  const steps = [
    ...(request.instructions ?? []).map((turn, index) => step(turn, "instructions", index)),
    ...turns.map((turn, index) => step(turn, "turns", index))
  ]
  const messages = runs(steps).flatMap(encodeRun)
  const unchanged = origin !== undefined && origin.length === messages.length && messages.every((message, index) => message === origin[index])
  // The messages of the origin are values of the parsed body.
  return unchanged ? origin as unknown as ReadonlyArray<JsonObject> : messages
}
