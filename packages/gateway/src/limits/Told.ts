/** What a client is told of its limits in headers, in the words its protocol's SDKs read: the window with the least room of each kind. */
import type { Dialect, LimitFacts, LimitRoom } from "@sluice/protocol/Dialect"
import { present } from "@sluice/protocol/Json"
import type { Level } from "../LimitStore.ts"
import type { Meter } from "./Meter.ts"

const roomOf = (meters: ReadonlyArray<Meter>, levels: ReadonlyArray<Level>, kind: "requests" | "tokens"): LimitRoom | undefined => {
  let least: LimitRoom | undefined
  meters.forEach((meter, index) => {
    const level = levels[index]
    if (meter.kind !== kind || level === undefined) return
    const room = { limit: meter.window.limit, remaining: Math.max(0, meter.window.limit - level.used), resetMs: level.resetMs }
    if (least === undefined || room.remaining < least.remaining) least = room
  })
  return least
}

/** The headers; none where the protocol has none. */
export const headers = (dialect: Dialect, meters: ReadonlyArray<Meter>, levels: ReadonlyArray<Level>, now: number): { readonly [name: string]: string } => {
  const facts: LimitFacts = present({ now, requests: roomOf(meters, levels, "requests"), tokens: roomOf(meters, levels, "tokens") })
  return dialect.headers.limits?.(facts) ?? {}
}
