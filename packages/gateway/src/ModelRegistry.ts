/**
 * Which entry serves a model name: an immutable snapshot compiled from entries, aliases and the prefixes of providers, and the service
 * that holds the current one. An exchange takes the snapshot once and keeps it, so a reload never changes an exchange that has begun.
 * It does not order targets (`Planner` does) and knows nothing of keys or health.
 */
import * as Thinking from "@sluice/protocol/Thinking"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { compile, served } from "./internal/compileModels.ts"
import type { GlobIndex } from "./internal/globIndex.ts"
import { aliasProblems, validateEntries } from "./internal/validateEntries.ts"
import type { Wildcards } from "./internal/wildcards.ts"
import type { ModelAlias, ModelEntry, ProviderNaming } from "./ModelEntry.ts"
import type { ProviderId } from "./ProviderId.ts"

/**
 * One thing wrong with the entries; `path` leads from the list of entries to the offending value, for instance `[0, "targets", 1, "provider"]`,
 * or from the list of aliases where `list` says so.
 */
export const ModelProblem = Schema.Struct({
  list: Schema.optionalKey(Schema.Literals(["aliases"])),
  path: Schema.Array(Schema.Union([Schema.String, Schema.Int])),
  message: Schema.String
})

/** The type of `ModelProblem`. */
export type ModelProblem = typeof ModelProblem.Type

