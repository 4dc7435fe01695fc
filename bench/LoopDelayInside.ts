// Preloaded into a gateway by LoopDelay.ts: measures its main thread's event loop and nothing else.
import { writeFileSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { isMainThread } from "node:worker_threads"
import type { Delay } from "./LoopDelay.ts"

const file = process.env["BENCH_LOOP_DELAY"]

if (isMainThread && file !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const milliseconds = (nanoseconds: number) => nanoseconds / 1_000_000
  delay.enable()
  process.on("SIGUSR2", () => {
    const measured: Delay = { p50: milliseconds(delay.percentile(50)), p99: milliseconds(delay.percentile(99)), max: milliseconds(delay.max) }
    writeFileSync(file, `${JSON.stringify(measured)}\n`)
    delay.reset()
  })
}
