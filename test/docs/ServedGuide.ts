/** A server as the reader of a guide starts it: a process of its own on a free port, in a folder of its own; both end with the tests of the file. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { root } from "../Repository.ts"

/** The program of the command line. */
export const main = join(root, "apps/server/src/main.ts")

/** What commands beside the server find. */
export interface Served {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** Where it listens, once the tests run. */
  readonly url: () => string
}

/** Serves while the tests of the calling file run; `args` are told the folder. */
export const serve = (variables: { readonly [name: string]: string }, args: (folder: string) => ReadonlyArray<string>): Served => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-docs-"))
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, ...variables }
  let server: ChildProcess | undefined
  let url = ""

  beforeAll(async () => {
    const child = spawn(process.execPath, [main, "serve", ...args(folder), "--port", "0"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] })
    server = child
    url = await new Promise<string>((resolve, reject) => {
      let output = ""
      const take = (chunk: Buffer): void => {
        output += chunk.toString()
        const found = /listening on (http:\S+)/.exec(output)
        if (found?.[1] !== undefined) resolve(found[1])
      }
      child.stdout.on("data", take)
      child.stderr.on("data", take)
      child.once("exit", () => reject(new Error(`the server ended before it listened:\n${output}`)))
    })
  }, 60_000)

  afterAll(async () => {
    const ended = new Promise((resolve) => server?.once("exit", resolve))
    server?.kill("SIGKILL")
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  return { folder, env, url: () => url }
}
