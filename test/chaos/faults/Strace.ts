/**
 * Faults of the system below the gateway: errors and delays of single system calls, injected by strace into single threads, so
 * that the event loop is not slowed down by being watched.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"

/** Why strace cannot be used here; undefined where it can. */
export const obstacle = (): string | undefined => {
  const { error, status } = spawnSync("strace", ["-o", "/dev/null", "true"])
  return error !== undefined ? "strace is not installed" : status === 0 ? undefined : "strace may not trace processes here"
}

/** The threads of a process with this name. */
export const threadsOf = (pid: number, name: string): ReadonlyArray<number> =>
  readdirSync(`/proc/${pid}/task`).map(Number).filter((thread) => {
    try {
      // The kernel keeps fifteen characters
      return readFileSync(`/proc/${pid}/task/${thread}/comm`, "utf8").trim() === name.slice(0, 15)
    } catch {
      return false
    }
  })

/** A fault under way. */
export interface Fault {
  /** Ends it; resolves when the system behaves again. */
  readonly end: () => Promise<void>
}

const tracers = new Set<ChildProcess>()
process.on("exit", () => tracers.forEach((tracer) => tracer.kill("SIGKILL")))

/** Injects into threads, as `strace -e inject=` says it: `["fsync:delay_exit=300000"]`. Resolves when it is in force. */
export const inject = async (threads: ReadonlyArray<number>, faults: ReadonlyArray<string>): Promise<Fault> => {
  const calls = faults.map((fault) => fault.slice(0, fault.indexOf(":"))).join(",")
  const tracer = spawn("strace", [
    "-o",
    "/dev/null",
    ...threads.flatMap((thread) => ["-p", String(thread)]),
    "-e",
    `trace=${calls}`,
    ...faults.flatMap((fault) => ["-e", `inject=${fault}`])
  ], { stdio: ["ignore", "ignore", "pipe"] })
  tracers.add(tracer)
  let said = ""
  await new Promise<void>((resolve, reject) => {
    tracer.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text
      if (said.split(" attached").length > threads.length) resolve()
    })
    tracer.once("exit", () => reject(new Error(`strace ended: ${said}`)))
  })
  return {
    end: async () => {
      const gone = tracer.exitCode === null ? once(tracer, "exit") : undefined
      tracer.kill("SIGTERM")
      await gone
      tracers.delete(tracer)
    }
  }
}
