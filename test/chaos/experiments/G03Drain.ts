/** G3: clients leave, and the gateway reads their answers on for the provider's own usage, within bounds. */
import type { Entry } from "@sluice/gateway/Ledger"
import { join } from "node:path"
import type { ClientEntry } from "../Clients.ts"
import { type Experiment, type Options, type Outcome } from "../Experiment.ts"
import * as Oracle from "../Oracle.ts"
import * as Results from "../Results.ts"
import * as Rig from "../Rig.ts"
import type { UpstreamEntry } from "../Upstream.ts"

/** One way to be read on. */
interface Policy {
  readonly name: string
  /** As the configuration has it. */
  readonly onClientGone: unknown
  readonly scenario: string
  /** Whether the answer ends before any bound. */
  readonly isWhole: boolean
  /** What is wrong with how long, or how far, the answer was read on; judged in the long form only. */
  readonly overrun?: (client: ClientEntry, sent: UpstreamEntry) => string | undefined
}

/** Characters of an event of the bounded streams, and how often they come. */
const size = 1000
const delay = 10
const timeBound = 1500
const bytesBound = 64 * 1024

const policies: ReadonlyArray<Policy> = [
  { name: "whole", onClientGone: "drain", scenario: "sim-long;events=150;delay=5", isWhole: true },
  {
    name: "within",
    onClientGone: { drain: { time: "1 minute", bytes: "4MiB" } },
    scenario: "sim-long;events=150;delay=5",
    isWhole: true
  },
  {
    name: "timed",
    onClientGone: { drain: { time: `${timeBound} millis`, bytes: "64MiB" } },
    scenario: `sim-long;events=100000;size=${size};delay=${delay}`,
    isWhole: false,
    overrun: (client, sent) => {
      const after = (sent.endedAt ?? Number.POSITIVE_INFINITY) - (client.leftAt ?? 0)
      return after < timeBound - 250 || after > timeBound + 1000 ? `it was read on for ${after.toFixed(0)} ms, the bound is ${timeBound}` : undefined
    }
  },
  {
    name: "sized",
    onClientGone: { drain: { time: "1 minute", bytes: `${bytesBound}B` } },
    scenario: `sim-long;events=100000;size=${size};delay=${delay}`,
    isWhole: false,
    overrun: (client, sent) => {
      const after = (sent.events - client.events) * size
      // What was on its way when the bound was met
      return after > bytesBound + 50 * size ? `it was read on for ${after} characters, the bound is ${bytesBound}` : undefined
    }
  }
]

const judgeRow = (policy: Policy, row: Entry, sent: UpstreamEntry): string | undefined => {
  if (row.outcome !== "Cancelled(client)" && !(policy.isWhole && row.outcome === "Completed")) return `its outcome is ${row.outcome}`
  const provenance = row.provenance.output
  if (!policy.isWhole) {
    if (provenance === "reported") return "its tokens are said to be reported, the provider never stated them"
    return (row.usage.output ?? 0) > 0 ? undefined : "it has no output tokens"
  }
  if (provenance !== "reported") return `its tokens are ${provenance ?? "unknown"}, the provider stated them`
  return row.usage.output === sent.output && row.usage.input === sent.input
    ? undefined
    : `it has ${row.usage.input} and ${row.usage.output} tokens, the provider stated ${sent.input} and ${sent.output}`
}

/** How many may be read on for at the same time where that is attacked, and how many leave. */
const concurrent = 4
const leaving = 12

/** More clients leave at once than may be read on for: so many are read to their end, the upstreams of the others are closed. */
const capped = ({ folder }: Options): Promise<Outcome> =>
  Rig.use({
    folder: join(folder, "capped"),
    config: (plain) => ({
      ...plain,
      server: { ...Rig.server, drains: { concurrent } },
      models: [{ id: "*", targets: [{ provider: "up" }], onClientGone: "drain" }]
    })
  }, async (rig) => {
    const gateway = await rig.start()
    // Long enough that everybody has left before the first answer is over
    const requests = Array.from({ length: leaving }, (_, index) => ({
      url: gateway.url,
      tag: `${index}`,
      path: "/v1/chat/completions",
      body: { model: `sim-long;events=400;delay=10;tag=${index}`, stream: true, messages: [{ role: "user", content: "Count." }] },
      leave: { after: "token10 ", how: "FIN" as const }
    }))
    await rig.clients.ask("send", requests)
    await rig.clients.ask("ended", 30_000)
    await Rig.until(rig.upstream.open, (open) => open === 0, 60_000)
    await Rig.until(() => rig.countOf("open"), (open) => open === 0, 10_000)
    await gateway.kill("SIGTERM")
    const logs = { clients: await rig.clients.ask("log"), upstream: await rig.upstream.log(), entries: await rig.entries() }
    const failures = [...Oracle.onceEach(logs)]
    const whole = logs.upstream.filter(({ ending }) => ending === "completed")
    const lastLeft = Math.max(...logs.clients.map(({ leftAt }) => leftAt ?? 0))
    const firstEnded = Math.min(...whole.map(({ endedAt }) => endedAt ?? 0))
    if (whole.length !== concurrent && lastLeft < firstEnded) failures.push(`${whole.length} answers were read on at once, ${concurrent} may be`)
    for (const sent of logs.upstream) {
      const row = logs.entries.find((entry) => Oracle.tagOf(entry) === sent.tag)
      const isReported = row?.provenance.output === "reported"
      if (isReported !== (sent.ending === "completed")) {
        failures.push(`stream ${sent.tag}: its upstream ended as ${sent.ending}, its tokens are ${row?.provenance.output ?? "unknown"}`)
      }
    }
    return {
      counts: {
        "clients that left at once": logs.clients.length,
        "of these read on": whole.length,
        "over the cap, closed": logs.upstream.filter(({ ending }) => ending === "client-closed").length
      },
      failures
    }
  })

