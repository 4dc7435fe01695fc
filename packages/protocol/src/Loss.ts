/**
 * What a crossing could not carry. A loss is a value: it names the client's field, the canonical field, and what was done, so
 * that `apply` can say exactly what the other side received.
 */
import * as Pointer from "./Pointer.ts"

/** What was done with the field. */
export type LossReason = "dropped" | "approximated" | "defaulted" | "renamed"

/** One field that a crossing could not carry as it was. */
export interface Loss {
  /** JSON Pointer in the client's body; for `defaulted`, where the field would have been. */
  readonly at: string
  /** JSON Pointer in the canonical model. */
  readonly canonical: string
  readonly reason: LossReason
  /** A `hint` may be lost silently but reported; lost `meaning` refuses the request unless the model entry is lenient. */
  readonly weight: "hint" | "meaning"
  /** The canonical value before; absent for `defaulted`. */
  readonly before?: unknown
  /** The canonical value the other side received; absent for `dropped`. */
  readonly after?: unknown
}

/** Collects the losses of one encoding. Encoders create one, fill it and return its `losses`. */
export interface LossSink {
  readonly losses: ReadonlyArray<Loss>
  readonly add: (loss: Loss) => void
}

/** A new, empty sink. */
export const sink = (): LossSink => {
  const losses: Array<Loss> = []
  return { losses, add: (loss) => void losses.push(loss) }
}

const mutableCopy = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(mutableCopy)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mutableCopy(inner)]))
}

const removed = Symbol("removed by a loss")

const mayHave = (target: unknown, step: string): target is object =>
  typeof target === "object" && target !== null && (!Array.isArray(target) || /^\d+$/.test(step))

/** Own properties only: a key named `__proto__` or `length` is data like any other. */
const has = (target: unknown, step: string): target is object => mayHave(target, step) && Object.hasOwn(target, step)

const assign = (root: unknown, pointer: string, value: unknown): void => {
  const path = Pointer.steps(pointer)
  const last = path.at(-1)
  if (last === undefined) return
  let target: unknown = root
  for (const step of path.slice(0, -1)) {
    if (!has(target, step)) return
    target = Reflect.get(target, step)
  }
  if (!mayHave(target, last)) return
  if (value === undefined && !Array.isArray(target)) Reflect.deleteProperty(target, last)
  else Object.defineProperty(target, last, { value: value === undefined ? removed : value, configurable: true, enumerable: true, writable: true })
}

const prune = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.filter((inner) => inner !== removed).map(prune)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, prune(inner)]))
}

/**
 * The canonical value as the other side received it: dropped fields and elements are gone, the others hold `after`.
 * `foreign` losses (unknown wire keys, which have no canonical field) change nothing.
 */
export const apply = (losses: ReadonlyArray<Loss>, value: unknown): unknown => {
  const copy = mutableCopy(value)
  for (const loss of losses) assign(copy, loss.canonical, loss.reason === "dropped" ? undefined : mutableCopy(loss.after))
  return prune(copy)
}

const maxHeaderLength = 4096

/** The `x-sluice-losses` header: `/logit_bias;dropped, /seed;dropped`, pointers percent-encoded, at most 4 kB, then `+N`. */
export const toHeader = (losses: ReadonlyArray<Loss>): string => {
  const entries = [...new Set(losses.map(toText))]
  let header = ""
  for (const [index, entry] of entries.entries()) {
    const joined = header === "" ? "" : `${header}, `
    if (joined.length + entry.length > maxHeaderLength - 8) return `${joined}+${entries.length - index}`
    header = joined + entry
  }
  return header
}

/** One loss as text: `/logit_bias;dropped`. Half a surrogate pair, which `encodeURI` refuses, becomes U+FFFD. */
export const toText = (loss: Loss): string => `${encodeURI(loss.at.toWellFormed()).replaceAll(",", "%2C").replaceAll(";", "%3B")};${loss.reason}`

/** A response loss, counted under its path with indexes as `*`. */
export interface CountedLoss {
  readonly path: string
  readonly reason: LossReason
  readonly count: number
}

/** Response losses by path and reason, at most 64. */
export const count = (losses: ReadonlyArray<Loss>): ReadonlyArray<CountedLoss> => {
  const counted = new Map<string, CountedLoss>()
  for (const loss of losses) {
    const path = Pointer.pattern(loss.canonical)
    const key = `${path};${loss.reason}`
    const seen = counted.get(key)
    if (seen !== undefined) counted.set(key, { ...seen, count: seen.count + 1 })
    else if (counted.size < 64) counted.set(key, { path, reason: loss.reason, count: 1 })
  }
  return [...counted.values()]
}
