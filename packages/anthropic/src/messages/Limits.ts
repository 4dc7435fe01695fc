/** What is left of a caller's limits, in the headers Anthropic's SDKs read. */
import type { LimitFacts, LimitRoom } from "@sluice/protocol/Dialect"

const ofLimit = (kind: string, room: LimitRoom | undefined, now: number): { readonly [name: string]: string } =>
  room === undefined ? {} : {
    [`anthropic-ratelimit-${kind}-limit`]: String(room.limit),
    [`anthropic-ratelimit-${kind}-remaining`]: String(room.remaining),
    // RFC 3339, to the second, as the service writes it
    [`anthropic-ratelimit-${kind}-reset`]: `${new Date(Math.ceil((now + room.resetMs) / 1000) * 1000).toISOString().slice(0, 19)}Z`
  }

/** The headers of requests and tokens that are limited. */
export const headers = ({ now, requests, tokens }: LimitFacts): { readonly [name: string]: string } => ({
  ...ofLimit("requests", requests, now),
  ...ofLimit("tokens", tokens, now)
})
