/** For whom a credential is chosen, where a test does not care. */
import { DialectId } from "@sluice/protocol/Wire"
import { ExchangeId } from "../../src/ExchangeId.ts"
import { ProviderId } from "../../src/ProviderId.ts"
import type { SchedulingContext } from "../../src/Scheduler.ts"

/** A small seeded generator (mulberry32), so that every run draws the same numbers. */
export const seededRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

/** A context. */
export const context = (rest: Partial<SchedulingContext> = {}): SchedulingContext => ({
  provider: ProviderId.make("p"),
  model: "m",
  attempt: 1,
  exchange: {
    id: ExchangeId.make("01K6Z000000000000000000001"),
    startedAt: 0,
    principal: { id: "key" },
    inbound: DialectId.make("openai-chat"),
    operation: "generate",
    model: "m",
    stream: false,
    header: () => undefined,
    targets: []
  },
  session: () => undefined,
  random: () => 0,
  now: 0,
  ...rest
})