const bounded = ({ folder, form, sizes }: Options): Promise<Outcome> =>
  Rig.use({
    folder: join(folder, "bounded"),
    config: (plain) => ({
      ...plain,
      server: { ...Rig.server, drains: { concurrent: 1000 } },
      models: policies.flatMap(({ name, onClientGone }) =>
        ["up", "same"].map((provider) => ({ id: `${name}-${provider}/*`, targets: [{ provider, model: "*", price: Rig.price }], onClientGone }))
      )
    })
  }, async (rig) => {
    const gateway = await rig.start()
    const tags = new Map<string, Policy>(
      policies.flatMap((policy) => Array.from({ length: sizes.runs }, (_, index) => [`${policy.name}-${index}`, policy] as const))
    )
    await rig.clients.ask(
      "send",
      [...tags].map(([tag, { name, scenario }], index) => ({
        url: gateway.url,
        tag,
        path: "/v1/chat/completions",
        body: { model: `${name}-${index % 2 === 0 ? "up" : "same"}/${scenario};tag=${tag}`, stream: true, messages: [{ role: "user", content: "Count." }] },
        leave: { after: "token10 ", how: "FIN" as const }
      }))
    )
    await rig.clients.ask("ended", 30_000)
    await Rig.until(rig.upstream.open, (open) => open === 0, 60_000)
    await Rig.until(() => rig.countOf("open"), (open) => open === 0, 10_000)
    await gateway.kill("SIGTERM")
    const logs = { clients: await rig.clients.ask("log"), upstream: await rig.upstream.log(), entries: await rig.entries() }
    const failures = [...Oracle.onceEach(logs)]
    for (const client of logs.clients) {
      const policy = tags.get(client.tag)
      const sent = logs.upstream.find(({ tag }) => tag === client.tag)
      const row = logs.entries.find((entry) => Oracle.tagOf(entry) === client.tag)
      if (policy === undefined || sent === undefined || row === undefined) {
        failures.push(`${client.tag}: it was not sent, or has no row`)
        continue
      }
      if (client.ending !== "left") failures.push(`${client.tag}: its client did not leave: ${client.ending}`)
      const wanted = policy.isWhole ? "completed" : "client-closed"
      if (sent.ending !== wanted) failures.push(`${client.tag}: its upstream connection ended as ${sent.ending ?? "open"}`)
      const problem = judgeRow(policy, row, sent) ?? (form === "long" ? policy.overrun?.(client, sent) : undefined)
      if (problem !== undefined) failures.push(`${client.tag}: ${problem}`)
    }
    return {
      counts: {
        "clients that left": logs.clients.filter(({ ending }) => ending === "left").length,
        "answers read to their end": logs.upstream.filter(({ ending }) => ending === "completed").length,
        "answers cut at a bound": logs.upstream.filter(({ ending }) => ending === "client-closed").length,
        rows: logs.entries.length,
        "rows with the provider's own count": logs.entries.filter(({ provenance }) => provenance.output === "reported").length
      },
      failures
    }
  })

/** Both at once: they wait more than they work. */
const run = async (options: Options): Promise<Outcome> => Results.total(await Promise.all([bounded(options), capped(options)]))

/** The experiment. */
export const drain: Experiment = {
  id: "G3",
  title: "A drained answer is paid as the provider counts it, within bounds",
  injection:
    "Clients leave in mid-stream; the entries of their models say that answers are read on without bounds, within bounds they do not meet, for 1.5 seconds, and for 64 kB; and three times as many leave at once as may be read on for.",
  criterion:
    "An answer read to its end has the provider's own input and output tokens, to the token; one that meets a bound is cut there, its upstream closed, its tokens recorded as an estimate; never more are read on at once than may be.",
  short: { runs: 2 },
  long: { runs: 50 },
  run
}
