/** A clock of the rig's making for a whole process, its threads included; the inside is ClockInside.ts. */
import { join } from "node:path"

/** How the time goes. What is not stated goes as it does. */
export interface Course {
  /** All clocks and timers run so many times as fast. */
  readonly speed?: number
  /** The time of day, and only that, is set by so much, again and again. */
  readonly jumps?: { readonly everyMs: number; readonly byMs: number }
  /** The time of day, and only that, is set anywhere within so much of the truth, again and again. */
  readonly anywhere?: { readonly everyMs: number; readonly withinMs: number; readonly seed: number }
}

/** What makes a process run on such a clock. */
export const env = (course: Course): { readonly [name: string]: string } => ({
  SLUICE_CLOCK: JSON.stringify(course),
  NODE_OPTIONS: `--import=${join(import.meta.dirname, "ClockInside.ts")}`
})
