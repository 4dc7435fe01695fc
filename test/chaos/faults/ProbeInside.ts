// Preloaded into the gateway's process by the rig (`--import`): measures its event loop and memory from within, and ends its
// writer thread when told. Answers lines on a socket file; holds the process up by nothing.
import { readFileSync } from "node:fs"
import { createRequire, syncBuiltinESMExports } from "node:module"
import { createServer, type Socket } from "node:net"
import { isMainThread, type Worker as Thread } from "node:worker_threads"
import { percentile } from "./Percentile.ts"
import { type Measured, sampleEveryMs } from "./Probe.ts"

const require = createRequire(import.meta.url)

/** Keeps the newest writer thread at hand, by replacing the constructor before anybody imports it. */
const watchWriter = (): () => Thread | undefined => {
  const threads: { Worker: typeof Thread } = require("node:worker_threads")
  let writer: Thread | undefined
  const note = (thread: Thread): void => {
    writer = thread
  }
  threads.Worker = class extends threads.Worker {
    constructor(...args: ConstructorParameters<typeof Thread>) {
      super(...args)
      if (args[1]?.name === "ledger-writer") note(this)
    }
  }
  syncBuiltinESMExports()
  return () => writer
}

/** Milliseconds in which this thread could have run and had no processor, by the kernel's account; 0 where it gives none. */
const waited = (): number => {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[1]) / 1e6
  } catch {
    return 0
  }
}

/**
 * The lateness of a timer, and of every timer that would have been due while one was late: a long stall counts for as long as it was.
 * `own` is what of it was not for want of a processor.
 */
const watchLoop = () => {
  let late: Array<number> = []
  let own: Array<number> = []
  let waitedBefore = waited()
  let dueAt = performance.now() + sampleEveryMs
  const note = (lateness: number, into: Array<number>): void => {
    for (let each = lateness; each >= 0; each -= sampleEveryMs) into.push(each)
  }
  const sample = (): void => {
    const now = performance.now()
    const waitedNow = waited()
    const lateness = Math.max(0, now - dueAt)
    note(lateness, late)
    note(Math.max(0, lateness - (waitedNow - waitedBefore)), own)
    waitedBefore = waitedNow
    dueAt = now + sampleEveryMs
  }
  setInterval(sample, sampleEveryMs).unref()
  return () => {
    sample()
    const taken = { late, own }
    late = []
    own = []
    return taken
  }
}

const watchMemory = (): () => ReadonlyArray<number> => {
  let sizes: Array<number> = []
  setInterval(() => sizes.push(Math.round(process.memoryUsage.rss() / 1024)), 250).unref()
  return () => {
    const taken = sizes
    sizes = []
    return taken
  }
}

/** Collects everything that can be collected, and gives what is left. */
const collector = (): () => number => {
  const v8: { readonly setFlagsFromString: (flag: string) => void } = require("node:v8")
  v8.setFlagsFromString("--expose-gc")
  const vm: { readonly runInNewContext: (code: string) => () => void } = require("node:vm")
  const collect = vm.runInNewContext("gc")
  return () => {
    collect()
    const { external, heapUsed } = process.memoryUsage()
    return Math.round((heapUsed + external) / 1024)
  }
}

const serve = (path: string): void => {
  const writer = watchWriter()
  const loop = watchLoop()
  const memory = watchMemory()
  const live = collector()
  const answer = (socket: Socket, order: string): void => {
    if (order === "measure") {
      const { late, own } = loop()
      const measured: Measured = {
        p99Ms: percentile(late, 0.99),
        worstMs: Math.max(0, ...late),
        ownP99Ms: percentile(own, 0.99),
        ownWorstMs: Math.max(0, ...own),
        rssKb: memory(),
        liveKb: live()
      }
      // The collection was ours
      loop()
      socket.end(JSON.stringify(measured))
    } else if (order === "end writer") {
      void writer()?.terminate()
      socket.end("{}")
    }
  }
  createServer((socket) => void socket.unref().setEncoding("utf8").on("error", () => {}).once("data", (order: string) => answer(socket, order.trim())))
    .listen(path)
    .unref()
}

const path = process.env["SLUICE_PROBE"]
// Threads are started with the same flags
if (isMainThread && path !== undefined) serve(path)
