/** G15: a fleet on one PostgreSQL ledger and one Redis that loses a node every few seconds, while clients deliver requests twice. */
import type { Entry } from "@sluice/gateway/Ledger"
import { join } from "node:path"
import type { ClientEntry, ClientRequest } from "../Clients.ts"
import * as Database from "../Database.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import type { Gateway } from "../Gateway.ts"
import * as Oracle from "../Oracle.ts"
import * as Rig from "../Rig.ts"

const key = "sk-fleet"

/** Three nodes that are started again on their ports whenever they were killed. */
const fleetOf = async (rig: Rig.Rig, size: number) => {
  const nodes: Array<Gateway | undefined> = await Promise.all(Array.from({ length: size }, () => rig.start()))
  const ports = nodes.map((node) => Number(new URL(node?.url ?? "").port))
  return {
    nodes: () => nodes.filter((node) => node !== undefined),
    /** Kills one and starts it again; in between the others serve. */
    replace: async (index: number): Promise<void> => {
      const node = nodes[index]
      if (node === undefined) return
      nodes[index] = undefined
      await node.kill("SIGKILL")
      nodes[index] = await rig.start({ port: ports[index] ?? 0 })
    }
  }
}

/** A delivery's mark is that of its request and its own number. */
const requestOf = ({ tag }: Pick<ClientEntry, "tag">): string => tag.replace(/\+\d+$/, "")

const delivery = (url: string, tag: string, number: number, model: string): ClientRequest => ({
  url,
  tag: `${tag}+${number}`,
  path: "/v1/chat/completions",
  headers: { authorization: `Bearer ${key}`, "idempotency-key": `key-${tag}` },
  body: { model, stream: true, messages: [{ role: "user", content: "Count." }] }
})

/** Whether a row is of a delivery that was not executed: refused, or given an answer again. */
const isWithoutEffect = ({ status, usage }: Entry): boolean => status === "denied" || status === "cached" || (status === "abandoned" && usage.input === 0)

/** Every observed delivery has its row, a request reached the upstream at most once, and is paid for at most once. */
const judge = (logs: Oracle.Logs): ReadonlyArray<string> => {
  const rows = Map.groupBy(logs.entries, Oracle.tagOf)
  const sent = Map.groupBy(logs.upstream, ({ tag }) => tag)
  const deliveries = Map.groupBy(logs.clients, requestOf)
  return [...deliveries].flatMap(([tag, all]) => {
    const own = rows.get(tag) ?? []
    const heads = all.filter(({ headAt }) => headAt !== undefined).length
    const calls = sent.get(tag)?.length ?? 0
    const executed = own.filter((entry) => !isWithoutEffect(entry))
    return [
      ...(own.length < Math.max(heads, calls) ? [`${tag}: ${own.length} rows, ${heads} heads and ${calls} calls of the upstream were seen`] : []),
      ...(own.length > all.length ? [`${tag}: ${own.length} rows of ${all.length} deliveries`] : []),
      ...(calls > 1 ? [`${tag}: it reached the upstream ${calls} times`] : []),
      ...(executed.length > 1 ? [`${tag}: ${executed.length} rows say it was executed`] : []),
      ...own.filter(({ status }) => status === "open").map(() => `${tag}: its row is open`)
    ]
  })
}

interface Services {
  /** Of the ledger's schema. */
  readonly url: string
  readonly redis: string
  readonly prefix: string
}

