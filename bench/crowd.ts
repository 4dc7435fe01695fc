// `pnpm bench:crowd`: memory and event loop of the gateway under a crowd that does nothing, and under readers that have stopped reading.
// Options: --idle N (streams, 5000), --stalled N (readers, 500), --seconds N (how long each is watched, 90).
// A paused socket takes what the kernel buffers: a stall is seen only when those are full, so the upstream sends without end.
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { parseArgs } from "node:util"
import type { Counts, Order } from "./crowdClients.ts"
import { helper, reply, startSubject, startUpstream, type Subject, type SubjectName } from "./Processes.ts"
import { residentMegabytes } from "./ProcessUse.ts"
import { type Exchange, exchangeOf } from "./Wire.ts"

const { values } = parseArgs({
  options: { idle: { type: "string", default: "5000" }, stalled: { type: "string", default: "500" }, seconds: { type: "string", default: "90" } }
})
const numberOfIdle = Number(values.idle)
const numberOfStalled = Number(values.stalled)
const seconds = Number(values.seconds)

const results = join(import.meta.dirname, "results")
mkdirSync(results, { recursive: true })
const folder = mkdtempSync(join(results, "crowd-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))

const upstream = await startUpstream()
const clients = helper("crowdClients.ts")

const tell = async (order: Order): Promise<Counts> => {
  clients.send(order)
  // The other end is crowdClients.ts, which sends nothing but counts
  return await reply(clients) as Counts
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const pair = { client: "openai-chat", upstream: "openai-chat" } as const
const short = exchangeOf(pair, { tools: false, shape: { events: 64, perChunk: 16 } })

/** The same request for a stream of another kind. */
const asking = (kind: "idle" | "flood"): Exchange => ({ ...short, body: short.body.replace("64x16\"", `64x16-${kind}"`) })

const start = (name: SubjectName): Promise<Subject> =>
  startSubject(name, { upstream, folder, exchange: short, streams: Math.max(numberOfIdle, numberOfStalled) + 100 })

/** Resident megabytes before anything came, after the first requests have compiled the code. */
const baseline = async ({ pid, port }: Subject): Promise<number> => {
  for (let round = 0; round < 3; round++) {
    await tell({ kind: "open", port, exchange: short, count: 200, reads: true })
    await tell({ kind: "close" })
    await wait(1000)
  }
  return residentMegabytes(pid) ?? Number.NaN
}

const idle = async (name: SubjectName) => {
  const subject = await start(name)
  const before = await baseline(subject)
  const opened = await tell({ kind: "open", port: subject.port, exchange: asking("idle"), count: numberOfIdle, reads: true })
  console.log(`${opened.open} idle streams are open, ${opened.failed} failed to begin`)
  await wait(5000)
  await subject.loopDelay()
  await wait(seconds * 500)
  const delay = await subject.loopDelay()
  const after = residentMegabytes(subject.pid) ?? Number.NaN
  const { open } = await tell({ kind: "count" })
  await subject.stop()
  await wait(500)
  await tell({ kind: "close" })
  return {
    subject: name,
    opened: opened.open,
    stillOpen: open,
    baseMegabytes: before,
    megabytes: after,
    kilobytesEach: (after - before) * 1000 / Math.max(1, open),
    loopP99: delay?.p99,
    loopMax: delay?.max
  }
}

/** How many streams the gateway has recorded as ended because their reader had stopped; a paused socket does not notice that it was closed. */
const endedFor = (port: number): number => {
  const db = new DatabaseSync(join(folder, `ledger-${port}.db`), { readOnly: true })
  const row = db.prepare("SELECT count(*) AS count FROM exchanges WHERE outcome = 'Cancelled(client)'").get()
  db.close()
  return Number(row?.["count"])
}

const stalled = async (name: SubjectName) => {
  const subject = await start(name)
  const before = await baseline(subject)
  const endedBefore = endedFor(subject.port)
  const opened = await tell({ kind: "open", port: subject.port, exchange: asking("flood"), count: numberOfStalled, reads: false })
  const samples: Array<{ readonly second: number; readonly megabytes: number; readonly ended: number }> = []
  await subject.loopDelay()
  for (let second = 5; second <= seconds; second += 5) {
    await wait(5000)
    samples.push({ second, megabytes: residentMegabytes(subject.pid) ?? Number.NaN, ended: endedFor(subject.port) - endedBefore })
  }
  const delay = await subject.loopDelay()
  const endedByGateway = endedFor(subject.port) - endedBefore
  await subject.stop()
  await wait(500)
  await tell({ kind: "close" })
  const most = Math.max(...samples.map(({ megabytes }) => megabytes))
  return {
    subject: name,
    opened: opened.open,
    baseMegabytes: before,
    mostMegabytes: most,
    kilobytesEach: (most - before) * 1000 / Math.max(1, opened.open),
    failed: opened.failed,
    endedByGateway,
    loopP99: delay?.p99,
    samples
  }
}

const idleResults = numberOfIdle === 0 ? [] : [await idle("sluice+ledger")]
console.table(idleResults)
const stalledResults = [await stalled("sluice+ledger")]
for (const { samples, ...rest } of stalledResults) {
  console.table([rest])
  console.table(samples)
}

const judged = (what: string, measured: number | undefined, limit: number, unit: string) =>
  console.log(
    `${what}: ${measured === undefined ? "not measured" : measured.toFixed(1)} ${unit}, promised at most ${limit}: ${
      measured !== undefined && measured <= limit ? "ok" : "misses"
    }`
  )

for (const each of idleResults) {
  judged(`${each.stillOpen} idle streams, resident memory each above idle`, each.kilobytesEach, 60, "kB")
  judged("event loop late, p99", each.loopP99, 50, "ms")
}
for (const each of stalledResults) {
  judged(`${each.opened} stalled readers, resident memory each`, each.kilobytesEach, 1000, "kB")
  console.log(`readers that were ended for stalling: ${each.endedByGateway} of ${each.opened}`)
}

const commit = execFileSync("git", ["describe", "--always", "--dirty"], { cwd: import.meta.dirname, encoding: "utf8" }).trim()
const startedAt = new Date()
const file = join(results, `crowd-${startedAt.toISOString().replaceAll(":", "-")}.json`)
writeFileSync(file, JSON.stringify({ startedAt, commit, node: process.version, idle: idleResults, stalled: stalledResults }, undefined, 2))
console.log(`written to ${file}`)
process.exit(0)
