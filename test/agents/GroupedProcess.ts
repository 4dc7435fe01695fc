/** Runs a program in a process group of its own and leaves nothing of it behind: whatever it started ends with it. */
import { spawn } from "node:child_process"

/** How a program ended. */
export interface Ended {
  /** Its exit code; `null` where a signal or the time limit ended it, or where it could not be started. */
  readonly code: number | null
  /** The same in words. */
  readonly how: string
  /** What it wrote, both streams in the order they came, at most the last million characters. */
  readonly output: string
}

/** Where and how long a program runs. */
export interface Options {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly limitMs: number
}

const mostOutput = 1_000_000
const groups = new Set<number>()

const end = (group: number): void => {
  groups.delete(group)
  try {
    process.kill(-group, "SIGKILL")
  } catch {
    // Nothing of the group is left
  }
}

process.on("exit", () => groups.forEach(end))

/** Runs a program to its end or to the limit. Never rejects. */
export const run = (program: string, args: ReadonlyArray<string>, { cwd, env, limitMs }: Options): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
    const group = child.pid
    if (group !== undefined) groups.add(group)
    let output = ""
    let isLate = false
    const take = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-mostOutput))
    child.stdout.on("data", take)
    child.stderr.on("data", take)
    const limit = setTimeout(() => {
      isLate = true
      if (group !== undefined) end(group)
    }, limitMs)
    child.on("error", (error) => {
      clearTimeout(limit)
      resolve({ code: null, how: error.message, output })
    })
    // What it left running holds its pipes: the group ends first, then the output is whole
    child.on("exit", () => {
      clearTimeout(limit)
      if (group !== undefined) end(group)
    })
    child.on("close", (code, signal) =>
      resolve({ code: isLate ? null : code, how: isLate ? `not ended within ${limitMs / 1000} s` : signal ?? `exit code ${code}`, output }))
  })
