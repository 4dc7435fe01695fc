/**
 * Which entry serves a model name: an immutable snapshot compiled from the configured entries, and the service that holds the current one.
 * An exchange takes the snapshot once and keeps it, so a reload never changes an exchange that has begun.
 * It does not order targets (`Planner` does) and knows nothing of keys or health.
 */
import * as Thinking from "@sluice/protocol/Thinking"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Glob from "./internal/modelGlob.ts"
import { validateEntries } from "./internal/validateEntries.ts"
import type { ModelEntry } from "./ModelEntry.ts"
import type { ProviderId } from "./ProviderId.ts"

/** One thing wrong with the entries; `path` leads from the list of entries to the offending value, for instance `[0, "targets", 1, "provider"]`. */
export const ModelProblem = Schema.Struct({ path: Schema.Array(Schema.Union([Schema.String, Schema.Int])), message: Schema.String })

/** The type of `ModelProblem`. */
export type ModelProblem = typeof ModelProblem.Type

/** The entries cannot form a registry; all problems are listed, not only the first. */
export class ModelRegistryError extends Schema.TaggedError<ModelRegistryError>()("ModelRegistryError", { problems: Schema.Array(ModelProblem) }) {
  override get message() {
    return this.problems.map((problem) => `models${problem.path.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`).join("")}: ${problem.message}`)
      .join("\n")
  }
}

/** The compiled entries; a value, never changed after `make`. */
export interface Snapshot {
  /** The entries as given, in their order. */
  readonly entries: ReadonlyArray<ModelEntry>
  readonly exact: ReadonlyMap<string, ModelEntry>
  readonly globs: ReadonlyArray<{ readonly glob: Glob.ModelGlob; readonly entry: ModelEntry }>
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

/**
 * Compiles entries into a snapshot. Fails with every problem found: unknown provider, unknown fallback, fallback cycle, weight that is not a
 * positive finite number, duplicate id, more than one `*`, a `*` in a target whose entry has none, no targets, empty names.
 */
export const make = (entries: ReadonlyArray<ModelEntry>, providers: Iterable<ProviderId>): Result.Result<Snapshot, ModelRegistryError> => {
  const snapshot = compile(entries)
  const problems = validateEntries(entries, new Set(providers), (model) => Option.getOrUndefined(resolve(snapshot, model))?.entry)
  return problems.length === 0 ? Result.succeed(snapshot) : Result.fail(new ModelRegistryError({ problems }))
}

/**
 * The route of a model name: the entry of exactly that id, else the first entry whose glob matches. Exact names cost the same however many there are.
 * A name that ends in parentheses is that of an entry which has such a name itself, else the name before them with a suffix for thinking.
 */
export const resolve = (snapshot: Snapshot, model: string): Option.Option<Route> => {
  const whole = find(snapshot, model)
  const suffixed = Thinking.suffixed(model)
  if (suffixed === undefined || (Option.isSome(whole) && whole.value.entry.id.includes("("))) return whole
  const { effort } = suffixed
  return find(snapshot, suffixed.name).pipe(
    Option.map((route) => effort === undefined ? route : { ...route, effort }),
    Option.orElse(() => whole)
  )
}

const find = (snapshot: Snapshot, model: string): Option.Option<Route> => {
  const exact = snapshot.exact.get(model)
  if (exact !== undefined) return Option.some({ model, entry: exact })
  for (const { glob, entry } of snapshot.globs) {
    const star = Glob.match(glob, model)
    if (star !== undefined) return Option.some({ model, entry, star })
  }
  return Option.none()
}

/** The entries that name one model, in their order, as a model list shows them; globs are left out, since they name no model. */
export const list = (snapshot: Snapshot): ReadonlyArray<ModelEntry> => Array.from(snapshot.exact.values())

/** Holds the snapshot in use. */
export class ModelRegistry extends Context.Service<ModelRegistry, {
  /** The snapshot in use now; take it once per exchange. */
  readonly current: () => Snapshot
  /** Puts a new snapshot in place for exchanges that begin from now on; gives the one it replaced. */
  readonly swap: (next: Snapshot) => Effect.Effect<Snapshot>
}>()("@sluice/gateway/ModelRegistry") {}

/** Holds a snapshot until another is put in its place. */
export const hold = (snapshot: Snapshot): ModelRegistry["Service"] => {
  // One assignment is atomic here, and readers on the hot path need no Effect
  let current = snapshot
  return {
    current: () => current,
    swap: (next) =>
      Effect.sync(() => {
        const previous = current
        current = next
        return previous
      })
  }
}

/** A registry that begins with this snapshot. */
export const layer = (snapshot: Snapshot): Layer.Layer<ModelRegistry> => Layer.sync(ModelRegistry, () => ModelRegistry.of(hold(snapshot)))

// internal

const compile = (entries: ReadonlyArray<ModelEntry>): Snapshot => {
  const exact = new Map<string, ModelEntry>()
  const globs: Array<{ readonly glob: Glob.ModelGlob; readonly entry: ModelEntry }> = []
  for (const entry of entries) {
    const glob = Glob.compile(entry.id)
    if (glob !== undefined) globs.push({ glob, entry })
    else if (!exact.has(entry.id)) exact.set(entry.id, entry)
  }
  return { entries, exact, globs }
}
