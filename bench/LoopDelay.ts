// How late the event loop of a gateway was: a module preloaded into its process (`LoopDelayInside.ts`) measures, and writes to a file when it
// gets SIGUSR2. What is measured is how late a timer of 5 ms comes, those 5 ms included.
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"

/** Milliseconds. */
export interface Delay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The measurement of one process. */
export interface LoopDelay {
  /** What the process must be started with. */
  readonly environment: Readonly<Record<string, string>>
  /** What was measured since it was last read; undefined where the process does not answer. */
  readonly read: (pid: number) => Promise<Delay | undefined>
}

/** A measurement that is handed over in this file. */
export const of = (file: string): LoopDelay => ({
  environment: { BENCH_LOOP_DELAY: file, NODE_OPTIONS: `--import=${join(import.meta.dirname, "LoopDelayInside.ts")}` },
  read: async (pid) => {
    rmSync(file, { force: true })
    process.kill(pid, "SIGUSR2")
    for (let tries = 0; tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      const text = written(file)
      // The other end is LoopDelayInside.ts, which writes nothing else
      if (text !== undefined) return JSON.parse(text) as Delay
    }
    return undefined
  }
})

const written = (file: string): string | undefined => {
  try {
    const text = readFileSync(file, "utf8")
    return text.endsWith("\n") ? text : undefined
  } catch {
    return undefined
  }
}
