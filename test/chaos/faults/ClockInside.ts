// Preloaded into every thread of a process by the rig (`--import`): its time of day jumps, or all of its time runs faster, as the
// environment says. Replaces what programs read the time with; the system's own clock stays.
import { createRequire, syncBuiltinESMExports } from "node:module"
import { random } from "../../fuzz/Random.ts"
import type { Course } from "./Clock.ts"

const require = createRequire(import.meta.url)

/** Two moments that all threads count from, as the first one has found them. */
const begin = (): { readonly monotonic: bigint; readonly wall: number } => {
  // Threads are given a copy of the environment
  const monotonic = process.env["SLUICE_CLOCK_BEGAN"] ??= `${process.hrtime.bigint()}`
  const wall = process.env["SLUICE_CLOCK_WALL"] ??= `${Date.now()}`
  return { monotonic: BigInt(monotonic), wall: Number(wall) }
}

const replaceWallClock = ({ anywhere, jumps, speed = 1 }: Course): void => {
  const began = begin()
  const bigint = process.hrtime.bigint
  const RealDate = Date
  const now = (): number => {
    const elapsed = Number(bigint() - began.monotonic) / 1e6
    const jumped = jumps === undefined ? 0 : jumps.byMs * Math.floor(elapsed / jumps.everyMs)
    const somewhere = anywhere === undefined
      ? 0
      : random(anywhere.seed, Math.floor(elapsed / anywhere.everyMs)).below(2 * anywhere.withinMs) - anywhere.withinMs
    return Math.floor(began.wall + elapsed * speed + jumped + somewhere)
  }
  const Replaced = new Proxy(RealDate, {
    construct: (target, args: ReadonlyArray<unknown>, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : [...args], newTarget),
    get: (target, name) => name === "now" ? now : Reflect.get(target, name)
  })
  Reflect.set(globalThis, "Date", Replaced)
}

const replaceTimers = (speed: number): void => {
  const [bigint, steady] = [process.hrtime.bigint, performance.now.bind(performance)]
  const faster = (): bigint => bigint() * BigInt(speed)
  const pair = (before?: [number, number]): [number, number] => {
    const nanos = faster() - (before === undefined ? 0n : BigInt(before[0]) * 1_000_000_000n + BigInt(before[1]))
    return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)]
  }
  Reflect.set(process, "hrtime", Object.assign(pair, { bigint: faster }))
  Object.defineProperty(performance, "now", { value: () => steady() * speed })
  const timers: Record<string, unknown> = require("node:timers")
  for (const name of ["setTimeout", "setInterval"] as const) {
    const real = globalThis[name]
    const replaced = (run: (...args: ReadonlyArray<unknown>) => void, ms = 0, ...args: ReadonlyArray<unknown>): NodeJS.Timeout => real(run, ms / speed, ...args)
    Object.assign(replaced, real)
    Reflect.set(globalThis, name, replaced)
    timers[name] = replaced
  }
  syncBuiltinESMExports()
}

const text = process.env["SLUICE_CLOCK"]
if (text !== undefined) {
  const course: Course = JSON.parse(text)
  replaceWallClock(course)
  if (course.speed !== undefined) replaceTimers(course.speed)
}
