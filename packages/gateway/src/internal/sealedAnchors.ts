/**
 * The keys by which an answer is found again in the client's next request: the ids of its calls, and a digest of what the client
 * saw of it, both together with what the user last said before it. Ids alone would not do, since some providers give none and
 * they are made from the call. Pure functions of canonical values.
 */
import { digest } from "@sluice/protocol/CallIds"
import type { Part, ToolCallPart } from "@sluice/protocol/CanonicalPart"
import { textOf } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"
import { parse } from "@sluice/protocol/Json"
import { isObject, type Json } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"

/** What the client sees of an answer. */
export interface Visible {
  readonly text: string
  readonly calls: ReadonlyArray<Pick<ToolCallPart, "id" | "arguments">>
}

/** What the user says in words in a turn; `undefined` where it is not the user's or has none. */
export const said = ({ parts, role }: Turn): string | undefined => role === "user" ? textOf(parts).trim() || undefined : undefined

/** What the user last said in words. */
export const lastSaid = (turns: ReadonlyArray<Turn>): string => {
  for (let at = turns.length - 1; at >= 0; at--) {
    const turn = turns[at]
    const text = turn === undefined ? undefined : said(turn)
    if (text !== undefined) return text
  }
  return ""
}

/** What a client sees of the parts of an answer. */
export const visible = (parts: ReadonlyArray<Part>): Visible => ({
  text: textOf(parts),
  calls: parts.flatMap((part) => part.type === "tool-call" ? [part] : [])
})

const sorted = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => left < right ? -1 : 1).map(([key, inner]) => [key, sorted(inner)]))
}

/** Arguments that mean the same are the same, however they are written. */
const meant = (text: string): string => {
  const parsed = parse(text.trim() === "" ? "{}" : text)
  return Result.isSuccess(parsed) ? JSON.stringify(sorted(parsed.success)) : text.trim()
}

/** The keys of an answer's calls, one for each. */
export const callKeys = ({ calls }: Visible, said: string): ReadonlyArray<string> => {
  const context = digest(said)
  return calls.map(({ id }) => `c${context}${digest(id)}`)
}

/** The key of an answer as a whole; `undefined` where the client saw nothing of it. */
export const wholeKey = ({ calls, text }: Visible, said: string): string | undefined => {
  const words = text.trim()
  if (words === "" && calls.length === 0) return undefined
  return `w${digest(said)}${digest([words, ...calls.map((call) => meant(call.arguments))].join("\u0000"))}`
}
