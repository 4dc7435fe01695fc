/** R1: the configuration is replaced again and again under a steady load, now and then by a file that cannot be used. */
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { get } from "node:http"
import { join } from "node:path"
import { monotonic } from "../Channel.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Gateway from "../Gateway.ts"
import * as Load from "../Load.ts"
import { sockets } from "../ProcessFiles.ts"
import * as Rig from "../Rig.ts"

const names = ["one", "two"] as const

/** A page of the gateway, over a connection that is not kept: the sockets of the process are counted. */
const read = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (piece) => text += piece)
      response.on("end", () => resolve(text))
      response.on("error", reject)
    }).on("error", reject)
  })

/** The number of a metric on the gateway's own page; 0 where it has none. */
const metric = async (url: string, sample: string): Promise<number> => {
  const page = await read(`${url}/metrics`)
  const line = page.split("\n").find((each) => each.startsWith(`${sample} `))
  return Number(line?.slice(sample.length) ?? 0)
}

const reloaded = (url: string, result: "applied" | "failed"): Promise<number> => metric(url, `sluice_config_reload_total{result="${result}"}`)

/** What the record says of the request that a fault names. */
const withRow = async (filename: string, fault: string): Promise<string> => {
  const [model] = /^(?:whole|stream-\d+x\d+)-\d+/.exec(fault) ?? []
  if (model === undefined) return fault
  const [row] = await Effect.runPromise(LedgerReader.query({ _tag: "Sqlite", filename }, { limit: 1, model }))
  const times = row === undefined ? "" : `, ${Date.parse(row.endedAt ?? "") - Date.parse(row.startedAt)} ms, ${JSON.stringify(row.attempts)}`
  return `${fault}; its row: ${row === undefined ? "none" : `${row.outcome ?? row.status}${times}`}`
}

/** A file that no parser takes, one that says too much, one whose half is missing. */
const broken: ReadonlyArray<(text: string) => string> = [
  () => "providers: [",
  (text) => text.replace("{", "{ \"unknown\": 1,"),
  (text) => text.slice(0, text.length / 2)
]

