/** G1: a gateway killed outright, again and again, in the middle of hundreds of streams. */
import { performance } from "node:perf_hooks"
import type { ClientRequest } from "../Clients.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import type { Gateway } from "../Gateway.ts"
import * as Oracle from "../Oracle.ts"
import * as Rig from "../Rig.ts"

/** A stream that lasts from a moment to about four seconds, through either dialect. */
const request = (url: string, random: Options["random"], tag: string): ClientRequest => ({
  url,
  tag,
  path: "/v1/chat/completions",
  body: {
    model: `${random.pick(["up", "same"])}/sim-long;events=${5 + random.below(60)};delay=${5 + random.below(55)};tag=${tag}`,
    stream: true,
    messages: [{ role: "user", content: "Count." }]
  }
})

const startOnce = async (rig: Rig.Rig): Promise<number> => {
  const gateway = await rig.start()
  await gateway.kill("SIGKILL")
  return gateway.startMs
}

/** A row that a killed gateway leaves open: of what was under way, or of a request that is never answered. */
const leaveOpen = async (rig: Rig.Rig, gateway: Gateway | undefined): Promise<Rig.OpenRow | undefined> => {
  if (gateway === undefined) return rig.anOpenRow()
  const body = { model: "up/sim-stall;tag=swept", stream: true, messages: [{ role: "user", content: "Count." }] }
  await rig.clients.ask("send", [{ url: gateway.url, tag: "swept", path: "/v1/chat/completions", body }])
  await Rig.until(rig.upstream.count, (count) => count > 0, 20_000)
  await gateway.kill("SIGKILL")
  await rig.clients.ask("clear")
  await rig.upstream.clear()
  return rig.anOpenRow()
}

const run = ({ folder, form, random, say, sizes }: Options): Promise<Outcome> =>
  Rig.use({ folder }, async (rig) => {
    const streams = sizes["streams"] ?? 0
    const failures: Array<string> = []
    const logs = { clients: [] as Array<Oracle.Logs["clients"][number]>, upstream: [] as Array<Oracle.Logs["upstream"][number]> }
    let kills = 0
    let swept = 0
    const startedAt = performance.now()
    for (let round = 0; round < sizes.runs; round++) {
      const before = round === 0 ? 0 : rig.countOf("open")
      const gateway = await rig.start()
      const left = rig.countOf("open")
      if (left > 0) failures.push(`${left} rows are open after the restart behind kill ${round}`)
      swept += before
      const requests = Array.from({ length: streams }, (_, index) => request(gateway.url, random, `${round}-${index}`))
      // Killed when any share of the requests is upstream, or any moment later
      const reached = form === "short" ? streams / 2 : random.below(streams)
      const sent = rig.clients.ask("send", requests)
      await Rig.until(rig.upstream.count, (count) => count >= reached, sizes["withinMs"] ?? 0)
      await Rig.sleep(random.chance(50) ? 0 : random.below(sizes["laterMs"] ?? 0))
      await gateway.kill("SIGKILL")
      kills++
      await sent
      await rig.clients.ask("ended", 10_000)
      logs.clients.push(...await rig.clients.ask("log"))
      logs.upstream.push(...await rig.upstream.log())
      await rig.clients.ask("clear")
      await rig.upstream.clear()
      if (form === "long" && round % 10 === 9) say(`  G1: ${round + 1} kills, ${((performance.now() - startedAt) / (round + 1) / 1000).toFixed(1)} s each`)
    }
    swept += rig.countOf("open")
    const copies = sizes["openRows"] ?? 0
    const sweeps: Array<number> = []
    // The least of three: a busy machine makes any start slow
    for (let attempt = 0; attempt < (form === "long" ? 3 : 1); attempt++) {
      const row = await leaveOpen(rig, form === "long" ? await rig.start() : undefined)
      if (row === undefined) continue
      rig.addCopies(row, copies)
      const withThem = await startOnce(rig)
      const left = rig.countOf("open")
      if (left > 0) failures.push(`${left} of ${copies} open rows were not swept`)
      // What a start with them takes beyond the next one, which has nothing to sweep
      sweeps.push(Math.max(0, withThem - (form === "long" ? await startOnce(rig) : withThem)))
    }
    const sweepMs = Math.min(...sweeps)
    if (form === "long" && sweepMs > 2000) failures.push(`sweeping ${copies} open rows took ${sweepMs.toFixed(0)} ms`)
    const integrity = rig.integrity()
    if (integrity !== "ok") failures.push(`integrity: ${integrity}`)
    const broken = form === "long" ? await rig.verify() : ""
    if (broken !== "") failures.push(`ledger verify: ${broken}`)
    const entries = (await rig.entries()).filter((entry) => entry.model !== "copy" && Oracle.tagOf(entry) !== "swept")
    const judged = { ...logs, entries }
    failures.push(...Oracle.onceEach(judged), ...Oracle.noFalseEnd(judged), ...Oracle.noLostEnd(judged), ...Oracle.noFalseCost(entries, Rig.price))
    const seen = Oracle.observed(judged).size
    if (seen < kills * streams / 4) failures.push(`only ${seen} of ${kills * streams} requests were observed: the kills come too early to attack anything`)
    return {
      counts: {
        kills,
        "requests sent": kills * streams,
        "requests observed": seen,
        "heads seen by clients": logs.clients.filter(({ headAt }) => headAt !== undefined).length,
        "requests that reached the upstream": logs.upstream.length,
        rows: entries.length,
        ...Oracle.statuses(entries),
        "open rows swept": swept + copies * sweeps.length
      },
      worst: { [`sweep of ${copies} open rows (ms)`]: sweepMs },
      failures
    }
  })

/** The experiment. */
export const crash: Experiment = {
  id: "G1",
  title: "A crash loses no request and counts none twice",
  injection:
    "500 concurrent streams through two dialects; the gateway is killed with SIGKILL at a random moment and started again, 200 times, 20 on each ledger.",
  criterion:
    "Every request whose head reached its client or that reached the upstream has exactly one row; no row is open after a restart; a completed row was completed upstream; SQLite's integrity check says ok, and so does `ledger verify` of the chain of rows; a start sweeps 10,000 open rows within 2 s.",
  short: { runs: 1, streams: 100, withinMs: 20_000, laterMs: 300, openRows: 1000 },
  long: { runs: 200, streams: 500, withinMs: 20_000, laterMs: 1500, openRows: 10_000 },
  batch: 20,
  run
}