const placeOf = ({ list, path }: ModelProblem): string => `${list ?? "models"}${path.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`).join("")}`

/** The entries cannot form a registry; all problems are listed, not only the first. */
export class ModelRegistryError extends Schema.TaggedError<ModelRegistryError>()("ModelRegistryError", { problems: Schema.Array(ModelProblem) }) {
  override get message() {
    return this.problems.map((problem) => `${placeOf(problem)}: ${problem.message}`).join("\n")
  }
}

/** What names models beside the entries. */
export interface Naming {
  readonly aliases?: ReadonlyArray<ModelAlias>
  readonly providers?: ReadonlyMap<ProviderId, ProviderNaming>
  /** More entries may come, from the lists of providers: an alias or a fallback whose model is not there is left out and no problem. */
  readonly isOpen?: boolean
}

/** The compiled entries; a value, never changed after `make`. */
export interface Snapshot {
  /** The entries as given, in their order. */
  readonly entries: ReadonlyArray<ModelEntry>
  /** What serves each name that clients may use: entries, those names with prefixes, and aliases. */
  readonly exact: ReadonlyMap<string, ModelEntry>
  /** Names that lead somewhere and that clients may not use, because an alias took their place. */
  readonly hidden: ReadonlyMap<string, ModelEntry>
  readonly globs: GlobIndex<ModelEntry>
  /** What each provider does not serve. */
  readonly excluded: ReadonlyMap<ProviderId, Wildcards>
}

/** The entry a model name leads to. */
export interface Route {
  /** The name that was asked for, without its suffix for thinking. */
  readonly model: string
  readonly entry: ModelEntry
  /** What the `*` of the entry's id matched; absent when the id is an exact name. */
  readonly star?: string
  /** What the suffix of the name says (`model(high)`); absent without one, and where it says nothing that is known. */
  readonly effort?: Thinking.Effort
}

/** Longer names are nobody's: what clients send must not fill what remembers names. */
const longestName = 1024

/**
 * Compiles entries into a snapshot. Fails with every problem found: unknown provider, unknown fallback, fallback cycle, weight that is not a
 * positive finite number, duplicate id, more than one `*`, a `*` in a target whose entry has none, no targets, empty names, a limit that is
 * no whole number above zero, an alias of nothing or of what is taken.
 */
export const make = (
  entries: ReadonlyArray<ModelEntry>,
  providers: Iterable<ProviderId>,
  naming: Naming = {}
): Result.Result<Snapshot, ModelRegistryError> => {
  const snapshot = compile(entries, naming)
  const entryOf = (model: string) => Option.getOrUndefined(resolveAny(snapshot, model))?.entry
  const problems = [
    ...validateEntries(entries, new Set(providers), entryOf, naming.isOpen === true),
    ...aliasProblems(entries, naming.aliases ?? [], entryOf, naming.isOpen === true)
  ]
  return problems.length === 0 ? Result.succeed(snapshot) : Result.fail(new ModelRegistryError({ problems }))
}

type Find = (snapshot: Snapshot, model: string) => Option.Option<Route>

/** A name that ends in parentheses is that of an entry which has such a name itself, else the name before them with a suffix for thinking. */
const withSuffix = (find: Find, snapshot: Snapshot, model: string): Option.Option<Route> => {
  if (model.length > longestName) return Option.none()
  const whole = find(snapshot, model)
  const suffixed = Thinking.suffixed(model)
  if (suffixed === undefined || (Option.isSome(whole) && whole.value.entry.id.includes("("))) return whole
  const { effort } = suffixed
  return find(snapshot, suffixed.name).pipe(
    Option.map((route) => effort === undefined ? route : { ...route, effort }),
    Option.orElse(() => whole)
  )
}

/**
 * The route of a model name: the entry of exactly that id, else the first entry whose glob matches. What it costs does not grow with
 * the number of entries. A glob's targets that do not serve the name are left out of its entry.
 */
export const resolve = (snapshot: Snapshot, model: string): Option.Option<Route> => withSuffix(visible, snapshot, model)

/** As `resolve`, for names that need not be those of clients: an alias that took a name's place does not stand in the way. */
export const resolveAny = (snapshot: Snapshot, model: string): Option.Option<Route> => withSuffix(any, snapshot, model)

const visible: Find = (snapshot, model) => {
  const exact = snapshot.exact.get(model)
  if (exact !== undefined) return Option.some({ model, entry: exact })
  if (snapshot.hidden.has(model)) return Option.none()
  const found = snapshot.globs(model)
  const entry = found === undefined ? undefined : served(snapshot.excluded, found.value, model, found.star)
  return found === undefined || entry === undefined ? Option.none() : Option.some({ model, entry, star: found.star })
}

const any: Find = (snapshot, model) => {
  const hidden = snapshot.hidden.get(model)
  return hidden === undefined ? visible(snapshot, model) : Option.some({ model, entry: hidden })
}

/** The entries that name one model, as a model list shows them; globs are left out, since they name no model. */
export const list = (snapshot: Snapshot): ReadonlyArray<ModelEntry> => Array.from(snapshot.exact.values())

/** Holds the snapshot in use. */
export class ModelRegistry extends Context.Service<ModelRegistry, {
  /** The snapshot in use now; take it once per exchange. */
  readonly current: () => Snapshot
  /** Puts a new snapshot in place for exchanges that begin from now on; gives the one it replaced. */
  readonly swap: (next: Snapshot) => Effect.Effect<Snapshot>
  /** How often an entry whose targets are taken in turn was planned before. */
  readonly turn: (entry: ModelEntry) => number
}>()("@sluice/gateway/ModelRegistry") {}

/** Holds a snapshot until another is put in its place. */
export const hold = (snapshot: Snapshot): ModelRegistry["Service"] => {
  // One assignment is atomic here, and readers on the hot path need no Effect
  let current = snapshot
  // By id: the entries of the next snapshot are other objects and go on where these stopped
  const turns = new Map<string, number>()
  return {
    current: () => current,
    swap: (next) =>
      Effect.sync(() => {
        const previous = current
        current = next
        return previous
      }),
    turn: ({ id }) => {
      const turn = turns.get(id) ?? 0
      turns.set(id, turn + 1)
      return turn
    }
  }
}

/** A registry that begins with this snapshot. */
export const layer = (snapshot: Snapshot): Layer.Layer<ModelRegistry> => Layer.sync(ModelRegistry, () => ModelRegistry.of(hold(snapshot)))
