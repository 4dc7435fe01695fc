/** The reference server as its user runs it: a process of its own, from a configuration file, until it is killed. */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")

/** A running server. */
export interface ServerProcess {
  readonly url: string
  readonly pid: number
  /** Everything it has printed so far, on both of its outputs. */
  readonly output: () => string
  /** Sends a signal and waits for nothing. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly kill: (signal: "SIGKILL" | "SIGTERM") => Effect.Effect<{ readonly code: number | null; readonly signal: string | null }>
}

const listening = (child: ChildProcess, said: { text: string }): Promise<string> =>
  new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      said.text += chunk.toString()
      const found = /listening on (http:\S+)/.exec(said.text)
      if (found?.[1] !== undefined) resolve(found[1])
    }
    child.stdout?.on("data", read)
    child.stderr?.on("data", read)
    child.once("exit", () => reject(new Error(`the server ended before it listened:\n${said.text}`)))
  })

/** Starts `sluice serve` on a free port; killed at the latest when the scope closes. */
export const start = (config: string, env: { readonly [name: string]: string } = {}): Effect.Effect<ServerProcess, never, Scope.Scope> =>
  Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [join(root, "apps/server/src/main.ts"), "serve", "--config", config, "--port", "0"], {
          env: { ...process.env, ...env },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const said = { text: "" }
    const url = yield* Effect.promise(() => listening(child, said))
    return {
      url,
      pid: child.pid ?? 0,
      output: () => said.text,
      signal: (signal) => Effect.sync(() => void child.kill(signal)),
      kill: (signal) =>
        Effect.promise(async () => {
          const exited = once(child, "exit")
          child.kill(signal)
          const [code, ended] = await exited
          return { code, signal: ended }
        })
    }
  })

/** Runs another command of the program and gives what it printed. */
export const command = (args: ReadonlyArray<string>): Effect.Effect<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, [join(root, "apps/server/src/main.ts"), ...args], { stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => stdout += chunk)
    child.stderr.on("data", (chunk) => stderr += chunk)
    const [code] = await once(child, "close")
    return { code, stdout, stderr }
  })
