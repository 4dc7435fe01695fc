/**
 * What counts as not being there in a parsed file: a key without a value, and what is turned off by an empty text.
 * So `redis: { url: "${REDIS_URL:-}" }` is off where the variable is unset, without another switch.
 */

/** Sections that are off when this text of theirs is empty. */
const offWithout: ReadonlyArray<readonly [section: string, key: string]> = [["redis", "url"], ["otlp", "url"]]

/** Secrets that are absent when they are empty. */
const absentWhenEmpty: ReadonlyArray<readonly [section: string, key: string]> = [["auth", "adminToken"], ["ledger", "signingKey"], ["replay", "key"], [
  "credentials",
  "secret"
]]

/** The parsed file without what counts as absent. */
export const dropAbsent = (file: unknown): unknown => {
  const root = dropNulls(file)
  if (!isMapping(root)) return root
  const isEmpty = ([section, key]: readonly [string, string]) => {
    const value = root[section]
    return isMapping(value) && value[key] === ""
  }
  const off = offWithout.filter(isEmpty).map(([section]) => section)
  const emptied = absentWhenEmpty.filter(isEmpty)
  return mapEntries(root, (name, value) => {
    if (off.includes(name)) return undefined
    const keys = emptied.filter(([section]) => section === name).map(([, key]) => key)
    return keys.length > 0 && isMapping(value) ? mapEntries(value, (key, inner) => keys.includes(key) ? undefined : inner) : value
  })
}

// internal

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value)

/** The mapping with every value replaced; undefined takes the key out. */
const mapEntries = (mapping: Readonly<Record<string, unknown>>, change: (key: string, value: unknown) => unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key, change(key, value)] as const).filter(([, value]) => value !== undefined))

const dropNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(dropNulls)
  return isMapping(value) ? mapEntries(value, (_, inner) => inner === null ? undefined : dropNulls(inner)) : value
}
