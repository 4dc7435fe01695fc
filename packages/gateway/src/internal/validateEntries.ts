/**
 * The checks a list of model entries must pass before it becomes a registry, one small function per rule.
 * Used by `ModelRegistry.make` only; problems are collected, not thrown, so that a person sees them all at once.
 */
import { isMoment, type ModelInfo } from "@sluice/protocol/ModelInfo"
import type { Limits } from "@sluice/protocol/Thinking"
import * as Thinking from "@sluice/protocol/Thinking"
import { fallbackName, type ModelAlias, type ModelEntry, type ModelTarget } from "../ModelEntry.ts"
import type { ModelProblem } from "../ModelRegistry.ts"
import type { ProviderId } from "../ProviderId.ts"
import { isFree } from "./compileModels.ts"
import { starCount } from "./modelGlob.ts"

/** Every problem of the entries, in their order; `entryOf` is how a model name finds its entry, and `isOpen` says that more of them may come. */
export const validateEntries = (
  entries: ReadonlyArray<ModelEntry>,
  providers: ReadonlySet<ProviderId>,
  entryOf: (model: string) => ModelEntry | undefined,
  isOpen = false
): ReadonlyArray<ModelProblem> => {
  const firstAt = new Map<string, number>()
  return entries.flatMap((entry, index) => {
    const problems = [
      ...idProblems(entry, index, firstAt),
      ...(entry.targets.length === 0 ? [problem(["targets"], "an entry needs at least one target")] : []),
      ...thinkingProblems(entry.thinking),
      ...infoProblems(entry.info),
      ...orderProblems(entry),
      ...entry.targets.flatMap((target, at) => targetProblems(entry, target, providers).map((found) => under(["targets", at], found))),
      ...(entry.fallbacks ?? []).flatMap((fallback, at) =>
        fallbackProblems(entry, fallbackName(fallback), entryOf, isOpen).map((found) =>
          under(typeof fallback === "string" ? ["fallbacks", at] : ["fallbacks", at, "model"], found)
        )
      ),
      ...(entry.routes ?? []).flatMap(({ model }, at) => routeProblems(entry, model, entryOf, isOpen).map((found) => under(["routes", at, "model"], found)))
    ]
    return problems.map((found) => under([index], found))
  })
}

const problem = (path: ModelProblem["path"], message: string): ModelProblem => ({ path, message })

const under = (prefix: ModelProblem["path"], found: ModelProblem): ModelProblem => problem([...prefix, ...found.path], found.message)

const idProblems = (entry: ModelEntry, index: number, firstAt: Map<string, number>): ReadonlyArray<ModelProblem> => {
  if (entry.id === "") return [problem(["id"], "an id must not be empty")]
  const earlier = firstAt.get(entry.id)
  if (earlier !== undefined) return [problem(["id"], `the id "${entry.id}" is taken by entry ${earlier} already`)]
  firstAt.set(entry.id, index)
  return starCount(entry.id) > 1 ? [problem(["id"], `"${entry.id}" has more than one *`)] : []
}

const targetProblems = (entry: ModelEntry, target: ModelTarget, providers: ReadonlySet<ProviderId>): ReadonlyArray<ModelProblem> => {
  const problems: Array<ModelProblem> = [...thinkingProblems(target.thinking), ...infoProblems(target.info)]
  if (!providers.has(target.provider)) {
    problems.push(problem(["provider"], `there is no provider "${target.provider}"; known: ${[...providers].join(", ") || "none"}`))
  }
  if (target.model === "") problems.push(problem(["model"], "a model name must not be empty; leave it out to keep the client's name"))
  const stars = starCount(target.model ?? "")
  if (stars > 1) problems.push(problem(["model"], `"${target.model}" has more than one *`))
  if (stars === 1 && starCount(entry.id) === 0) {
    problems.push(problem(["model"], `"${target.model}" has a * but the id "${entry.id}" has none to take its text from`))
  }
  if (target.weight !== undefined && !(target.weight > 0 && Number.isFinite(target.weight))) {
    problems.push(problem(["weight"], `a weight must be a finite number above 0, this is ${target.weight}`))
  }
  return problems
}

const thinkingProblems = (limits: Limits | undefined): ReadonlyArray<ModelProblem> => {
  if (limits === undefined) return []
  const { levels, max, min } = limits
  return [
    ...(min !== undefined && max !== undefined && min > max ? [problem(["thinking", "min"], `the smallest budget ${min} is above the largest, ${max}`)] : []),
    ...(levels?.length === 0 ? [problem(["thinking", "levels"], "name at least one level, or leave it out to allow all")] : [])
  ]
}

