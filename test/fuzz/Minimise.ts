/**
 * Makes an input that shows a fault small: events, then keys and elements, then bytes are taken away as long as the same fault
 * still shows. Greedy and bounded; what is left is what a person reads.
 */
import * as Json from "@sluice/protocol/Json"
import { isObject, type Json as JsonValue } from "@sluice/protocol/Wire"
import { Result } from "effect"
import type { Input } from "./Input.ts"

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

const asText = (bytes: Uint8Array): string | undefined => {
  try {
    return text.decode(bytes)
  } catch {
    return undefined
  }
}

/** Values a little simpler than this one, the boldest first. */
function* simpler(value: JsonValue): Generator<JsonValue> {
  if (Array.isArray(value)) {
    if (value.length > 0) yield []
    for (let index = value.length - 1; index >= 0; index--) yield value.toSpliced(index, 1)
    for (const [index, inner] of value.entries()) for (const less of simpler(inner)) yield value.with(index, less)
    return
  }
  if (isObject(value)) {
    const entries = Object.entries(value)
    if (entries.length > 0) yield {}
    for (const [key] of entries) yield Object.fromEntries(entries.filter(([other]) => other !== key))
    for (const [key, inner] of entries) {
      for (const less of simpler(inner)) yield Object.fromEntries(entries.map((entry) => entry[0] === key ? [key, less] : entry))
    }
    return
  }
  if (typeof value === "string" && value !== "") {
    yield ""
    if (value.length > 1) yield value.slice(0, value.length >> 1)
    if (value.length > 1) yield value.slice(1)
  }
  if (typeof value === "number" && value !== 0) yield 0
}

/** Texts a little simpler than this one: one JSON value, or frames of which each may hold one. */
function* simplerText(whole: string): Generator<string> {
  const parsed = Json.parse(whole)
  if (Result.isSuccess(parsed)) {
    if (!Json.isDeeperThan(parsed.success, 200)) { for (const less of simpler(parsed.success)) yield JSON.stringify(less) }
    return
  }
  const frames = whole.split(/(?<=\n\n|\r\n\r\n|\r\r)/)
  for (let size = frames.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < frames.length; at += size) yield frames.toSpliced(at, size).join("")
  }
  for (const [index, frame] of frames.entries()) {
    const data = /^(.*?data: ?)([^\r\n]*)([^]*)$/s.exec(frame)
    const inner = Json.parse(data?.[2] ?? "")
    if (data === null || Result.isFailure(inner) || Json.isDeeperThan(inner.success, 200)) continue
    for (const less of simpler(inner.success)) yield frames.with(index, `${data[1]}${JSON.stringify(less)}${data[3]}`).join("")
  }
}

function* simplerInput(input: Input): Generator<Input> {
  if (input.cuts.length > 0) yield { ...input, cuts: [] }
  if (input.ending !== "eof") yield { ...input, ending: "eof" }
  if (Object.keys(input.headers).length > 0) yield { ...input, headers: {} }
  if (input.status !== 500) yield { ...input, status: 500 }
  const of = (bytes: Uint8Array): Input => ({ ...input, bytes, cuts: input.cuts.filter((cut) => cut < bytes.length) })
  const whole = asText(input.bytes)
  if (whole !== undefined) { for (const less of simplerText(whole)) yield of(encoder.encode(less)) }
  for (let size = input.bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < input.bytes.length; at += size) {
      yield of(new Uint8Array(Buffer.concat([input.bytes.subarray(0, at), input.bytes.subarray(at + size)])))
    }
  }
}

/** The smallest input found that still shows the fault; `shows` is asked at most `budget` times, fewer where an answer takes long. */
export const minimise = (input: Input, shows: (input: Input) => boolean, budget = 3000): Input => {
  let left = input.bytes.length > 50_000 ? budget / 20 : budget
  const next = (from: Input): Input | undefined => {
    for (const less of simplerInput(from)) {
      if (left-- <= 0) return undefined
      if (less.bytes.length <= from.bytes.length && shows(less)) return less
    }
    return undefined
  }
  let smallest = input
  for (let less = next(smallest); less !== undefined; less = next(smallest)) smallest = less
  return smallest
}
