/**
 * Tells the ledger how far a long stream has come, every few seconds or as many bytes, so that a crash costs the record no more
 * than that. Asked by the wheel; short streams never get here.
 */
import { none } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import * as Effect from "effect/Effect"
import * as Costs from "./Costs.ts"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as Verdict from "./Verdict.ts"

/** Milliseconds between two checkpoints of a stream that goes on. */
export const intervalMs = 5_000

/** Bytes to the client after which the next checkpoint does not wait for its time. */
export const intervalBytes = 64 * 1024

/** What the wheel calls on every turn while the stream lives. */
export const make = (gateway: Pick<Gateway, "ledger" | "prices" | "wheel">, exchange: Exchange): (now: number) => void => {
  let notedAt = gateway.wheel.now()
  let notedBytes = exchange.bytesOut
  let notedLength = 0
  let notedUsage = none

  return (now) => {
    if (now - notedAt < intervalMs && exchange.bytesOut - notedBytes < intervalBytes) return
    notedAt = now
    notedBytes = exchange.bytesOut
    const tap = exchange.current?.tap.facts()
    // A stream that waits has nothing new to tell
    if (tap === undefined || (tap.contentLength === notedLength && tap.usage === notedUsage)) return
    notedLength = tap.contentLength
    notedUsage = tap.usage
    const usage = Verdict.usageSoFar({ ...exchange, tap })
    const cost = Costs.costOf(gateway, exchange, usage)
    Effect.runFork(gateway.ledger.checkpoint(exchange.id, usage, cost && Money.toDecimal(cost.amount)))
  }
}
