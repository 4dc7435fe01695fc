/**
 * Which targets and credentials rest, are left out or are probed: a circuit for each, made when something fails and forgotten when it
 * succeeds. What rests was told to, by a provider or a rule, and must not be asked; what is left out only failed too often, and may be
 * asked where there is nothing else. While nothing has failed, asking costs the look at an empty map.
 */
import type { ErrorClass } from "@sluice/protocol/GatewayError"
import { type Credential, type CredentialId, secretOf } from "../Credential.ts"
import type { ProviderId } from "../ProviderId.ts"
import * as Circuit from "./Circuit.ts"

/** What an attempt is made with. */
export interface Place {
  readonly provider: ProviderId
  readonly model: string
  readonly credential: Credential | undefined
}

/** Of what a circuit is: the provider, one of its models, a credential, a credential with a model (as told, or as it failed). */
export type Kind = "provider" | "target" | "credential" | "model" | "outlier"

/** Whether a place may be asked now. */
export type Standing =
  | { readonly _tag: "Ready" }
  /** Its rest is over: the next attempt is the probe. */
  | { readonly _tag: "Due" }
  /** Failed too often: to be asked only where there is nothing else. */
  | { readonly _tag: "LeftOut"; readonly until: number }
  /** Must not be asked; `isProbed` = whether it is well again is being found out. */
  | { readonly _tag: "Resting"; readonly until: number; readonly class: ErrorClass; readonly isProbed: boolean }

/** One circuit as management shows it. */
export interface Shown {
  readonly provider: ProviderId
  readonly model?: string
  readonly credential?: CredentialId
  /** `cooldown`: told to rest. `breaker`: left out because it failed too often. */
  readonly kind: "cooldown" | "breaker"
  /** `counting`: failures in a row, not yet enough. `due`: the next request is the probe. */
  readonly state: "counting" | "resting" | "due" | "probing"
  readonly class: ErrorClass
  readonly remainingMs: number
  readonly failures: number
  readonly openings: number
}

/** Which circuits are meant; absent = whatever it is. */
export interface Which {
  readonly provider?: string
  readonly credential?: string
  readonly model?: string
}

interface Entry {
  readonly kind: Kind
  readonly provider: ProviderId
  readonly model: string | undefined
  readonly credential: CredentialId | undefined
  circuit: Circuit.Circuit
  class: ErrorClass
  /** The secret that was refused: another one was not. */
  secret: string | undefined
}

/** How many circuits are kept: models are named by what clients send. */
const maxEntries = 4096

/** Who reports. */
export interface Report {
  readonly begunAt: number
  /** As {@link Health.admit} gave them. */
  readonly probes: ReadonlyArray<string> | undefined
}

/** The circuits of a gateway. */
export interface Health {
  /** Nothing has failed, so that nobody needs to look. */
  readonly isClear: () => boolean
  readonly standing: (place: Place, now: number) => Standing
  /** Lets an attempt pass; gives the circuits whose probe it is. */
  readonly admit: (place: Place, now: number) => ReadonlyArray<string> | undefined
  readonly failed: (place: Place, kind: Kind, cause: ErrorClass, opening: Circuit.Opening, by: Report, now: number) => void
  /** An answer begins, which ends what rests; whether it holds, which is what breakers ask, shows at its end. */
  readonly answered: (place: Place, by: Report) => void
  readonly succeeded: (place: Place, by: Report) => void
  /** Neither: the client left, or what failed says nothing about the place. */
  readonly released: (by: Report, now: number) => void
  readonly status: (now: number) => ReadonlyArray<Shown>
  /** Forgets circuits, and says how many. */
  readonly reset: (which: Which) => number
}

const kinds: ReadonlyArray<Kind> = ["provider", "target", "credential", "model", "outlier"]
const isRest: { readonly [K in Kind]: boolean } = { provider: true, target: false, credential: true, model: true, outlier: false }
const rests: ReadonlyArray<Kind> = kinds.filter((kind) => isRest[kind])

const ready: Standing = { _tag: "Ready" }
const due: Standing = { _tag: "Due" }

// No id holds a line break
const keyOf = (kind: Kind, { credential, model, provider }: Place): string => {
  switch (kind) {
    case "provider":
      return `p\n${provider}`
    case "target":
      return `t\n${provider}\n${model}`
    case "credential":
      return `c\n${provider}\n${credential?.id ?? ""}`
    case "model":
      return `m\n${provider}\n${credential?.id ?? ""}\n${model}`
    case "outlier":
      return `o\n${provider}\n${credential?.id ?? ""}\n${model}`
  }
}

const hasModel: { readonly [K in Kind]: boolean } = { provider: false, target: true, credential: false, model: true, outlier: true }
const hasCredential: { readonly [K in Kind]: boolean } = { provider: false, target: false, credential: true, model: true, outlier: true }