const infoProblems = (info: ModelInfo | undefined): ReadonlyArray<ModelProblem> =>
  info === undefined ? [] : [
    ...(["contextWindow", "maxInputTokens", "maxOutputTokens"] as const).flatMap((limit) => {
      const tokens = info[limit]
      return tokens === undefined || (Number.isSafeInteger(tokens) && tokens > 0)
        ? []
        : [problem(["info", limit], `a limit is a whole number above 0, this is ${tokens}; leave out what is not known`)]
    }),
    ...(["created", "deprecatedAt", "retiresAt"] as const).flatMap((date) => {
      const seconds = info[date]
      return seconds === undefined || isMoment(seconds)
        ? []
        : [problem(["info", date], `a date is a whole number of seconds since the epoch, before the year 10000, this is ${seconds}`)]
    })
  ]

const orderProblems = ({ order = "weighted", targets }: ModelEntry): ReadonlyArray<ModelProblem> =>
  order === "weighted" ?
    [] :
    targets.flatMap(({ weight = 1 }, at) =>
      weight === 1 ? [] : [problem(["targets", at, "weight"], `a weight says nothing where the order of targets is "${order}"`)]
    )

/** Every problem of the aliases, in their order. */
export const aliasProblems = (
  entries: ReadonlyArray<ModelEntry>,
  aliases: ReadonlyArray<ModelAlias>,
  entryOf: (model: string) => ModelEntry | undefined,
  isOpen: boolean
): ReadonlyArray<ModelProblem> => {
  if (aliases.length === 0) return []
  const ids = new Map(entries.map((entry) => [entry.id, entry] as const))
  const names = new Set(aliases.map(({ alias }) => alias))
  const pairs = new Set<string>()
  return aliases.flatMap(({ alias, model }, at) => {
    const wrong = (key: "alias" | "model", message: string): ReadonlyArray<ModelProblem> => [{ list: "aliases", path: [at, key], message }]
    const pair = JSON.stringify([alias, model])
    const isRepeated = pairs.has(pair)
    pairs.add(pair)
    if (alias === "") return wrong("alias", "an alias must not be empty")
    if (alias.includes("*")) return wrong("alias", `an alias is one name, "${alias}" has a *`)
    if (Thinking.suffixed(alias) !== undefined) return wrong("alias", `an alias does not end in parentheses, which ask for thinking: "${alias}"`)
    if (!isFree(ids.get(alias))) return wrong("alias", `the name "${alias}" is taken by an entry`)
    if (model.includes("*")) return wrong("model", `an alias leads to one model, "${model}" has a *`)
    if (names.has(model)) return wrong("model", `"${model}" is an alias itself; name the model it leads to`)
    if (isRepeated) return wrong("model", `the alias "${alias}" leads to "${model}" already`)
    return entryOf(model) === undefined && !isOpen ? wrong("model", `no entry serves the model "${model}"`) : []
  })
}

const fallbackProblems = (
  entry: ModelEntry,
  name: string,
  entryOf: (model: string) => ModelEntry | undefined,
  isOpen: boolean
): ReadonlyArray<ModelProblem> => {
  if (name.includes("*")) return [problem([], `a fallback is one model name, "${name}" has a *`)]
  const next = entryOf(name)
  if (next !== undefined && next.id !== name && !next.id.includes("(") && Thinking.suffixed(name) !== undefined) {
    return [problem([], `a fallback thinks as the request asks: leave the suffix of "${name}" out`)]
  }
  if (next === undefined) return isOpen ? [] : [problem([], `no entry serves the fallback "${name}"`)]
  const cycle = wayBack(entry, name, next, entryOf)
  return cycle === undefined ? [] : [problem([], `fallback cycle: ${[entry.id, ...cycle].join(" → ")}`)]
}

const routeProblems = (
  entry: ModelEntry,
  name: string,
  entryOf: (model: string) => ModelEntry | undefined,
  isOpen: boolean
): ReadonlyArray<ModelProblem> => {
  if (name.includes("*")) return [problem([], `requests go on to one model name, "${name}" has a *`)]
  const next = entryOf(name)
  if (next === undefined) return isOpen ? [] : [problem([], `no entry serves "${name}"`)]
  return next === entry ? [problem([], `requests for "${entry.id}" would go on to itself`)] : []
}

/** The names that lead from a fallback back to the entry it belongs to; undefined when there is no way back. */
const wayBack = (
  entry: ModelEntry,
  name: string,
  next: ModelEntry,
  entryOf: (model: string) => ModelEntry | undefined
): ReadonlyArray<string> | undefined => {
  const seen = new Set<ModelEntry>()
  const visit = (at: ModelEntry, way: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (at === entry) return way
    if (seen.has(at)) return undefined
    seen.add(at)
    for (const fallback of at.fallbacks ?? []) {
      const name = fallbackName(fallback)
      const following = entryOf(name)
      const found = following === undefined ? undefined : visit(following, [...way, name])
      if (found !== undefined) return found
    }
    return undefined
  }
  return visit(next, [name])
}
