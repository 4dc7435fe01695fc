/** A steady load and the providers it ends at, each a process of its own, as the rig sees them: what a request saw is judged by what shares nothing with the gateway. */
import * as Channel from "./Channel.ts"

/** How much is asked. */
export interface Rate {
  readonly url: string
  /** Requests begun in a second, whether those before have ended or not. */
  readonly perSecond: number
  /** So many in a hundred are streams; their answers take from moments to seconds. */
  readonly streamsPercent: number
}

/** From when until when a provider was the only one that a new request could be sent to; on the clock that all processes share. */
export interface Served {
  readonly from: number
  readonly until: number
  readonly provider: string
}

/** What was seen of all requests. */
export interface Seen {
  readonly requests: number
  readonly streams: number
  /** Streams that began before a change and ended after it. */
  readonly outlasting: number
  readonly failed: number
  /** Answered by a provider that was not served at any moment of theirs before the answer began. */
  readonly astray: number
  /** The first of both, in words. */
  readonly faults: ReadonlyArray<string>
  /** Requests begun in a second, as it came to be. */
  readonly perSecond: number
  /** Milliseconds until an answer was whole, of answers that are no streams. */
  readonly p99Ms: number
  readonly longestMs: number
}

/** What the process of the clients answers. */
export interface LoadCalls {
  readonly start: (rate: Rate) => void
  /** Begins no more; answers when all have ended. */
  readonly stop: () => Promise<void>
  readonly judge: (served: ReadonlyArray<Served>) => Seen
}

/** What the process of the providers answers. */
export interface ProviderCalls {
  /** Starts one that says this name in every answer; gives its address, without a slash at its end. */
  readonly start: (name: string) => Promise<string>
  /** Connections to all of them. */
  readonly connections: () => number
}

/** Starts the clients. */
export const clients = (): Channel.Helper<LoadCalls> => Channel.start<LoadCalls>("loadProcess.ts")

/** Starts the providers. */
export const providers = (): Channel.Helper<ProviderCalls> => Channel.start<ProviderCalls>("providersProcess.ts")
