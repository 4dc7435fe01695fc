// Starts and stops what takes part in a run: the upstream, the load generator and the gateways under test.
// Nothing outlives the run: helpers end when their channel to this process closes, gateways are killed when it exits.
import { fork, spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { execPath } from "node:process"
import { type GrownName, isGrown, type Size, sizes, storeKeys } from "./Growth.ts"
import type { Job, JobResult } from "./load.ts"
import * as LoopDelay from "./LoopDelay.ts"
import { cpuTime } from "./ProcessUse.ts"
import { sluiceConfig } from "./SluiceConfig.ts"
import type { Exchange } from "./Wire.ts"

const root = join(import.meta.dirname, "..")
const children = new Set<ChildProcess>()
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")))

/** The gateways that can be measured; `sluice+ledger` is the same gateway with a durable ledger instead of one in memory, and others have more of what grows. */
export type SubjectName = "pipe" | "effect" | "sluice" | "sluice+ledger" | GrownName

/** A gateway that has answered its first request. */
export interface Subject {
  readonly pid: number
  readonly port: number
  /** CPU microseconds from the start of the process to its first 200; undefined where CPU time cannot be read. */
  readonly startCpu: number | undefined
  /** How late its event loop was since it was last asked. */
  readonly loopDelay: () => Promise<LoopDelay.Delay | undefined>
  readonly stop: () => Promise<void>
}

/** A port nobody listens on at the moment. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return address !== null && typeof address === "object" ? address.port : 0
}

/** What a gateway is started with. */
export interface Start {
  readonly upstream: number
  readonly folder: string
  /** What it has to answer before it counts as started. */
  readonly exchange: Exchange
  /** Streams it is to admit at the same time; absent = its default. */
  readonly streams?: number
}

const commandOf = async (name: SubjectName, port: number, { folder, streams, upstream }: Start): Promise<ReadonlyArray<string>> => {
  if (name === "pipe" || name === "effect") return [`bench/subjects/${name}.ts`, "--port", `${port}`, "--upstream", `${upstream}`]
  const config = join(folder, `${name}.yaml`)
  const size: Size | undefined = isGrown(name) ? sizes[name] : undefined
  const ledger = name === "sluice+ledger" || size?.storedKeys !== undefined ? join(folder, `ledger-${port}.db`) : undefined
  if (ledger !== undefined && size?.storedKeys !== undefined) await storeKeys(ledger, size.storedKeys)
  writeFileSync(
    config,
    sluiceConfig({
      port,
      upstream,
      ledger,
      size,
      ...(streams === undefined ? {} : { streams })
    })
  )
  return ["apps/server/src/main.ts", "serve", "--config", config, "--port", `${port}`]
}

const isAnswered = async (port: number, exchange: Exchange): Promise<string | undefined> => {
  try {
    const { body, headers, path } = exchange
    // A request that is never answered must not hang the run: ask again
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body, signal: AbortSignal.timeout(2000) })
    const text = await answer.text()
    return answer.status === 200 ? undefined : `status ${answer.status}: ${text.slice(0, 300)}`
  } catch (error) {
    return String(error)
  }
}

/** The line of a program's last words that says what went wrong. */
const reason = (output: string): string =>
  output.split("\n").find((line) => /\w*error\b/i.test(line) && !line.includes("curl"))?.trim() ?? output.trim().slice(-300)

/** Starts a gateway in front of the upstream and waits until it answers `exchange`; rejects with the reason when it does not within 15 s, or 90 s with a long configuration. */
export const startSubject = async (
  name: SubjectName,
  options: Start
): Promise<Subject> => {
  const port = await freePort()
  const loop = LoopDelay.of(join(options.folder, `loop-${port}.json`))
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], ...loop.environment }
  const child = spawn(execPath, await commandOf(name, port, options), { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] })
  children.add(child)
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  let output = ""
  const keep = (text: Buffer) => void (output = (output + text).slice(-2000))
  child.stdout.on("data", keep)
  child.stderr.on("data", keep)
  const stop = async () => {
    child.kill("SIGKILL")
    await exited
    children.delete(child)
  }
  const deadline = performance.now() + (isGrown(name) ? 90_000 : 15_000)
  let problem: string | undefined = "not asked yet"
  while (problem !== undefined) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop()
      throw new Error(`it does not serve (${problem}): ${reason(output)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
    problem = await isAnswered(port, options.exchange)
  }
  const pid = child.pid ?? 0
  return { pid, port, startCpu: cpuTime(pid)?.process, loopDelay: () => loop.read(pid), stop }
}

/** Starts a program of this folder that ends with this process. */
export const helper = (file: string): ChildProcess => {
  const child = fork(join(import.meta.dirname, file), { cwd: root })
  children.add(child)
  return child
}

/** The next message of such a program. */
export const reply = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const gone = () => reject(new Error("a helper process of the benchmark ended"))
    child.once("exit", gone)
    child.once("message", (message) => {
      child.off("exit", gone)
      resolve(message)
    })
  })

/** Starts the upstream and returns its port. */
export const startUpstream = async (): Promise<number> => {
  const message = await reply(helper("upstream.ts"))
  if (typeof message === "object" && message !== null && "port" in message && typeof message.port === "number") return message.port
  throw new Error("the upstream did not say its port")
}

/** Starts the load generator; the returned function runs one job at a time. */
export const startLoad = (): (job: Job) => Promise<JobResult> => {
  const child = helper("load.ts")
  return async (job) => {
    child.send(job)
    // The other end is load.ts, which sends nothing but results
    return await reply(child) as JobResult
  }
}
