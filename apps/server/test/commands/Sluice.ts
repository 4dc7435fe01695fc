/** Runs the command line in this process or as a process of its own, and gives what a shell would see: output and exit code. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Console, Deferred, Effect, Layer, Runtime, type Scope, Sink, Stdio, Stream } from "effect"
import { TestConsole } from "effect/testing"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "../../src/CommandLine.ts"

/** What a command did. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What surrounds a command: its environment variables and its standard input. */
export interface Around {
  readonly env?: Record<string, string>
  readonly stdin?: string
}

const services = ({ env = {}, stdin = "" }: Around, written: Array<string> = []) =>
  Layer.mergeAll(
    NodeServices.layer,
    Stdio.layerTest({
      stdin: Stream.make(new TextEncoder().encode(stdin)),
      stdout: () => Sink.forEach((piece) => Effect.sync(() => void written.push(typeof piece === "string" ? piece : new TextDecoder().decode(piece))))
    }),
    ConfigProvider.layer(ConfigProvider.fromEnvRecord(env))
  )

/** Runs a command to its end in this process. */
export const sluice = (args: ReadonlyArray<string>, around: Around = {}): Effect.Effect<Ran> =>
  Effect.gen(function*() {
    const console = yield* TestConsole.make
    const written: Array<string> = []
    const exit = yield* Effect.exit(run(args).pipe(Effect.provide(services(around, written)), Effect.provideService(Console.Console, console)))
    let code = 0
    Runtime.defaultTeardown(exit, (given) => {
      code = given
    })
    return { code, stdout: written.join("") + (yield* console.logLines).join("\n"), stderr: (yield* console.errorLines).join("\n") }
  })

/** Starts a command that does not end, and gives its first output; it is interrupted with the scope. */
export const started = (args: ReadonlyArray<string>, around: Around = {}): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function*() {
    const said = yield* Deferred.make<string>()
    const console: Console.Console = { ...globalThis.console, log: (text: unknown) => Deferred.doneUnsafe(said, Effect.succeed(String(text))) }
    yield* run(args).pipe(
      Effect.provide(services(around)),
      Effect.provideService(Console.Console, console),
      Effect.onExit((exit) => Deferred.die(said, exit)),
      Effect.forkScoped
    )
    return yield* Deferred.await(said)
  })

/** The URL a command said it listens on. */
export const urlIn = (output: string): string => /listening on (http:\/\/\S+)/.exec(output)?.[1] ?? "none"

const main = join(import.meta.dirname, "../../src/main.ts")

/** Runs a command as a process to its end. */
export const asProcess = (args: ReadonlyArray<string>, cwd: string, stdin = ""): Effect.Effect<Ran> =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, [main, ...args], { cwd, stdio: ["pipe", "pipe", "pipe"] })
    const output = { stdout: "", stderr: "" }
    child.stdout.on("data", (chunk) => output.stdout += chunk)
    child.stderr.on("data", (chunk) => output.stderr += chunk)
    child.stdin.end(stdin)
    const [code] = await once(child, "close")
    return { code: Number(code), ...output }
  })

/** Starts a command that does not end as a process, and ends it with a signal when told. */
export const startedProcess = (args: ReadonlyArray<string>, cwd: string) =>
  Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [main, ...args], { cwd, stdio: ["ignore", "pipe", "inherit"] })),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    )
    const output = yield* Effect.promise(async () => String((await once(child.stdout, "data"))[0]))
    const end = (signal: NodeJS.Signals) =>
      Effect.promise(async (): Promise<number> => {
        const closed = once(child, "close")
        child.kill(signal)
        return (await closed)[0]
      })
    return { output, end }
  })

/** A folder with these files, removed with the scope. */
export const folder = (files: Readonly<Record<string, string>> = {}): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const path = mkdtempSync(join(tmpdir(), "sluice-command-"))
      for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
      return path
    }),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
