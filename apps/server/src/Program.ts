/**
 * The process of the command line: signals in, exit code out. A server stopped by a signal has done what it was asked: exit code 0,
 * not 130. What the commands do and say is in CommandLine.ts. A server of one's own is a program that calls `start` with what it adds.
 */
import "effect/schema/SchemaJITCompiler/enable"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Runtime } from "effect"
import { run } from "./CommandLine.ts"
import type { Plugin } from "./Plugin.ts"

/** How long repeated signals count as one: a terminal signals the whole process group, and npm passes its own on. */
const oneSignalMs = 1000

/** The first signal asks the program to finish, a later one ends it now. */
const endNowOnSecondSignal = (signal: "SIGINT" | "SIGTERM"): void => {
  let first: number | undefined
  process.on(signal, () => {
    first ??= performance.now()
    if (performance.now() - first > oneSignalMs) process.exit(1)
  })
}

/** Runs the command line of this process, with what a program of one's own adds to it. */
export const start = (plugin: Plugin = {}): void => {
  // Whoever reads our output may have read enough (`| head`): that is no failure
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
  endNowOnSecondSignal("SIGINT")
  endNowOnSecondSignal("SIGTERM")
  run(process.argv.slice(2), plugin).pipe(
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => Runtime.defaultTeardown(exit, (code) => onExit(code === 130 ? 0 : code))
    })
  )
}
