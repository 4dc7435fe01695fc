/** The upstream's process as the rig sees it, and what it logs of each request. */
import * as Channel from "./Channel.ts"

/** One request that reached the upstream; times on the monotonic clock that all processes share. */
export interface UpstreamEntry {
  /** What the client wrote behind `;tag=` in the model's name: the mark that all three logs have in common. */
  readonly tag: string
  readonly model: string
  readonly startedAt: number
  readonly headAt: number | undefined
  readonly endedAt: number | undefined
  /** How it ended; undefined while it is open. */
  readonly ending: "completed" | "client-closed" | "reset" | "cut" | "truncated" | undefined
  /** Frames handed to the socket. */
  readonly events: number
  readonly bytes: number
  /** Tokens that a finished answer stated. */
  readonly input: number | undefined
  readonly output: number | undefined
}

/** What the process answers. */
export interface UpstreamCalls {
  readonly url: () => string
  readonly log: () => Promise<ReadonlyArray<UpstreamEntry>>
  /** How many requests are open. */
  readonly open: () => Promise<number>
  /** How many requests it has got. */
  readonly count: () => Promise<number>
  /** From now on notes how far every open request is, a few times a second. */
  readonly watch: () => void
  /** When the request with this mark had this many frames sent, as far as it was watched; undefined where it never had. */
  readonly sentAt: (order: { readonly tag: string; readonly events: number }) => number | undefined
  /** Forgets the ended ones. */
  readonly clear: () => Promise<void>
}

/** A running upstream. */
export interface Upstream {
  /** Without a slash at its end. */
  readonly url: string
  readonly log: () => Promise<ReadonlyArray<UpstreamEntry>>
  readonly open: () => Promise<number>
  readonly count: () => Promise<number>
  readonly watch: () => Promise<void>
  readonly sentAt: (tag: string, events: number) => Promise<number | undefined>
  readonly clear: () => Promise<void>
  readonly stop: () => void
}

/** Starts it. */
export const start = async (): Promise<Upstream> => {
  const helper = Channel.start<UpstreamCalls>("upstreamProcess.ts")
  const url = await helper.ask("url")
  return {
    url,
    log: () => helper.ask("log"),
    open: () => helper.ask("open"),
    count: () => helper.ask("count"),
    watch: () => helper.ask("watch"),
    sentAt: (tag, events) => helper.ask("sentAt", { tag, events }),
    clear: () => helper.ask("clear"),
    stop: helper.stop
  }
}
