/**
 * The time that durations, limits and waits are measured in: milliseconds since some moment, which nobody sets, corrects or turns
 * back. Not the time of day: what is recorded or shown comes from `Clock`'s wall clock, which may jump by hours.
 */
import type * as Clock from "effect/Clock"

/** Whole milliseconds on this clock's monotonic time; only differences mean something. */
export const now = (clock: Clock.Clock): number => Math.floor(Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000)