const attack = ({ folder, form, random, say, sizes }: Options, { prefix, redis, url }: Services): Promise<Outcome> =>
  Rig.use({
    folder,
    source: Database.source(url),
    config: (plain) => ({
      ...plain,
      auth: { mode: "keys" },
      keys: [{ id: Database.unique("fleet"), key, limits: { requestsPerMinute: 1_000_000, concurrency: 10_000 } }],
      ledger: { url, spill: join(folder, "spill") },
      redis: { url: redis, prefix },
      replay: { store: "redis", key: "a secret of at least thirty-two characters" }
    })
  }, async (rig) => {
    const fleet = await fleetOf(rig, sizes["nodes"] ?? 0)
    const failures: Array<string> = []
    const logs = { clients: [] as Array<ClientEntry>, upstream: [] as Array<Oracle.Logs["upstream"][number]> }
    let sent = 0
    let twice = 0
    let kills = 0
    let isOver = false
    const traffic = (async () => {
      while (!isOver) {
        const batch = Array.from({ length: sizes["perTick"] ?? 0 }, () => {
          const node = random.from(fleet.nodes())
          const tag = `r${sent++}`
          const model = `${random.pick(["up", "same"])}/sim-long;events=${1 + random.below(40)};delay=${5 + random.below(40)};tag=${tag}`
          if (node === undefined) return []
          const first = delivery(node.url, tag, 1, model)
          const other = random.from(fleet.nodes())
          if (!random.chance(sizes["twicePercent"] ?? 0) || other === undefined) return [first]
          twice++
          return [first, delivery(other.url, tag, 2, model)]
        }).flat()
        await rig.clients.ask("send", batch)
        await Rig.sleep(sizes["tickMs"] ?? 0)
      }
    })()
    await Rig.sleep(sizes["everyMs"] ?? 0)
    for (let run = 0; run < sizes.runs; run++) {
      const next = Rig.sleep(sizes["everyMs"] ?? 0)
      await fleet.replace(random.below(sizes["nodes"] ?? 1))
      kills++
      await next
      if (form === "long" && kills % 12 === 0) say(`  G15: ${kills} kills, ${sent} requests`)
    }
    isOver = true
    await traffic
    await rig.clients.ask("ended", 30_000)
    logs.clients.push(...await rig.clients.ask("log"))
    logs.upstream.push(...await rig.upstream.log())
    // What the dead left open is found by those who live
    const open = await Rig.until(async () => (await rig.entries()).filter(({ status }) => status === "open").length, (count) => count === 0, 60_000)
    await Promise.all(fleet.nodes().map((node) => node.kill("SIGTERM")))
    if (open > 0) failures.push(`${open} rows are open though every client has ended`)
    const entries = await rig.entries()
    failures.push(...judge({ ...logs, entries }), ...Oracle.noFalseEnd({ ...logs, entries: entries.filter((entry) => !isWithoutEffect(entry)) }))
    const charged = await Database.charged(url)
    const settled = entries.filter(({ endedAt }) => endedAt !== undefined).length
    if (charged.requests > entries.length) failures.push(`the account counts ${charged.requests} requests, there are ${entries.length} rows`)
    const nanos = entries.reduce((sum, { costUsd }) => sum + Number(costUsd ?? 0) * 1e9, 0)
    if (Math.abs(charged.nanos - nanos) > entries.length) {
      failures.push(`the account was charged ${charged.nanos} nanodollars, the rows say ${nanos.toFixed(0)}`)
    }
    return {
      counts: {
        "nodes killed": kills,
        "requests": sent,
        "delivered twice": twice,
        "heads seen by clients": logs.clients.filter(({ headAt }) => headAt !== undefined).length,
        "calls of the upstream": logs.upstream.length,
        rows: entries.length,
        "rows with an end": settled,
        ...Oracle.statuses(entries)
      },
      failures
    }
  })

const run = async (options: Options): Promise<Outcome> => {
  const [postgres, redis] = await Promise.all([Database.postgres(), Database.redis()])
  const missing = postgres.missing ?? redis.missing
  if (missing !== undefined) return { counts: {}, failures: [], notRun: missing }
  return await Database.use(postgres.url, (url) => Database.usePrefix(redis.url, (prefix) => attack(options, { url, redis: redis.url, prefix })))
}

/** The experiment. */
export const fleet: Experiment = {
  id: "G15",
  title: "A fleet that loses nodes counts every request once",
  injection:
    "Three gateways on one PostgreSQL ledger and one Redis; one of them is killed with SIGKILL every 5 seconds and started again, for 10 minutes; one request in ten is delivered twice at once, to any two nodes, with one Idempotency-Key.",
  criterion:
    "Every observed delivery has exactly one row; a request reaches the upstream at most once and is executed in at most one row; accounts are charged what the rows say, and a row what its tokens cost; what a dead node left open is abandoned by the living; the chain of rows is whole.",
  short: { runs: 1, nodes: 2, perTick: 4, tickMs: 100, everyMs: 500, twicePercent: 20 },
  long: { runs: 120, nodes: 3, perTick: 3, tickMs: 150, everyMs: 5000, twicePercent: 10 },
  run
}
