/**
 * From entries, aliases and the prefixes of providers to the names clients may use, each with the one entry that serves it: whatever
 * can be worked out beforehand is an exact name afterwards. Used by `ModelRegistry.make` only; what is wrong is said by
 * `validateEntries`, and what makes no sense is left out here.
 */
import { present } from "@sluice/protocol/Json"
import { fallbackName, type ModelAlias, type ModelEntry, type ModelTarget, type Origin } from "../ModelEntry.ts"
import type { Naming, Snapshot } from "../ModelRegistry.ts"
import type { ProviderId } from "../ProviderId.ts"
import * as GlobIndex from "./globIndex.ts"
import * as Glob from "./modelGlob.ts"
import * as Wildcards from "./wildcards.ts"

type Excluded = ReadonlyMap<ProviderId, Wildcards.Wildcards>

/** What a target is asked for when its entry was asked for by this name. */
export const upstreamName = (target: ModelTarget, name: string, star: string | undefined): string =>
  target.model === undefined ? name : star === undefined ? target.model : Glob.substitute(target.model, star)

/** The entry with the targets that are kept; the entry itself where all are, and none where none is. */
const keeping = (entry: ModelEntry, isKept: (target: ModelTarget) => boolean): ModelEntry | undefined => {
  const targets = entry.targets.filter(isKept)
  return targets.length === 0 ? undefined : targets.length === entry.targets.length ? entry : { ...entry, targets }
}

/** The entry with the targets whose providers serve the name; none where nobody does. */
export const served = (excluded: Excluded, entry: ModelEntry, name: string, star: string | undefined): ModelEntry | undefined =>
  excluded.size === 0 ? entry : keeping(entry, (target) => excluded.get(target.provider)?.(upstreamName(target, name, star)) !== true)

/** The entry at one provider alone, under its prefix. Where it goes on to, and what it falls back to, is not this provider's. */
const withPrefix = (entry: ModelEntry, provider: ProviderId, prefix: string): ModelEntry => {
  const { fallbacks: _, routes: __, ...rest } = entry
  const origin: Origin = { _tag: "Prefix", prefix, provider, model: entry.id }
  const targets = entry.targets.filter((target) => target.provider === provider).map((target) => ({ ...target, model: target.model ?? entry.id }))
  return { ...rest, id: `${prefix}/${entry.id}`, targets, origin }
}

/** A model as a member of an alias: its targets say by themselves what its entry said of them. */
const asMembers = (entry: ModelEntry, name: string, star: string | undefined): ReadonlyArray<ModelTarget> =>
  entry.targets.map((target) =>
    present({ ...target, model: upstreamName(target, name, star), thinking: target.thinking ?? entry.thinking, info: target.info ?? entry.info })
  )

interface Member {
  readonly alias: ModelAlias
  readonly entry: ModelEntry
  readonly targets: ReadonlyArray<ModelTarget>
}

/** What all members fall back to, each once. */
const fallbacksOf = (members: ReadonlyArray<Member>): Pick<ModelEntry, "fallbacks"> => {
  const all = members.flatMap(({ entry: { fallbacks = [] } }) => fallbacks)
  const own = new Set(members.map(({ alias: { model } }) => model))
  const others = all.filter((fallback, at) => {
    const name = fallbackName(fallback)
    return !own.has(name) && all.findIndex((other) => fallbackName(other) === name) === at
  })
  return others.length === 0 ? {} : { fallbacks: others }
}

const aliasEntry = (members: readonly [Member, ...ReadonlyArray<Member>]): ModelEntry => {
  const [{ alias: { alias }, entry: { fallbacks, info, routes, thinking: _, ...entry } }, ...others] = members
  const isPool = others.length > 0
  return {
    ...entry,
    ...fallbacksOf(members),
    // Where one model of a pool goes on to is not where the pool does
    ...(routes === undefined || isPool ? {} : { routes }),
    id: alias,
    targets: members.flatMap(({ targets }) => targets),
    ...(info === undefined || isPool ? {} : { info }),
    ...(isPool ? { order: "turn" as const } : {}),
    ...(entry.forced === true || members.some((member) => member.alias.forced === true) ? { forced: true } : {}),
    origin: { _tag: "Alias", models: members.map(({ alias: { model } }) => model) }
  }
}

const byAlias = (aliases: ReadonlyArray<ModelAlias>): ReadonlyArray<readonly [string, ReadonlyArray<ModelAlias>]> => {
  const groups = new Map<string, Array<ModelAlias>>()
  for (const alias of aliases) {
    const group = groups.get(alias.alias)
    if (group === undefined) groups.set(alias.alias, [alias])
    else group.push(alias)
  }
  return [...groups]
}

/** Whether an alias may have the name: what somebody wrote down keeps it, what was found in a list gives way. */
export const isFree = (entry: ModelEntry | undefined): boolean => entry === undefined || entry.origin?._tag === "Discovered"

