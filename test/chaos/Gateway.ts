/**
 * The gateway as its user runs it: `sluice serve` from the sources, a process of its own, from a configuration file. Nothing of
 * it is replaced; a wrapping program (a tracer, another clock) may be put before it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { monotonic } from "./Channel.ts"

const root = join(import.meta.dirname, "../..")
const main = join(root, "apps/server/src/main.ts")

/** How one is started. */
export interface StartOptions {
  /** Beside those of this process. */
  readonly env?: { readonly [name: string]: string }
  /** A program and its arguments that run it. */
  readonly wrapper?: ReadonlyArray<string>
  /** Port 0, a free one, unless told. */
  readonly port?: number
  /** How long it may take to listen. */
  readonly withinMs?: number
}

/** How one ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly at: number
}

/** A gateway that listens. */
export interface Gateway {
  readonly url: string
  /** Of the process that was started: the wrapper's where there is one. */
  readonly pid: number
  /** Milliseconds from its start until it listened. */
  readonly startMs: number
  readonly signal: (signal: NodeJS.Signals) => void
  readonly exited: Promise<Exit>
  /** Sends the signal and waits for the end. */
  readonly kill: (signal: NodeJS.Signals) => Promise<Exit>
  /** The last it printed, on both outputs. */
  readonly output: () => string
}

const children = new Set<ChildProcess>()
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")))

/** Starts one and waits until it listens. */
export const start = (config: string, options: StartOptions = {}): Promise<Gateway> =>
  new Promise((resolve, reject) => {
    const [program = process.execPath, ...args] = [
      ...options.wrapper ?? [],
      process.execPath,
      main,
      "serve",
      "--config",
      config,
      "--port",
      String(options.port ?? 0)
    ]
    const startedAt = monotonic()
    const child = spawn(program, args, { cwd: root, env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] })
    children.add(child)
    const deadline = setTimeout(() => child.kill("SIGKILL"), options.withinMs ?? 60_000)
    let output = ""
    const exited = new Promise<Exit>((ended) =>
      child.once("exit", (code, signal) => {
        children.delete(child)
        clearTimeout(deadline)
        reject(new Error(`the gateway ended (${signal ?? code}) before it listened:\n${output}`))
        ended({ code, signal, at: monotonic() })
      })
    )
    child.once("error", reject)
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000)
      const url = /listening on (http:\S+)/.exec(output)?.[1]
      if (url === undefined) return
      clearTimeout(deadline)
      resolve({
        url,
        pid: child.pid ?? 0,
        startMs: monotonic() - startedAt,
        signal: (signal) => void child.kill(signal),
        exited,
        kill: (signal) => {
          child.kill(signal)
          return exited
        },
        output: () => output
      })
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
  })

/** Runs another command of the program to its end. */
export const command = (args: ReadonlyArray<string>): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    children.add(child)
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk: Buffer) => stdout += chunk.toString())
    child.stderr.on("data", (chunk: Buffer) => stderr += chunk.toString())
    child.on("close", (code) => {
      children.delete(child)
      resolve({ code, stdout, stderr })
    })
  })
