/**
 * Mutation of JSON by its structure: keys taken away, doubled, renamed, values of another type, numbers and strings at the edges,
 * nodes of other values in the place of this one's. What JSON.stringify cannot say (1e999, a key twice, very deep nesting) is put
 * in as a mark and written in when the value becomes text.
 */
import { isObject, type Json } from "@sluice/protocol/Wire"
import type { Path, Tree } from "./Corpus.ts"
import type { Random } from "./Random.ts"

/** What mutation takes from elsewhere. */
export interface Donors {
  readonly trees: ReadonlyArray<Tree>
  readonly keys: ReadonlyArray<string>
  readonly words: ReadonlyArray<string>
}

/** Keys that objects inherit, which careless code finds where nobody sent them. */
const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype", "length", "__defineGetter__", "toJSON", "then"] as const

const numbers = [0, -1, 1, -0, 0.5, 1e21, -1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e15, 999, 128, 1.0000000000000002] as const

/** Numbers only text can say. */
const rawNumbers = ["1e999", "-1e999", "123456789012345678901234567890", "1E5", "-0.0", "1e-400"] as const

const strings = [
  "",
  " ",
  "\ud800",
  "a\udc00b",
  "\udbff",
  "\u0000",
  "\r\n\r\ndata: x\n\n",
  "\u2028",
  "[DONE]",
  "null",
  "NaN",
  "-1",
  "1e400",
  "{\"a\":1}",
  "{\"a\":",
  "[[[[",
  "{\"__proto__\":{\"x\":1}}",
  "data:image/png;base64,AAAA",
  "data:,",
  "https://[",
  "../../x",
  "a".repeat(65),
  "𝒳".repeat(40),
  "%",
  "$.a[99999999].b",
  "$['__proto__'].x",
  "#/$defs/x",
  "1.5s",
  "2026-13-45T99:99:99Z",
  "*"
] as const

const mark = "\ue000raw:"
const marked = /"\ue000raw:(\d+)"/g

/** Texts that stand in for themselves: indexed by the number behind the mark. */
const depthOf = (random: Random): number => random.rarely(20) ? 20_000 : random.rarely(100) ? 600 + random.below(100) : 2 + random.below(120)

const nested = (random: Random): string => {
  const depth = depthOf(random)
  return random.chance(50) ? `${"[".repeat(depth)}${"]".repeat(depth)}` : `${"{\"a\":".repeat(depth)}0${"}".repeat(depth)}`
}

/** A mutated value that may hold marks, and the texts behind them. */
interface Draft {
  value: Json
  readonly raws: Array<string>
}

const raw = (draft: Draft, text: string): Json => {
  draft.raws.push(text)
  return `${mark}${draft.raws.length - 1}`
}

const define = (target: { [key: string]: Json }, key: string, value: Json): void => {
  if (key === "__proto__") Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true })
  else target[key] = value
}

const copy = (value: { readonly [key: string]: Json }): { [key: string]: Json } => {
  const made: { [key: string]: Json } = {}
  for (const key of Object.keys(value)) define(made, key, value[key] ?? null)
  return made
}

type Change = (parent: ReadonlyArray<Json> | { readonly [key: string]: Json }, key: string | number) => Json

/** The value with the container of a place changed; the value itself when the place is no more. */
const changed = (value: Json, path: Path, at: number, change: Change): Json => {
  const key = path[at]
  if (key === undefined || typeof value !== "object" || value === null) return value
  if (at === path.length - 1) return change(value, key)
  if (Array.isArray(value)) {
    const inner: Json | undefined = typeof key === "number" ? value[key] : undefined
    return inner === undefined || typeof key !== "number" ? value : value.with(key, changed(inner, path, at + 1, change))
  }
  if (!isObject(value) || typeof key !== "string" || !Object.hasOwn(value, key)) return value
  const made = copy(value)
  define(made, key, changed(value[key] ?? null, path, at + 1, change))
  return made
}

const get = (parent: ReadonlyArray<Json> | { readonly [key: string]: Json }, key: string | number): Json =>
  (Array.isArray(parent) ? parent[Number(key)] : Object.hasOwn(parent, key) ? Reflect.get(parent, key) : null) ?? null

const set = (parent: ReadonlyArray<Json> | { readonly [key: string]: Json }, key: string | number, value: Json): Json => {
  if (Array.isArray(parent)) return Number(key) < parent.length ? parent.with(Number(key), value) : parent
  const made = copy(parent as { readonly [key: string]: Json })
  define(made, String(key), value)
  return made
}

const removed: Change = (parent, key) => {
  if (Array.isArray(parent)) return parent.toSpliced(Number(key), 1)
  const made = copy(parent as { readonly [key: string]: Json })
  delete made[key]
  return made
}

