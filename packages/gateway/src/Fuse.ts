/**
 * What keeps a faulty part from harming more than a few exchanges: its faults are counted, and after some of them it is fused, which
 * means that it is not called any more until somebody resets it. Fuses outlive the configuration a part came with. Synchronous state
 * without a clock; what a fused part means for an exchange is the part's fail policy.
 *
 * @example
 * const fuse = Fuse.make({ after: 2 })
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { FailPolicy } from "./GatewayPart.ts"

/** What a fuse guards. */
export type Kind = "extension" | "interceptor" | "normalizer" | "authenticator" | "scheduler" | "router" | "other"

/** A fuse as management shows it. */
export interface Status {
  /** Unique: `kind:part`. */
  readonly id: string
  readonly kind: Kind
  /** The id of the part. */
  readonly part: string
  readonly failPolicy: FailPolicy
  /** Faults since the start or the last reset. */
  readonly faults: number
  /** Faults after which it blows. */
  readonly after: number
  readonly isFused: boolean
  /** The last fault in words, at most 300 characters; for operators only. */
  readonly lastFault?: string
  /** Milliseconds since the epoch of the last fault. */
  readonly lastFaultAt?: number
}

/** Counts the faults of one part. */
export interface Fuse {
  readonly isFused: () => boolean
  /** Counts a fault at a time (milliseconds since the epoch); `true` when this one blew the fuse. */
  readonly fault: (message: string, at: number) => boolean
  readonly reset: () => void
  readonly status: () => Pick<Status, "faults" | "after" | "isFused" | "lastFault" | "lastFaultAt">
}

/** Faults after which a part is fused, unless it says otherwise. */
export const defaultAfter = 5

/** Letters of a fault that are kept. */
const messageLength = 300

/** A fuse that is whole. */
export const make = (options: { readonly after?: number | undefined } = {}): Fuse => {
  const after = Math.max(1, options.after ?? defaultAfter)
  let faults = 0
  let last: { readonly lastFault: string; readonly lastFaultAt: number } | undefined
  const isFused = (): boolean => faults >= after
  return {
    isFused,
    fault: (message, at) => {
      faults += 1
      last = { lastFault: message.slice(0, messageLength), lastFaultAt: at }
      return faults === after
    },
    reset: () => {
      faults = 0
    },
    status: () => ({ faults, after, isFused: isFused(), ...last })
  }
}

/** The fuses of a gateway, which stay when its configuration is replaced. */
export class Fuses extends Context.Service<Fuses, {
  /** The fuse of a part, made when it is first asked for; a part of the same kind and id gets the same one again. */
  readonly of: (part: { readonly kind: Kind; readonly id: string; readonly failPolicy: FailPolicy; readonly after?: number | undefined }) => Fuse
  /** Every fuse there is, by id. */
  readonly status: () => ReadonlyArray<Status>
  /** Makes a fuse whole again; `false` where there is none of this id (`kind:part`). */
  readonly reset: (id: string) => boolean
}>()("@sluice/gateway/Fuses") {}

/** No fuses yet. */
export const fuses = (): Fuses["Service"] => {
  const known = new Map<string, { readonly fuse: Fuse; readonly facts: Pick<Status, "id" | "kind" | "part" | "failPolicy"> }>()
  return {
    of: ({ after, failPolicy, id: part, kind }) => {
      const id = `${kind}:${part}`
      const before = known.get(id)
      // Another number of faults makes another fuse: the configuration has changed
      const fuse = before?.fuse.status().after === Math.max(1, after ?? defaultAfter) ? before.fuse : make({ after })
      known.set(id, { fuse, facts: { id, kind, part, failPolicy } })
      return fuse
    },
    status: () => [...known.values()].map(({ facts, fuse }) => ({ ...facts, ...fuse.status() })).toSorted((left, right) => left.id < right.id ? -1 : 1),
    reset: (id) => {
      const found = known.get(id)
      found?.fuse.reset()
      return found !== undefined
    }
  }
}

/** One set of fuses, for all configurations of a gateway. */
export const layer: Layer.Layer<Fuses> = Layer.sync(Fuses, fuses)