/** The globs with prefixes go before the others, but not before one that was written with the prefix. */
const inOrder = (globs: ReadonlyArray<ModelEntry>, prefixed: ReadonlyArray<ModelEntry>): ReadonlyArray<ModelEntry> => {
  if (prefixed.length === 0) return globs
  const prefixes = new Set(prefixed.flatMap(({ origin }) => origin?._tag === "Prefix" ? [`${origin.prefix}/`] : []))
  const isOwn = ({ id }: ModelEntry): boolean => prefixes.has(id.slice(0, id.indexOf("/") + 1))
  return [...globs.filter(isOwn), ...prefixed, ...globs.filter((entry) => !isOwn(entry))]
}

/** The name with its provider's prefix before it already. */
const hasPrefix = (id: string, prefix: string | undefined): boolean => prefix !== undefined && id.startsWith(`${prefix}/`)

type Globs = GlobIndex.GlobIndex<ModelEntry>

const indexOf = (globs: ReadonlyArray<ModelEntry>): Globs =>
  GlobIndex.make(globs.flatMap((value) => {
    const glob = Glob.compile(value.id)
    return glob === undefined ? [] : [{ glob, value }]
  }))

/** A model of a list that a configured glob serves at the same provider: the list adds what is known of it, the rest is as configured. */
const adopted = (entry: ModelEntry, globs: Globs): ModelEntry => {
  const { id, origin, targets: [listed] } = entry
  const found = origin?._tag === "Discovered" ? globs(id) : undefined
  if (found === undefined || listed === undefined || origin === undefined) return entry
  const own = asMembers(found.value, id, found.star)
  if (!own.some(({ model, provider }) => provider === listed.provider && model === listed.model)) return entry
  const targets = own.map((target) =>
    target.provider === listed.provider && target.model === listed.model ? present({ ...target, info: target.info ?? listed.info }) : target
  )
  return present({ ...found.value, operations: found.value.operations ?? entry.operations, id, targets, origin })
}

/** All names. */
export const compile = (entries: ReadonlyArray<ModelEntry>, { aliases = [], providers = new Map() }: Naming): Snapshot => {
  const excluded = new Map(
    Array.from(providers).flatMap(([provider, naming]) =>
      naming.excluded === undefined || naming.excluded.length === 0 ? [] : [[provider, Wildcards.make(naming.excluded)] as const]
    )
  )
  const exact = new Map<string, ModelEntry>()
  const add = (entry: ModelEntry): void => {
    if (!exact.has(entry.id)) exact.set(entry.id, entry)
  }
  const prefixedOf = (entry: ModelEntry): ReadonlyArray<ModelEntry> =>
    providers.size === 0 ? [] : [...new Set(entry.targets.map(({ provider }) => provider))].flatMap((provider) => {
      const prefix = providers.get(provider)?.prefix
      return prefix === undefined || hasPrefix(entry.id, prefix) ? [] : [withPrefix(entry, provider, prefix)]
    })
  const bareOf = (entry: ModelEntry): ModelEntry | undefined =>
    providers.size === 0 ? entry : keeping(entry, ({ provider }) => {
      const naming = providers.get(provider)
      return naming?.forcePrefix !== true || naming.prefix === undefined || hasPrefix(entry.id, naming.prefix)
    })

  const patterns = entries.filter(({ id }) => Glob.starCount(id) > 0)
  const globs = indexOf(inOrder(patterns.flatMap((entry) => bareOf(entry) ?? []), patterns.flatMap(prefixedOf)))
  const prefixed: Array<ModelEntry> = []
  for (const given of entries) {
    if (Glob.starCount(given.id) > 0 || exact.has(given.id)) continue
    const entry = adopted(given, globs)
    const whole = served(excluded, entry, entry.id, undefined)
    if (whole === undefined) continue
    prefixed.push(...prefixedOf(whole))
    const bare = bareOf(whole)
    if (bare !== undefined) add(bare)
  }
  prefixed.forEach(add)

  const memberOf = (alias: ModelAlias): ReadonlyArray<Member> => {
    const known = exact.get(alias.model)
    const found = known === undefined ? globs(alias.model) : undefined
    const entry = known ?? (found === undefined ? undefined : served(excluded, found.value, alias.model, found.star))
    return entry === undefined ? [] : [{ alias, entry, targets: asMembers(entry, alias.model, found?.star) }]
  }
  const hidden = new Map<string, ModelEntry>()
  const named: Array<ModelEntry> = []
  for (const [alias, group] of byAlias(aliases)) {
    const [first, ...others] = group.flatMap(memberOf)
    if (first === undefined || !isFree(exact.get(alias))) continue
    named.push(aliasEntry([first, ...others]))
    for (const { alias: { fork, model }, entry, targets } of [first, ...others]) {
      if (fork === false) hidden.set(model, { ...entry, id: model, targets })
    }
  }
  for (const name of hidden.keys()) exact.delete(name)
  for (const { id, origin } of hidden.size === 0 ? [] : [...exact.values()]) {
    if (origin?._tag !== "Prefix" || !hidden.has(origin.model)) continue
    const gone = exact.get(id)
    if (gone !== undefined) hidden.set(id, gone)
    exact.delete(id)
  }
  for (const entry of named) exact.set(entry.id, entry)
  for (const entry of named) prefixedOf(entry).forEach(add)
  return { entries, exact, hidden, globs, excluded }
}
