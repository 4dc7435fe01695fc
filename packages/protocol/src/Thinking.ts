/**
 * How much a model should think, and what a model can be told of it: the one table of levels and budgets, the rules by which an
 * effort is fitted to a model, and the suffix of a model's name that says an effort. Pure; the dialects write what comes out.
 */
import type { ReasoningIntent } from "./CanonicalRequest.ts"

/** How much to think: a budget of tokens, a level, as much as the model likes, or not at all. */
export type Effort = NonNullable<ReasoningIntent["effort"]>

/** The levels there are, lowest first, with the tokens each stands for. */
const table = [["minimal", 512], ["low", 1024], ["medium", 8192], ["high", 24_576], ["xhigh", 32_768], ["max", 128_000]] as const

/** The names of the levels, lowest first. */
export const levels: ReadonlyArray<string> = table.map(([level]) => level)

/** What an effort of the model's own choice is for a model that cannot choose. */
const medium = "medium"

const rank = (level: string): number => levels.indexOf(level)

/** Tokens a level stands for; those of `medium` for a level that is not in the table. */
export const budgetOf = (level: string): number => table[rank(level)]?.[1] ?? 8192

/** The level that stands for a budget of tokens: the lowest that is as large, and `xhigh` for all above `high`. */
export const levelOf = (tokens: number): string => table.slice(0, 4).find(([, bound]) => tokens <= bound)?.[0] ?? "xhigh"

/** The allowed level nearest to a level, the lower of two that are as near; a level that is not in the table counts as `medium`. */
export const nearest = (level: string, allowed: ReadonlyArray<string>): string => {
  if (allowed.includes(level)) return level
  const wanted = rank(level) === -1 ? rank(medium) : rank(level)
  const known = allowed.filter((one) => rank(one) !== -1).toSorted((left, right) => rank(left) - rank(right))
  const [first = allowed[0] ?? level, ...others] = known
  return others.reduce((best, one) => Math.abs(rank(one) - wanted) < Math.abs(rank(best) - wanted) ? one : best, first)
}

/** What a number of tokens says: 0 is not to think, less is as much as the model likes. */
export const ofTokens = (tokens: number): Effort => tokens === 0 ? { mode: "none" } : tokens < 0 ? { mode: "auto" } : { mode: "budget", tokens }

/** What a model can be told about thinking. */
export interface Limits {
  /** Whether it takes budgets, levels, both, or does not think at all. */
  readonly kind: "budget" | "level" | "hybrid" | "none"
  /** The smallest budget in tokens; absent = 1. */
  readonly min?: number
  /** The largest budget in tokens; absent = no bound. */
  readonly max?: number
  /** The levels it takes; absent = every level, also those nobody has heard of. */
  readonly levels?: ReadonlyArray<string>
  /** Whether it can decide by itself how much to think; absent = yes. */
  readonly dynamic?: boolean
  /** Whether it can be told not to think; absent = yes. */
  readonly canDisable?: boolean
}

/**
 * An effort as a model takes it. `converted`: said in the model's own way, level for budget or the reverse, or the least where it
 * cannot do without. `clamped`: the model does not take this very budget or level, but another. `dropped`: it does not think.
 */
export interface Fitted {
  readonly effort: Effort | undefined
  readonly how: "kept" | "converted" | "clamped" | "dropped"
}

const clamp = (tokens: number, { max, min }: Limits): number => Math.max(1, min ?? 1, Math.min(max ?? Number.MAX_SAFE_INTEGER, tokens))

const withBudget = (tokens: number, limits: Limits, how: Fitted["how"]): Fitted => {
  const fitted = clamp(tokens, limits)
  return { effort: { mode: "budget", tokens: fitted }, how: fitted === tokens || how === "converted" ? how : "clamped" }
}

const withLevel = (level: string, limits: Limits, how: Fitted["how"]): Fitted => {
  const fitted = limits.levels === undefined ? level : nearest(level, limits.levels)
  return { effort: { mode: "level", level: fitted }, how: fitted === level || how === "converted" ? how : "clamped" }
}

/** The middle of the range where both ends are known, else what `medium` stands for. */
const chosen = (limits: Limits): Fitted => {
  if (limits.kind !== "budget") return withLevel(medium, limits, "converted")
  const { max, min } = limits
  return withBudget(min === undefined || max === undefined ? budgetOf(medium) : Math.floor((min + max) / 2), limits, "converted")
}

const least = (limits: Limits): Fitted => limits.kind === "budget" ? withBudget(0, limits, "converted") : withLevel("minimal", limits, "converted")

/** Fits an effort to what a model takes. Fitting what was fitted changes nothing. */
export const fit = (effort: Effort, limits: Limits): Fitted => {
  if (limits.kind === "none") return { effort: undefined, how: "dropped" }
  switch (effort.mode) {
    case "auto":
      return limits.dynamic === false ? chosen(limits) : { effort, how: "kept" }
    case "none":
      return limits.canDisable === false ? least(limits) : { effort, how: "kept" }
    case "budget":
      return limits.kind === "level" ? withLevel(levelOf(effort.tokens), limits, "converted") : withBudget(effort.tokens, limits, "kept")
    case "level":
      return limits.kind === "budget" ? withBudget(budgetOf(effort.level), limits, "converted") : withLevel(effort.level, limits, "kept")
  }
}

/** A model's name that ends in parentheses: the name before them, and the effort they say; absent where they say something else. */
export interface Suffixed {
  readonly name: string
  readonly effort?: Effort
}

const said = (text: string): Effort | undefined => {
  const word = text.trim().toLowerCase()
  if (word === "none") return { mode: "none" }
  if (word === "auto" || word === "-1") return { mode: "auto" }
  if (rank(word) !== -1) return { mode: "level", level: word }
  return /^\d{1,9}$/.test(word) ? ofTokens(Number(word)) : undefined
}

/** An effort as the suffix of a model's name says it. */
export const toText = (effort: Effort): string => effort.mode === "level" ? effort.level : effort.mode === "budget" ? String(effort.tokens) : effort.mode

/** Reads `model(high)`, `model(8192)`, `model(none)`, `model(auto)` and `model(-1)`; `undefined` for names without such an end. */
export const suffixed = (model: string): Suffixed | undefined => {
  const from = model.endsWith(")") ? model.lastIndexOf("(") : -1
  if (from < 1) return undefined
  const effort = said(model.slice(from + 1, -1))
  return { name: model.slice(0, from), ...(effort === undefined ? {} : { effort }) }
}