const run = async ({ folder, form, random, say, sizes }: Options): Promise<Outcome> => {
  const { everyMs = 0, perSecond = 0, brokenEvery = 1 } = sizes
  const config = join(folder, "sluice.yaml")
  const [providers, clients] = [Load.providers(), Load.clients()]
  const addresses = await Promise.all(names.map((name) => providers.ask("start", name)))
  // Each generation has another provider, under another name, at another address, with another credential
  const text = (generation: number): string => {
    const name = names[generation % names.length] ?? names[0]
    const baseUrl = `${addresses[generation % names.length]}/v1`
    return JSON.stringify({
      // A connection that the server closes for having been idle may be the one that a request is just sent on: clients close first here
      server: { ...Rig.server, watch: false, keepAlive: "1 hour" },
      auth: { mode: "open" },
      ledger: { url: `sqlite:${join(folder, "ledger.db")}` },
      log: { level: "fatal" },
      providers: [{ id: name, dialect: "openai-chat", baseUrl, credentials: [{ id: `g${generation}`, apiKey: `key-${generation}` }] }],
      models: [{ id: "*", targets: [{ provider: name }] }]
    })
  }
  writeFileSync(config, text(0))
  const gateway = await Gateway.start(config)
  const failures: Array<string> = []
  try {
    // What a server has open that has served, but serves nobody now and has kept no connection
    await read(`${gateway.url}/health/ready`)
    const idle = sockets(gateway.pid) ?? 0
    const served: Array<Load.Served> = []
    let from = monotonic()
    let refused = 0
    let most = 0
    let mostSockets = 0
    await clients.ask("start", { url: gateway.url, perSecond, streamsPercent: 10 })
    for (let count = 1; count <= sizes.runs; count++) {
      const next = Rig.sleep(everyMs)
      if (count % brokenEvery === 0) {
        writeFileSync(config, random.from(broken)?.(text(count)) ?? "")
        gateway.signal("SIGHUP")
        refused++
        const told = await Rig.until(() => reloaded(gateway.url, "failed"), (failed) => failed >= refused, 30_000)
        if (told !== refused) failures.push(`reload ${count}: ${told} broken files were refused, not ${refused}`)
      }
      writeFileSync(config, text(count))
      served.push({ from, until: monotonic(), provider: names[(count - 1) % names.length] ?? "" })
      gateway.signal("SIGHUP")
      const applied = await Rig.until(() => reloaded(gateway.url, "applied"), (number) => number >= count, 30_000)
      if (applied !== count) failures.push(`reload ${count}: ${applied} were applied`)
      from = monotonic()
      most = Math.max(most, await metric(gateway.url, "sluice_generations"))
      mostSockets = Math.max(mostSockets, sockets(gateway.pid) ?? 0)
      await next
      if (form === "long" && count % 20 === 0) say(`  R1: ${count} reloads`)
    }
    served.push({ from, until: Number.MAX_SAFE_INTEGER, provider: names[sizes.runs % names.length] ?? "" })
    await clients.ask("stop")
    const seen = await clients.ask("judge", served)
    failures.push(...await Promise.all(seen.faults.map((fault) => withRow(join(folder, "ledger.db"), fault))))
    if (seen.failed + seen.astray > seen.faults.length) failures.push(`${seen.failed} requests failed and ${seen.astray} went astray`)

    // One more that nobody uses: whatever was open for those before is closed
    writeFileSync(config, text(sizes.runs + 1))
    gateway.signal("SIGHUP")
    const alive = await Rig.until(() => metric(gateway.url, "sluice_generations"), (number) => number === 1, 30_000)
    if (alive !== 1) failures.push(`${alive} generations are alive although nobody uses but the last`)
    const left = await Rig.until(() => providers.ask("connections"), (number) => number === 0, 30_000)
    if (left !== 0) failures.push(`${left} connections to providers are left of generations that were replaced`)
    const own = await Rig.until(() => sockets(gateway.pid) ?? 0, (number) => number <= idle, 30_000)
    if (own > idle) failures.push(`the process has ${own} sockets open, ${idle} before the load`)
    const rows = await Rig.until(
      () => metric(gateway.url, "sluice_exchanges_total{outcome=\"Completed\",inbound=\"openai-chat\"}"),
      (number) => number >= seen.requests,
      30_000
    )
    if (rows !== seen.requests) failures.push(`${rows} exchanges were completed, ${seen.requests} were asked for`)
    return {
      counts: {
        reloads: sizes.runs,
        "broken files refused": refused,
        requests: seen.requests,
        streams: seen.streams,
        "streams that outlasted their configuration": seen.outlasting,
        "requests failed": seen.failed,
        "requests answered by a provider that was gone": seen.astray,
        "exchanges completed": rows,
        "connections left to providers": left,
        "sockets left of the process beyond those before": Math.max(0, own - idle)
      },
      worst: {
        "requests in a second": seen.perSecond,
        "generations alive at once": most,
        "sockets of the process at once": mostSockets,
        "p99 of whole answers (ms)": seen.p99Ms,
        "longest of whole answers (ms)": seen.longestMs
      },
      failures
    }
  } finally {
    gateway.signal("SIGKILL")
    clients.stop()
    providers.stop()
  }
}

/** The experiment. */
export const reload: Experiment = {
  id: "R1",
  title: "A configuration that is replaced under load fails no request and leaves nothing open",
  injection:
    "1,000 requests begin every second, a tenth of them streams of up to three seconds; the configuration is replaced 200 times by one with another provider under another name, and every tenth time a file that cannot be used comes before it.",
  criterion:
    "No request fails; every answer is whole and of one provider, and of the new one as soon as the change is told; every file that cannot be used is refused and changes nothing; afterwards one generation is alive, no connection to a provider is left, the process has no more sockets open than before, and every request is in the metrics as completed.",
  short: { runs: 6, perSecond: 60, everyMs: 300, brokenEvery: 3 },
  long: { runs: 200, perSecond: 1000, everyMs: 800, brokenEvery: 10 },
  run
}
