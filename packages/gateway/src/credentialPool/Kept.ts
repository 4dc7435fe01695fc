/**
 * One credential as the pools keep it: where it comes from, what is had, and what went wrong. From it come the value that executors
 * take and the status that may be told. The only place that is changed is here; who changes it is beside it.
 */
import { present } from "@sluice/protocol/Json"
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import { type Credential, CredentialId } from "../Credential.ts"
import type { ConfiguredCredential, CredentialProvider } from "../credentials/CredentialProvider.ts"
import type { CredentialState, CredentialStatus } from "../credentials/CredentialStatus.ts"
import type { Place, StoredCredential } from "../credentials/CredentialStore.ts"
import { type Material, secretOf } from "../credentials/Material.ts"
import { ProviderId } from "../ProviderId.ts"
import * as Due from "./Due.ts"

/** What went wrong, in our own words. */
export interface Trouble {
  readonly reason: string
  readonly isForGood: boolean
}

/** One credential. */
export interface Kept {
  readonly place: Place
  /** Its own entry of the configuration; undefined = it was only stored. */
  configured: ConfiguredCredential | undefined
  /** The entry whose settings a stored one has, by id. */
  like: string | undefined
  /** What it is refreshed and logged in with. */
  from: CredentialProvider
  material: Material | undefined
  /** The version that is stored; undefined = nothing is. */
  version: number | undefined
  trouble: Trouble | undefined
  /** Failures in a row that may pass. */
  failures: number
  /** Not before this time; undefined = whenever it is due. */
  retryAt: number | undefined
  jitter: number
  lastRefresh: number | undefined
  nextRefresh: number | undefined
  /** The refresh that runs; everybody who needs one waits for it. */
  flight: Deferred.Deferred<boolean> | undefined
  /** What could not be stored when it was had. */
  unsaved: { readonly record: StoredCredential; readonly after: number | undefined } | undefined
  /** Counts its changes, so that what was read before one is not taken for newer. */
  changes: number
}

/** The name by which one is found. */
export const nameOf = ({ id, provider }: Place): string => JSON.stringify([provider, id])

/** How its settings take part; a stored one has those of the entry it is like. */
export type Settings = Pick<ConfiguredCredential, "attributes" | "excluded" | "models" | "priority" | "weight"> | undefined

const isExpired = (material: Material, now: number): boolean => material._tag === "OAuth" && material.expiresAt !== undefined && material.expiresAt <= now

/** Whether requests are sent with it. An access token that has ended is tried until its refresh was in vain: the answer asks for one. */
export const isUsable = ({ material, trouble }: Kept, now: number): boolean =>
  material !== undefined && trouble?.isForGood !== true && !(trouble !== undefined && isExpired(material, now))

/** How it is sent. */
export const kindOf = ({ from, material }: Kept): Credential["kind"] => material === undefined ? from.kind : material._tag === "Key" ? "key" : "oauth"

/** The value that executors and schedulers see. It is made anew when its kind or its settings change. */
export const valueOf = (kept: Kept, settings: Settings, now: () => number, renew: Effect.Effect<boolean>): Credential => {
  const { from, place } = kept
  const { headers } = from
  const kind = kindOf(kept)
  return {
    id: CredentialId.make(place.id),
    provider: ProviderId.make(place.provider),
    kind,
    priority: settings?.priority ?? 0,
    weight: settings?.weight ?? 1,
    attributes: settings?.attributes ?? {},
    ...present({ models: settings?.models, excluded: settings?.excluded }),
    secret: () => kept.material === undefined ? undefined : secretOf(kept.material),
    ...(headers === undefined ? {} : { headers: () => headers }),
    isUsable: () => isUsable(kept, now()),
    ...(from.refresh === undefined && from.reloadEveryMs === undefined ? {} : { renew })
  }
}

/** When it is refreshed next; undefined = never by itself. */
export const dueAt = ({ from, jitter, lastRefresh, material, retryAt, trouble }: Kept, timing: Due.Timing): number | undefined => {
  if (from.refresh === undefined || material?._tag !== "OAuth" || trouble?.isForGood === true) return undefined
  const due = Due.at(material, jitter, timing)
  if (due === undefined) return undefined
  return retryAt ?? Math.max(due, lastRefresh === undefined ? 0 : lastRefresh + timing.settleMs)
}

const stateOf = (kept: Kept, now: number, timing: Due.Timing): CredentialState => {
  const { flight, jitter, material, trouble } = kept
  if (flight !== undefined) return "refreshing"
  if (material === undefined) return trouble === undefined ? "logged-out" : "failed"
  if (trouble?.isForGood === true || isExpired(material, now)) return trouble === undefined ? "expiring" : "failed"
  if (material._tag === "Key") return trouble === undefined ? "ok" : "failed"
  const due = Due.at(material, jitter, timing)
  return trouble !== undefined || (due !== undefined && due <= now) ? "expiring" : "ok"
}

/** What may be told. */
export const statusOf = (kept: Kept, now: number, timing: Due.Timing): CredentialStatus => {
  const { from, lastRefresh, material, nextRefresh, place, trouble } = kept
  const login = material?._tag === "OAuth" ? material : undefined
  return {
    ...place,
    kind: kindOf(kept),
    source: from.source,
    state: stateOf(kept, now, timing),
    isUsable: isUsable(kept, now),
    logins: from.logins,
    ...present({
      reason: trouble?.reason,
      account: login?.account,
      expiresAt: login?.expiresAt,
      lastRefresh: lastRefresh ?? login?.issuedAt,
      nextRefresh
    })
  }
}
