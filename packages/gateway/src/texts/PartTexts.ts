/**
 * Changes the texts of parts, whoever speaks: words, arguments of calls, results of tools, documents. Left alone are pictures and sound,
 * addresses of files, thinking that carries a proof, and what only one protocol knows, whose texts may be ciphers. A part in which
 * nothing changes is the same object as before.
 */
import type { Part, Source } from "@sluice/protocol/CanonicalPart"
import { isObject, type Json } from "@sluice/protocol/Wire"
import type { Passage } from "./Passage.ts"

/** What becomes of one text. */
export type Change = (text: string, passage: Passage) => string

/** The list with every item changed; the same list where none was. */
export const each = <A>(items: ReadonlyArray<A>, change: (item: A) => A): ReadonlyArray<A> => {
  const changed = items.map(change)
  return changed.some((item, index) => item !== items[index]) ? changed : items
}

/** The texts of a JSON value; names stay. */
const json = (value: Json, change: Change): Json => {
  if (typeof value === "string") return change(value, "text")
  if (Array.isArray(value)) return each<Json>(value, (item) => json(item, change))
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, json(inner, change)] as const)
  return entries.some(([key, inner]) => inner !== value[key]) ? Object.fromEntries(entries) : value
}

const source = (given: Source, change: Change): Source => {
  if (given.type === "text") {
    const text = change(given.text, "text")
    return text === given.text ? given : { ...given, text }
  }
  if (given.type !== "parts") return given
  const parts = each(given.parts, (part) => of(part, change))
  return parts === given.parts ? given : { ...given, parts }
}

const optional = (text: string | undefined, change: Change): string | undefined => text === undefined ? undefined : change(text, "text")

/** The part with its texts changed. */
export const of = (part: Part, change: Change): Part => {
  switch (part.type) {
    case "text":
    case "refusal": {
      const text = change(part.text, "text")
      return text === part.text ? part : { ...part, text }
    }
    case "reasoning": {
      if (part.signature !== undefined || part.encrypted !== undefined) return part
      const text = change(part.text, "reasoning")
      return text === part.text ? part : { ...part, text }
    }
    case "tool-call": {
      const text = change(part.arguments, part.kind === "function" ? "arguments" : "text")
      return text === part.arguments ? part : { ...part, arguments: text }
    }
    case "tool-result": {
      const parts = each(part.parts, (inner) => of(inner, change))
      return parts === part.parts ? part : { ...part, parts }
    }
    case "json": {
      const value = json(part.value, change)
      return value === part.value ? part : { ...part, value }
    }
    case "image":
    case "document":
    case "audio":
    case "video": {
      const changed = {
        source: source(part.source, change),
        title: optional(part.title, change),
        context: optional(part.context, change),
        transcript: optional(part.transcript, change)
      }
      const isSame = changed.source === part.source && changed.title === part.title && changed.context === part.context &&
        changed.transcript === part.transcript
      return isSame ? part : {
        ...part,
        source: changed.source,
        ...(changed.title === undefined ? {} : { title: changed.title }),
        ...(changed.context === undefined ? {} : { context: changed.context }),
        ...(changed.transcript === undefined ? {} : { transcript: changed.transcript })
      }
    }
    case "foreign":
      return part
  }
}
