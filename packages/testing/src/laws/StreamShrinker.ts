/**
 * Smaller streams of the same kind, for counter-examples: a choice, a block or a delta less, deltas merged, texts shortened, frames
 * of one event, fewer cuts. Every proposal is legal by the grammar, and a finish still fits to what was called. It works on the
 * value itself, behind the shrinking of the random numbers it was made from, which cannot take a block out of the middle.
 */
import type { BlockEndEvent, CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Struct from "effect/Struct"

/** Events where they stood; a gap is one that was taken away. */
type Sparse = ReadonlyArray<CanonicalEvent | undefined>

const present = (events: Sparse): ReadonlyArray<CanonicalEvent> => events.flatMap((event) => event ?? [])

/** The block an event belongs to; undefined for what is said about a choice or the answer. */
const blockOf = (event: CanonicalEvent | undefined): string | undefined =>
  event !== undefined && "index" in event && event.index !== undefined ? `${event.choice}/${event.index}` : undefined

const choiceOf = (event: CanonicalEvent | undefined): number | undefined => event !== undefined && "choice" in event ? event.choice : undefined

/** Blocks are numbered in the order of their start; choices without calls do not finish for calls. */
const tidied = (events: Sparse): Sparse => {
  const numbers = new Map<string, number>()
  const started = new Map<number, number>()
  const calling = new Set<number>()
  for (const event of present(events)) {
    if (event.type !== "block-start") continue
    const index = started.get(event.choice) ?? 0
    numbers.set(`${event.choice}/${event.index}`, index)
    started.set(event.choice, index + 1)
    if (event.kind === "tool-call") calling.add(event.choice)
  }
  return events.map((event) => {
    const index = numbers.get(blockOf(event) ?? "")
    if (event !== undefined && "index" in event && event.index !== undefined) return index === undefined ? undefined : { ...event, index }
    return event?.type === "finish" && event.reason === "tool-calls" && !calling.has(event.choice) ? { ...event, reason: "stop" } : event
  })
}

const isLegal = (events: Sparse): boolean => {
  const state = Grammar.check(Grammar.initial, present(events))
  return !Grammar.isViolation(state) && state.phase === "ended"
}

const without = (events: Sparse, goes: (event: CanonicalEvent, index: number) => boolean): Sparse =>
  tidied(events.map((event, index) => event === undefined || goes(event, index) ? undefined : event))

/** What restates a block would contradict a shorter one. */
const unrestated = (events: Sparse, block: string | undefined): Sparse =>
  events.map((event) => event?.type === "block-end" && event.final !== undefined && blockOf(event) === block ? bareEnd(event) : event)

const bareEnd = (event: BlockEndEvent): BlockEndEvent => Struct.omit(event, ["final"])

const textTypes = new Set(["text-delta", "reasoning-delta", "tool-arguments-delta"])

type TextEvent = Extract<CanonicalEvent, { readonly type: "text-delta" | "reasoning-delta" | "tool-arguments-delta" }>

const isText = (event: CanonicalEvent | undefined): event is TextEvent => event !== undefined && textTypes.has(event.type)

/** Shorter texts, never cut inside a character; arguments stay an object where they were one. */
const shorter = ({ text, type }: TextEvent): ReadonlyArray<string> => {
  const points = [...text]
  const half = points.slice(0, points.length >> 1).join("")
  const plain = type === "tool-arguments-delta" ? ["{}", "x"] : ["x"]
  return [...plain, half, points.slice(1).join(""), points.slice(0, -1).join("")].filter((less) => less !== "" && less.length < text.length)
}

/** Facts that an event need not have. */
const optional: { readonly [type: string]: ReadonlyArray<string> } = {
  start: ["id", "model", "created"],
  finish: ["raw", "stop", "details"],
  "block-start": ["item", "partIndex", "form"],
  "block-end": ["final"],
  "media-delta": ["transcript", "data", "mime", "partialIndex"]
}

function* smallerSparse(events: Sparse): Generator<Sparse> {
  const choices = new Set(events.flatMap((event) => choiceOf(event) ?? []))
  for (const choice of choices) if (choices.size > 1) yield without(events, (event) => choiceOf(event) === choice)
  const [only] = choices
  if (choices.size === 1 && only !== 0) yield events.map((event) => event !== undefined && "choice" in event ? { ...event, choice: 0 } : event)
  const blocks = new Set(events.flatMap((event) => blockOf(event) ?? []))
  for (const block of blocks) yield without(events, (event) => blockOf(event) === block)
  for (const [index, event] of events.entries()) if (event !== undefined) yield unrestated(without(events, (_, at) => at === index), blockOf(event))
  for (const [index, event] of events.entries()) {
    if (!isText(event)) continue
    const next = events.findIndex((other, at) => at > index && other?.type === event.type && blockOf(other) === blockOf(event))
    const other = events[next]
    if (isText(other)) yield events.with(index, { ...event, text: event.text + other.text }).with(next, undefined)
    for (const text of shorter(event)) yield unrestated(events.with(index, { ...event, text }), blockOf(event))
  }
  for (const [index, event] of events.entries()) {
    if (event?.type === "finish" && event.reason !== "stop" && event.reason !== "tool-calls") {
      yield tidied(events.with(index, { type: "finish", choice: event.choice, reason: "tool-calls" }))
    }
    for (const key of optional[event?.type ?? ""] ?? []) {
      // A key that every event of the type may lack
      if (event !== undefined && key in event) yield events.with(index, Struct.omit(event, [key as keyof typeof event]) as CanonicalEvent)
    }
  }
}

/** Smaller legal sequences of events. */
export function* smallerEvents(events: ReadonlyArray<CanonicalEvent>): Generator<ReadonlyArray<CanonicalEvent>> {
  for (const less of smallerSparse(events)) if (isLegal(less)) yield present(less)
}

/** Smaller frames of a legal sequence: one event each, then with fewer or shorter events. Frames of a wire are left as they are. */
export function* smallerFrames(frames: ReadonlyArray<Frame>): Generator<ReadonlyArray<Frame>> {
  if (frames.some(({ wire }) => wire !== undefined)) return
  if (frames.some(({ events }) => events.length > 1)) yield frames.flatMap(({ events }) => events.map((event) => ({ events: [event] })))
  const owners = frames.flatMap(({ events }, index) => events.map(() => index))
  for (const less of smallerSparse(frames.flatMap(({ events }) => events))) {
    if (!isLegal(less)) continue
    const grouped = frames.map((_, index) => ({ events: present(less.filter((__, at) => owners[at] === index)) }))
    yield grouped.filter(({ events }) => events.length > 0)
  }
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } => typeof value === "object" && value !== null && !Array.isArray(value)

const isEvent = (value: unknown): value is CanonicalEvent => isRecord(value) && typeof value["type"] === "string" && Object.hasOwn(Grammar.rules, value["type"])

const isFrame = (value: unknown): value is Frame => isRecord(value) && Array.isArray(value["events"]) && value["events"].every(isEvent)

/** Keys of a law's value that hold lists of which any may go: cuts of bytes, disturbances. */
const lists = new Set(["shares", "unknown", "wounds"])

function* smallerInside(value: unknown, key?: string): Generator<unknown> {
  if (Array.isArray(value)) {
    if (value.length === 0) return
    if (value.every(isFrame)) yield* smallerFrames(value)
    else if (value.every(isEvent)) yield* smallerEvents(value)
    else if (key !== undefined && lists.has(key)) { for (const index of value.keys()) yield value.toSpliced(index, 1) }
    return
  }
  if (!isRecord(value)) return
  for (const [name, inner] of Object.entries(value)) for (const less of smallerInside(inner, name)) yield { ...value, [name]: less }
}

/** Values a little smaller than what a law was given, as far as there are streams, cuts and disturbances in it. */
export function* smaller<A>(value: A): Generator<A> {
  // Each proposal has the shape of the value: only lists got shorter and texts in events shorter.
  for (const less of smallerInside(value)) yield less as A
}

/** The smallest value found that still fails, looking at no more than `most` proposals. */
export const smallest = <A>(value: A, fails: (value: A) => boolean, most: number): A => {
  let current = value
  let left = most
  const next = (): A | undefined => {
    for (const less of smaller(current)) {
      if (left-- <= 0) return undefined
      if (fails(less)) return less
    }
    return undefined
  }
  for (let less = next(); less !== undefined; less = next()) current = less
  return current
}