/** A node of another value. */
const donated = (random: Random, { trees }: Donors): Json => {
  const donor = random.from(trees)
  let node: Json = donor?.value ?? null
  for (const key of random.from(donor?.paths ?? []) ?? []) node = typeof node === "object" && node !== null ? get(node, key) : null
  return node
}

const snake = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camel = (key: string): string => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const otherKey = (random: Random, key: string, { keys }: Donors): string => {
  switch (random.below(6)) {
    case 0:
      return random.pick(inherited)
    case 1:
      return key.includes("_") ? camel(key) : snake(key)
    case 2:
      return key.toUpperCase()
    case 3:
      return `${key}\u0000`
    default:
      return random.from(keys) ?? "x"
  }
}

const otherType = (random: Random, value: Json): Json => {
  switch (random.below(10)) {
    case 0:
      return null
    case 1:
      return random.chance(50)
    case 2:
      return random.pick(numbers)
    case 3:
      return ""
    case 4:
      return []
    case 5:
      return {}
    case 6:
      return [value]
    case 7:
      return { v: value }
    case 8:
      return typeof value === "string" ? value.length : String(typeof value === "object" ? "object" : value)
    default:
      return isObject(value) ? Object.values(value) : Array.isArray(value) ? { ...value } : [value, value]
  }
}

const longText = (random: Random): string => random.pick(["x", "é", "\"", "\\", "\n", "😀", "{", "\u0001"]).repeat(random.rarely(100) ? 20_000 : 300)

const otherValue = (random: Random, draft: Draft, value: Json, donors: Donors): Json => {
  switch (random.below(12)) {
    case 0:
    case 1:
      return donated(random, donors)
    case 2:
      return random.pick(strings)
    case 3:
      return random.from(donors.words) ?? ""
    case 4:
      return typeof value === "string" ? value.slice(0, random.below(value.length + 1)) : random.pick(numbers)
    case 5:
      return typeof value === "number" ? random.pick([value + 1, -value, value * 1e9, value + 0.5]) : random.pick(numbers)
    case 6:
      return raw(draft, random.pick(rawNumbers))
    case 7:
      return random.rarely(60) ? raw(draft, nested(random)) : random.rarely(60) ? longText(random) : random.below(20)
    case 8:
      return typeof value === "string" ? value + random.pick(strings) : { [random.pick(inherited)]: value }
    default:
      return otherType(random, value)
  }
}

/** One change of the tree at one of its places. */
const once = (random: Random, draft: Draft, tree: Tree, donors: Donors): void => {
  const path = random.from(tree.paths) ?? []
  if (path.length === 0) {
    if (random.rarely(100)) draft.value = otherValue(random, draft, draft.value, donors)
    return
  }
  const change = ((): Change => {
    switch (random.below(10)) {
      case 0:
      case 1:
        return removed
      case 2:
        return (parent, key) => {
          if (Array.isArray(parent)) {
            const times = random.rarely(2) ? 300 : random.rarely(20) ? 30 : 1 + random.below(3)
            return parent.toSpliced(Number(key), 0, ...Array.from({ length: times }, () => get(parent, key)))
          }
          return set(parent, otherKey(random, String(key), donors), get(parent, key))
        }
      case 3:
        return (parent, key) => {
          if (Array.isArray(parent)) return parent.toReversed()
          const rest = removed(parent, key)
          return isObject(rest) ? set(rest, otherKey(random, String(key), donors), get(parent, key)) : rest
        }
      case 4:
        return (parent, key) => set(parent, Array.isArray(parent) ? key : otherKey(random, String(key), donors), donated(random, donors))
      case 5:
        // A key twice: JSON.parse takes the later one
        return (parent, key) => Array.isArray(parent) ? parent : set(parent, `${mark}twice`, get(parent, key))
      default:
        return (parent, key) => set(parent, key, otherValue(random, draft, get(parent, key), donors))
    }
  })()
  draft.value = changed(draft.value, path, 0, change)
}

const toText = ({ raws, value }: Draft, twice: string): string => {
  const text = JSON.stringify(value)
  if (!text.includes(mark)) return text
  return text.replaceAll(marked, (_, index: string) => raws[Number(index)] ?? "null").replaceAll(`${mark}twice`, twice)
}

/** The text of a value with one to four changes. */
export const mutate = (random: Random, tree: Tree, donors: Donors): string => {
  const draft: Draft = { value: tree.value, raws: [] }
  const times = random.chance(60) ? 1 : 2 + random.below(3)
  for (let time = 0; time < times; time++) once(random, draft, tree, donors)
  return toText(draft, String(random.from(tree.paths)?.at(-1) ?? "type"))
}
