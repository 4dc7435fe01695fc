/**
 * What differs between two configurations, by names: in lists whose entries have ids the ids, elsewhere the paths of settings. Values are
 * compared and never told. Pure.
 */
import { Equal } from "effect"
import type { Config } from "../Config.ts"
import type { SectionChange } from "./Report.ts"

type Fields = { readonly [name: string]: unknown }

/** A mapping of the file: not a value that is an object, too, as secrets, durations and addresses are. */
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype && !("_tag" in value)

interface Entry {
  readonly id: string
  readonly value: unknown
}

/** The entries of a list by their ids; undefined where they have none. */
const entriesOf = (value: unknown): ReadonlyArray<Entry> | undefined => {
  if (!Array.isArray(value)) return undefined
  const entries = value.flatMap((each): ReadonlyArray<Entry> => isFields(each) && typeof each["id"] === "string" ? [{ id: each["id"], value: each }] : [])
  return entries.length === value.length ? entries : undefined
}

/** Told where the entries are the same and stand in another order, which decides which of two that fit is taken. */
const order = "their order"

const between = (section: string, before: ReadonlyArray<Entry>, after: ReadonlyArray<Entry>): SectionChange => {
  const old = new Map(before.map(({ id, value }) => [id, value]))
  const now = new Set(after.map(({ id }) => id))
  const both = after.filter(({ id }) => old.has(id))
  const isMoved = !Equal.equals(before.filter(({ id }) => now.has(id)).map(({ id }) => id), both.map(({ id }) => id))
  return {
    section,
    added: after.filter(({ id }) => !old.has(id)).map(({ id }) => id),
    removed: before.filter(({ id }) => !now.has(id)).map(({ id }) => id),
    changed: [...both.filter(({ id, value }) => !Equal.equals(old.get(id), value)).map(({ id }) => id), ...(isMoved ? [order] : [])]
  }
}

/** The settings that differ, by their paths. */
const differing = (path: string, before: unknown, after: unknown): ReadonlyArray<string> => {
  if (Equal.equals(before, after)) return []
  if (!isFields(before) || !isFields(after)) return [path]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => differing(`${path}.${key}`, before[key], after[key]))
}

/** The differences, in the order of the sections. */
export const of = (before: Config, after: Config): ReadonlyArray<SectionChange> => {
  const left: Fields = before
  const right: Fields = after
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((section): ReadonlyArray<SectionChange> => {
    if (Equal.equals(left[section], right[section])) return []
    const old = entriesOf(left[section])
    const now = entriesOf(right[section])
    return [
      old === undefined || now === undefined
        ? { section, added: [], removed: [], changed: differing(section, left[section], right[section]) }
        : between(section, old, now)
    ]
  })
}

/** The same as one list of names, for what waits for a restart. */
export const names = (changes: ReadonlyArray<SectionChange>): ReadonlyArray<string> => changes.flatMap(({ changed }) => changed)
