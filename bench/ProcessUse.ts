// CPU time and memory of another process, read from /proc of a Linux kernel.
// Per-thread `schedstat` gives nanoseconds; where the kernel lacks it, utime + stime of `stat` in ticks of 10 ms stand in.
// Elsewhere there is nothing to read: `isReadable` is false and the report says so.
import { existsSync, readdirSync, readFileSync } from "node:fs"

/** CPU time since the process started, in microseconds: all its threads together, and its main thread alone. */
export interface CpuTime {
  readonly process: number
  readonly main: number
}

/** Whether this machine tells CPU time of processes at all. */
export const isReadable = process.platform === "linux" && existsSync("/proc/self/stat")

const hasNanoseconds = isReadable && existsSync("/proc/self/schedstat")

/** How fine the CPU figures are, for the report. */
export const resolution = hasNanoseconds ? "schedstat, nanoseconds" : "stat, ticks of 10 ms"

const threadsOf = (pid: number) => readdirSync(`/proc/${pid}/task`)

const runNanoseconds = (pid: number, thread: string): number => {
  const text = (() => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8")
    } catch {
      return "0" // the thread ended between listing and reading
    }
  })()
  return Number.parseInt(text, 10)
}

/** utime + stime: fields 14 and 15 of proc_pid_stat(5), counted after the command name, which may hold blanks. */
const ticks = (path: string): number => {
  const text = readFileSync(path, "utf8")
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return Number(fields[11]) + Number(fields[12])
}

/** CPU time of a process so far; undefined where it cannot be read. */
export const cpuTime = (pid: number): CpuTime | undefined => {
  if (!isReadable) return undefined
  if (!hasNanoseconds) return { process: ticks(`/proc/${pid}/stat`) * 10_000, main: ticks(`/proc/${pid}/task/${pid}/stat`) * 10_000 }
  const total = threadsOf(pid).reduce((sum, thread) => sum + runNanoseconds(pid, thread), 0)
  return { process: total / 1000, main: runNanoseconds(pid, String(pid)) / 1000 }
}

/** Resident memory in megabytes (10^6 bytes); undefined where it cannot be read. */
export const residentMegabytes = (pid: number): number | undefined => {
  if (!isReadable) return undefined
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024 / 1_000_000
}
