/** A gateway of docs/examples as its reader would start it: a process of its own on a free port, ended with the scope. */
import { Effect, Schedule } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { join } from "node:path"

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address !== null ? address.port : 0
})

/** Where an example is. */
export const pathOf = (example: string): string => join(import.meta.dirname, "../../docs/examples", example)

/** Starts an example and waits until it answers. */
export const start = Effect.fnUntraced(function*(example: string, options: { readonly cwd?: string; readonly env?: { readonly [name: string]: string } } = {}) {
  const port = yield* freePort
  const output: Array<string> = []
  const { cwd, env } = options
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [pathOf(example)], {
        ...(cwd === undefined ? {} : { cwd }),
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, ...env, PORT: String(port) }
      })
      child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text))
      return child
    }),
    (child) =>
      Effect.promise(async () => {
        const exited = once(child, "exit")
        child.kill("SIGTERM")
        await exited
      })
  )
  const url = `http://127.0.0.1:${port}`
  yield* Effect.tryPromise(() => fetch(`${url}/health/live`)).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 400 }))
  /** Waits until it has printed something that matches. */
  const printed = (pattern: RegExp) =>
    Effect.suspend(() => pattern.test(output.join("")) ? Effect.void : Effect.fail("not yet" as const)).pipe(
      Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 1000 })
    )
  return { url, printed }
})
