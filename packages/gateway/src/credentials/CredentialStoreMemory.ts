/** A store of credentials in this process: for tests, and for a gateway that is logged in anew at every start. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CredentialStore, type Lease, type Place, type StoredCredential } from "./CredentialStore.ts"

interface Held {
  readonly record: StoredCredential
  readonly lease?: { readonly owner: string; readonly until: number }
}

const nameOf = ({ id, provider }: Place): string => JSON.stringify([provider, id])

/** An empty store. */
export const make = (clock: Clock.Clock): CredentialStore["Service"] => {
  const held = new Map<string, Held>()
  return CredentialStore.of({
    list: Effect.sync(() => [...held.values()].map(({ record }) => record).toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : 1)),
    find: (place) => Effect.sync(() => held.get(nameOf(place))?.record),
    write: (record, after) =>
      Effect.sync(() => {
        if (held.get(nameOf(record))?.record.version !== after) return false
        held.set(nameOf(record), { record })
        return true
      }),
    remove: (place) => Effect.sync(() => held.delete(nameOf(place))),
    lease: ({ forMs, owner, version, ...place }) =>
      Effect.sync((): Lease => {
        const now = clock.currentTimeMillisUnsafe()
        const found = held.get(nameOf(place))
        if (found === undefined) return { _tag: "Missing" }
        if (found.record.version !== version) return { _tag: "Newer", record: found.record }
        const { lease } = found
        if (lease !== undefined && lease.until > now && lease.owner !== owner) return { _tag: "Busy", leftMs: lease.until - now }
        held.set(nameOf(place), { record: found.record, lease: { owner, until: now + forMs } })
        return { _tag: "Leased" }
      }),
    release: ({ owner, version, ...place }) =>
      Effect.sync(() => {
        const found = held.get(nameOf(place))
        if (found?.lease?.owner === owner && found.record.version === version) held.set(nameOf(place), { record: found.record })
      })
  })
}

/** An empty store in this process. */
export const layer: Layer.Layer<CredentialStore> = Layer.effect(CredentialStore, Clock.clockWith((clock) => Effect.sync(() => make(clock))))
