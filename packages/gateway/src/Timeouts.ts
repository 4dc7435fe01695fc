/**
 * The time limits of an attempt and which of them is due. Pure: the wheel (Wheel.ts) calls `due` on every tick with coarse
 * marks, so that no timer exists per request or per pull.
 */
import type { ErrorClass, Failure } from "@sluice/protocol/GatewayError"

/** Limits in milliseconds. */
export interface Limits {
  readonly connectMs: number
  /** From the attempt's start to its first committing event. */
  readonly firstEventMs: number
  /** Between any two upstream bytes. */
  readonly idleMs: number
  /** From the exchange's start to its end. */
  readonly totalMs: number
}

/** The documented defaults: connect 5 s, first event 120 s, idle 60 s, total 30 min. */
export const defaults: Limits = { connectMs: 5_000, firstEventMs: 120_000, idleMs: 60_000, totalMs: 1_800_000 }

/** Marks a running attempt keeps, in milliseconds of the wheel's coarse clock. */
export interface Marks {
  readonly exchangeStartedAt: number
  readonly attemptStartedAt: number
  /** The last upstream byte, or the attempt's start. */
  readonly lastByteAt: number
  readonly committed: boolean
}

/** The limit that has run out, the outermost first; `undefined` when none has. */
export const due = (marks: Marks, limits: Limits, now: number): ErrorClass | undefined => {
  if (now - marks.exchangeStartedAt >= limits.totalMs) return "timeout-total"
  if (!marks.committed && now - marks.attemptStartedAt >= limits.firstEventMs) return "timeout-first-event"
  if (marks.committed && now - marks.lastByteAt >= limits.idleMs) return "timeout-idle"
  return undefined
}

/** What a limit that has run out is to the client and the record. */
export const timedOut = (kind: ErrorClass, limits: Limits): Failure => ({
  class: kind,
  message: kind === "timeout-first-event"
    ? `The provider sent no first event within ${limits.firstEventMs} ms.`
    : kind === "timeout-idle"
    ? `The provider sent nothing for ${limits.idleMs} ms.`
    : `The request took longer than ${limits.totalMs} ms.`
})