/** Nothing has failed yet. */
export const make = (): Health => {
  const entries = new Map<string, Entry>()

  /** The entry of a place; what was refused with another secret than there is now is forgotten. */
  const entryOf = (key: string, { credential }: Place): Entry | undefined => {
    const entry = entries.get(key)
    if (entry?.secret === undefined || credential === undefined || secretOf(credential) === entry.secret) return entry
    entries.delete(key)
    return undefined
  }

  /** Only what clients can name any number of is forgotten: a flood of names must not free a refused key. */
  const makeRoom = (): void => {
    if (entries.size < maxEntries) return
    for (const [key, { kind }] of entries) {
      if (!hasModel[kind]) continue
      entries.delete(key)
      return
    }
  }

  const set = (key: string, entry: Entry, circuit: Circuit.Circuit): void => {
    entry.circuit = circuit
    if (circuit.state === "closed" && circuit.failures === 0) entries.delete(key)
  }

  const standing = (place: Place, now: number): Standing => {
    if (entries.size === 0) return ready
    let isDue = false
    let leftOut: Standing | undefined
    let resting: (Standing & { readonly _tag: "Resting" }) | undefined
    for (const kind of kinds) {
      const entry = entryOf(keyOf(kind, place), place)
      if (entry === undefined) continue
      const stands = Circuit.standing(entry.circuit, now)
      if (stands === "due") isDue = true
      if (stands === "free" || stands === "due") continue
      if (!isRest[kind]) leftOut = { _tag: "LeftOut", until: entry.circuit.until }
      else if (resting === undefined || entry.circuit.until > resting.until) {
        resting = { _tag: "Resting", until: entry.circuit.until, class: entry.class, isProbed: stands === "probing" }
      }
    }
    return resting ?? leftOut ?? (isDue ? due : ready)
  }

  const close = (some: ReadonlyArray<Kind>, place: Place, { begunAt, probes }: Report): void => {
    if (entries.size === 0) return
    for (const kind of some) {
      const key = keyOf(kind, place)
      const entry = entryOf(key, place)
      if (entry !== undefined) set(key, entry, Circuit.succeeded(entry.circuit, { begunAt, isProbe: probes?.includes(key) === true }))
    }
  }

  return {
    isClear: () => entries.size === 0,
    standing,
    admit: (place, now) => {
      if (entries.size === 0) return undefined
      let probes: Array<string> | undefined
      for (const kind of kinds) {
        const key = keyOf(kind, place)
        const entry = entryOf(key, place)
        if (entry === undefined || Circuit.standing(entry.circuit, now) !== "due") continue
        entry.circuit = Circuit.probe(entry.circuit, now)
        probes ??= []
        probes.push(key)
      }
      return probes
    },
    failed: (place, kind, cause, opening, { begunAt, probes }, now) => {
      const key = keyOf(kind, place)
      const found = entryOf(key, place)
      if (found === undefined) makeRoom()
      const entry: Entry = found ?? {
        kind,
        provider: place.provider,
        model: hasModel[kind] ? place.model : undefined,
        credential: hasCredential[kind] ? place.credential?.id : undefined,
        circuit: Circuit.closed,
        class: cause,
        secret: undefined
      }
      if (found === undefined) entries.set(key, entry)
      entry.class = cause
      entry.secret = cause === "provider-auth" && place.credential !== undefined ? secretOf(place.credential) : undefined
      set(key, entry, Circuit.failed(entry.circuit, { begunAt, isProbe: probes?.includes(key) === true }, opening, now))
    },
    answered: (place, by) => close(rests, place, by),
    succeeded: (place, by) => close(kinds, place, by),
    released: ({ begunAt, probes }, now) => {
      for (const key of probes ?? []) {
        const entry = entries.get(key)
        if (entry !== undefined) entry.circuit = Circuit.released(entry.circuit, { begunAt, isProbe: true }, now)
      }
    },
    status: (now) =>
      Array.from(entries.values(), ({ circuit, class: cause, credential, kind, model, provider }): Shown => {
        const stands = Circuit.standing(circuit, now)
        return {
          provider,
          ...(model === undefined ? {} : { model }),
          ...(credential === undefined ? {} : { credential }),
          kind: isRest[kind] ? "cooldown" : "breaker",
          state: stands === "free" ? "counting" : stands,
          class: cause,
          remainingMs: stands === "free" ? 0 : Math.max(0, circuit.until - now),
          failures: circuit.failures,
          openings: circuit.openings
        }
      }),
    reset: ({ credential, model, provider }) => {
      let count = 0
      for (const [key, entry] of entries) {
        if (provider !== undefined && entry.provider !== provider) continue
        if (credential !== undefined && entry.credential !== credential) continue
        if (model !== undefined && entry.model !== model) continue
        entries.delete(key)
        count += 1
      }
      return count
    }
  }
}
