/**
 * All credentials by provider and id: what is configured joined with what is stored. Gives the lists that executors take, which are
 * made when something changes and never per request.
 */
import type { Credential } from "../Credential.ts"
import { type ConfiguredCredential, type CredentialProvider, make as makeProvider } from "../credentials/CredentialProvider.ts"
import type { Place } from "../credentials/CredentialStore.ts"
import { type Kept, kindOf, nameOf, type Settings } from "./Kept.ts"

/** What a stored key is that no configured credential stands for: it is sent, and that is all. */
const stored: CredentialProvider = makeProvider({ source: "stored", kind: "key" })

/** The credentials. */
export interface Pools {
  readonly get: (place: Place) => Kept | undefined
  /** By provider and id. */
  readonly all: () => ReadonlyArray<Kept>
  readonly current: (provider: string) => ReadonlyArray<Credential>
  /** The configured credentials that are logged into. */
  readonly clients: (provider: string) => ReadonlyArray<ConfiguredCredential>
  readonly configured: (place: Place) => ConfiguredCredential | undefined
  /** The one at a place, made where it is missing, with the settings that hold for it now. */
  readonly ensure: (place: Place, like?: string) => Kept
  readonly drop: (place: Place) => void
  /** Takes another configuration; gives those that are no longer in it and are not stored. */
  readonly configure: (credentials: ReadonlyArray<ConfiguredCredential>) => ReadonlyArray<Kept>
  /** Makes the lists anew. */
  readonly refreshLists: () => void
}

const none: ReadonlyArray<Credential> = []

/** Empty pools; `valueOf` makes the value of one. */
export const make = (valueOf: (kept: Kept, settings: Settings) => Credential): Pools => {
  const kept = new Map<string, Kept>()
  let configuration = new Map<string, ConfiguredCredential>()
  let lists = new Map<string, ReadonlyArray<Credential>>()

  const clients = (provider: string): ReadonlyArray<ConfiguredCredential> =>
    [...configuration.values()].filter((each) => each.provider === provider && each.from.logins.length > 0)

  /** The entry whose settings hold: its own, the one it is like, or none. */
  const settingsOf = ({ configured, like, place }: Kept): ConfiguredCredential | undefined =>
    configured ?? (like === undefined ? undefined : configuration.get(nameOf({ provider: place.provider, id: like })))

  /** The value stays the same object as long as what it says stays: exchanges remember which one they have tried. */
  const made = new WeakMap<Kept, { readonly settings: ConfiguredCredential | undefined; readonly kind: Credential["kind"]; readonly value: Credential }>()

  const settle = (one: Kept): Credential => {
    one.configured = configuration.get(nameOf(one.place))
    const settings = settingsOf(one)
    one.from = settings?.from ?? stored
    const kind = kindOf(one)
    const known = made.get(one)
    if (known !== undefined && known.settings === settings && known.kind === kind) return known.value
    const value = valueOf(one, settings)
    made.set(one, { settings, kind, value })
    return value
  }

  const all = (): ReadonlyArray<Kept> => [...kept.values()].toSorted((a, b) => nameOf(a.place) < nameOf(b.place) ? -1 : 1)

  const refreshLists = (): void => {
    const byProvider = new Map<string, Array<Credential>>()
    // Configured ones in the order of the configuration, then what was only stored
    const order = [...configuration.keys()].flatMap((name) => kept.get(name) ?? [])
    for (const one of [...order, ...all().filter(({ place }) => !configuration.has(nameOf(place)))]) {
      const value = settle(one)
      const list = byProvider.get(one.place.provider)
      if (list === undefined) byProvider.set(one.place.provider, [value])
      else list.push(value)
    }
    lists = byProvider
  }

  const ensure = (place: Place, like?: string): Kept => {
    const found = kept.get(nameOf(place))
    if (found !== undefined) {
      found.like = like ?? found.like
      return found
    }
    const one: Kept = {
      place: { provider: place.provider, id: place.id },
      configured: undefined,
      like,
      from: stored,
      material: undefined,
      version: undefined,
      trouble: undefined,
      failures: 0,
      retryAt: undefined,
      jitter: 0,
      lastRefresh: undefined,
      nextRefresh: undefined,
      flight: undefined,
      unsaved: undefined,
      changes: 0
    }
    one.from = settingsOf(one)?.from ?? stored
    kept.set(nameOf(place), one)
    return one
  }

  return {
    get: (place) => kept.get(nameOf(place)),
    all,
    current: (provider) => lists.get(provider) ?? none,
    clients,
    configured: (place) => configuration.get(nameOf(place)),
    ensure,
    drop: (place) => void kept.delete(nameOf(place)),
    configure: (credentials) => {
      configuration = new Map(credentials.map((each) => [nameOf(each), each]))
      for (const each of credentials) ensure(each)
      const gone = [...kept.values()].filter((one) => !configuration.has(nameOf(one.place)) && one.version === undefined)
      for (const one of gone) kept.delete(nameOf(one.place))
      refreshLists()
      return gone
    },
    refreshLists
  }
}
