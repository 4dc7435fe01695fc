/**
 * What is known of a model beside its name: how much it reads and writes, of what kinds, what it can be asked. Every fact may be
 * absent, and absent means that nobody said: never zero, never no. Facts come from a configuration, a provider's own list or a
 * catalogue; which goes before which is the gateway's business.
 */
import type * as Thinking from "./Thinking.ts"

/** A kind of content a model reads or writes. */
export type Modality = "text" | "image" | "audio" | "video" | "document"

/** All kinds, in the order in which they are shown. */
export const modalities: ReadonlyArray<Modality> = ["text", "image", "audio", "video", "document"]

/** Facts about one model. */
export interface ModelInfo {
  /** The name for people; not one a request can be made with. */
  readonly displayName?: string
  /** What the model is for, in its maker's words. */
  readonly description?: string
  /** Whoever makes or runs the model. */
  readonly ownedBy?: string
  /** When it was released, in seconds since the epoch. */
  readonly created?: number
  /** Its version, in its provider's own words. */
  readonly version?: string
  /** Tokens of the prompt and the answer together, at most. */
  readonly contextWindow?: number
  /** Tokens of the prompt at most. */
  readonly maxInputTokens?: number
  /** Tokens of the answer at most. */
  readonly maxOutputTokens?: number
  /** What it reads. */
  readonly input?: ReadonlyArray<Modality>
  /** What it writes. */
  readonly output?: ReadonlyArray<Modality>
  /** Whether it can call tools. */
  readonly tools?: boolean
  /** Whether an answer can be held to a JSON schema. */
  readonly structuredOutput?: boolean
  /** What it can be told about thinking: levels, the range of budgets, or that it does not think. */
  readonly thinking?: Thinking.Limits
  /** Whether its provider asks to use another one. */
  readonly deprecated?: boolean
  /** When it was deprecated, in seconds since the epoch. */
  readonly deprecatedAt?: number
  /** When it is, or was, taken out of service, in seconds since the epoch. */
  readonly retiresAt?: number
}

/** The names of all facts, in the order in which they are shown. */
export const facts = [
  "displayName",
  "description",
  "ownedBy",
  "created",
  "version",
  "contextWindow",
  "maxInputTokens",
  "maxOutputTokens",
  "input",
  "output",
  "tools",
  "structuredOutput",
  "thinking",
  "deprecated",
  "deprecatedAt",
  "retiresAt"
] as const satisfies ReadonlyArray<keyof ModelInfo>

/** The facts of several sources as one: of two that say the same thing, the earlier one is believed. */
export const merge = (...sources: ReadonlyArray<ModelInfo | undefined>): ModelInfo =>
  sources.reduceRight<ModelInfo>((merged, source) => source === undefined ? merged : { ...merged, ...source }, {})

const limits = ["contextWindow", "maxInputTokens", "maxOutputTokens"] as const satisfies ReadonlyArray<keyof ModelInfo>

const sameFact = (left: ModelInfo[keyof ModelInfo], right: ModelInfo[keyof ModelInfo]): boolean => JSON.stringify(left) === JSON.stringify(right)

/** What holds whichever of several models answers: what all of them say alike, and the smallest limit where all have one. */
export const common = ([first, ...others]: ReadonlyArray<ModelInfo>): ModelInfo => {
  if (first === undefined || others.length === 0) return first ?? {}
  const alike = Object.fromEntries(facts.flatMap((fact) => {
    const value = first[fact]
    return value !== undefined && others.every((other) => sameFact(other[fact], value)) ? [[fact, value]] : []
  }))
  const smallest = Object.fromEntries(limits.flatMap((limit) => {
    const known = [first, ...others].flatMap((info) => info[limit] ?? [])
    return known.length > others.length ? [[limit, Math.min(...known)]] : []
  }))
  return { ...alike, ...smallest }
}

/** A count out of a provider's list: a whole number above zero; what is none of these says nothing. */
export const countIn = (value: unknown): number | undefined => typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined

/** A text out of a provider's list; an empty one says nothing. */
export const textIn = (value: unknown): string | undefined => typeof value === "string" && value.trim() !== "" ? value : undefined

/** A yes or a no out of a provider's list. */
export const flagIn = (value: unknown): boolean | undefined => typeof value === "boolean" ? value : undefined

/** The last second of the year 9999: what lies beyond it is no date that can be written. */
const lastMoment = 253_402_300_799

/** Whether a number is a moment in seconds since the epoch, and not before or at it. */
export const isMoment = (seconds: number): boolean => Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= lastMoment

/** A moment out of a provider's list, as seconds since the epoch or as a date; the epoch itself is how some say that they do not know. */
export const momentIn = (value: unknown): number | undefined => {
  const seconds = Math.floor(typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) / 1000 : Number.NaN)
  return isMoment(seconds) ? seconds : undefined
}

/** Kinds of content out of a provider's list; words that are no kind of content are left out. */
export const modalitiesIn = (value: unknown): ReadonlyArray<Modality> | undefined => {
  if (!Array.isArray(value)) return undefined
  const said = new Set(value.map((one) => one === "file" || one === "pdf" ? "document" : one))
  const found = modalities.filter((modality) => said.has(modality))
  return found.length === 0 ? undefined : found
}
