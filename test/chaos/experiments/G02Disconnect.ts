/** G2: clients that leave, in every phase of a stream and in every way a connection can be left. */
import type { Entry } from "@sluice/gateway/Ledger"
import type { ClientEntry, Leaving } from "../Clients.ts"
import { type Experiment, type Options, type Outcome, percentile } from "../Experiment.ts"
import * as Oracle from "../Oracle.ts"
import * as ProcessFiles from "../ProcessFiles.ts"
import * as Rig from "../Rig.ts"
import type { UpstreamEntry } from "../Upstream.ts"

interface Phase {
  readonly name: string
  readonly scenario: string
  /** The client leaves by itself when it has this; without, it is told once the upstream has come as far as `upstream` says. */
  readonly after?: string
  readonly upstream?: (entry: UpstreamEntry) => boolean
  readonly outcome: "Cancelled(client)" | "Completed"
  /** Whether content had come before the client left. */
  readonly hasContent: boolean
}

const phases: ReadonlyArray<Phase> = [
  { name: "before the head", scenario: "sim-stall-head", upstream: () => true, outcome: "Cancelled(client)", hasContent: false },
  { name: "before the first token", scenario: "sim-stall", upstream: ({ headAt }) => headAt !== undefined, outcome: "Cancelled(client)", hasContent: false },
  { name: "in mid-stream", scenario: "sim-long;events=100000;delay=2", after: "token20 ", outcome: "Cancelled(client)", hasContent: true },
  { name: "behind the last token", scenario: "sim-stall;after=5", after: "token5 ", outcome: "Cancelled(client)", hasContent: true },
  { name: "behind the finish", scenario: "sim-text", after: "\"finish_reason\":\"stop\"", outcome: "Completed", hasContent: true }
]

const ways: ReadonlyArray<Leaving> = ["FIN", "RST", "half-close"]
const together = 20

interface Leaver {
  readonly tag: string
  readonly how: Leaving
}

interface Wave {
  readonly phase: Phase
  readonly leavers: ReadonlyArray<Leaver>
}

interface Seen extends Wave {
  readonly clients: ReadonlyArray<ClientEntry>
  readonly upstream: ReadonlyArray<UpstreamEntry>
}

const leave = async (rig: Rig.Rig, url: string, wave: Wave): Promise<Seen> => {
  const { leavers, phase } = wave
  await rig.clients.ask(
    "send",
    leavers.map(({ how, tag }, index) => ({
      url,
      tag,
      path: "/v1/chat/completions",
      body: {
        model: `${index % 2 === 0 ? "up" : "same"}/${phase.scenario};tag=${tag}`,
        stream: true,
        messages: [{ role: "user", content: "Count to a hundred." }]
      },
      ...(phase.after === undefined ? {} : { leave: { after: phase.after, how } })
    }))
  )
  const reached = phase.upstream
  if (reached !== undefined) {
    await Rig.until(rig.upstream.log, (log) => log.filter(reached).length === leavers.length, 20_000)
    for (const leaver of leavers) await rig.clients.ask("leave", leaver)
  }
  await rig.clients.ask("ended", 20_000)
  await Rig.until(rig.upstream.open, (open) => open === 0, 20_000)
  const seen = { ...wave, clients: await rig.clients.ask("log"), upstream: await rig.upstream.log() }
  await rig.clients.ask("clear")
  await rig.upstream.clear()
  return seen
}

/** Milliseconds from each client's leaving to the end of its request at the upstream. */
const delays = ({ clients, upstream }: Seen): ReadonlyArray<number> => {
  const left = new Map(clients.map(({ leftAt, tag }) => [tag, leftAt]))
  return upstream.map(({ endedAt, tag }) => (endedAt ?? Number.POSITIVE_INFINITY) - (left.get(tag) ?? 0))
}

const problemOf = (row: Entry, phase: Phase, client: ClientEntry | undefined): string | undefined => {
  if (row.outcome !== phase.outcome) return `its outcome is ${row.outcome}`
  if (row.usage.input === undefined || row.usage.input === 0) return "it has no input tokens though it was sent upstream"
  if (row.bytesOut < (client?.bytes ?? 0)) return `it says ${row.bytesOut} bytes, the client got ${client?.bytes}`
  if (phase.hasContent !== (row.ttftMs !== undefined)) return phase.hasContent ? "it does not say when content came" : "it says that content came"
  if (phase.hasContent !== ((row.usage.output ?? 0) > 0)) return `it has ${row.usage.output} output tokens`
  return undefined
}

/** What is wrong with one wave, by its logs and the rows. */
const judge = ({ clients, leavers, phase, upstream }: Seen, rows: ReadonlyMap<string, ReadonlyArray<Entry>>): ReadonlyArray<string> => {
  const client = new Map(clients.map((entry) => [entry.tag, entry]))
  const sent = new Map(upstream.map((entry) => [entry.tag, entry]))
  return leavers.flatMap(({ how, tag }) => {
    const name = `${tag} (${phase.name}, ${how})`
    const own = rows.get(tag) ?? []
    const [row] = own
    if (own.length !== 1 || row === undefined) return [`${own.length} rows of ${name}`]
    const ending = sent.get(tag)?.ending
    const problem = problemOf(row, phase, client.get(tag))
    return [
      ...(client.get(tag)?.leftAt === undefined ? [`${name}: the client never left`] : []),
      ...(phase.outcome !== "Completed" && ending !== "client-closed" ? [`${name}: the upstream's connection ended as ${ending ?? "open"}`] : []),
      ...(problem === undefined ? [] : [`${name}: ${problem}`])
    ]
  })
}

const run = ({ folder, form, say, sizes }: Options): Promise<Outcome> =>
  Rig.use({ folder }, async (rig) => {
    const gateway = await rig.start()
    const failures: Array<string> = []
    const seen: Array<Seen> = []
    const socketsBefore = ProcessFiles.sockets(gateway.pid) ?? 0
    /** Sockets beyond those of the beginning, once they had time to close. */
    const socketsLeft = async (withinMs: number): Promise<number> => {
      const left = () => Math.max(0, (ProcessFiles.sockets(gateway.pid) ?? 0) - socketsBefore)
      return await Rig.until(left, (count) => count === 0, withinMs)
    }
    const attack = async (phase: Phase): Promise<void> => {
      for (let from = 0; from < sizes.runs; from += together) {
        const numbers = Array.from({ length: Math.min(together, sizes.runs - from) }, (_, index) => from + index)
        const leavers = ways.flatMap((how) => numbers.map((number) => ({ how, tag: `${phases.indexOf(phase)}-${how}-${number}` })))
        seen.push(await leave(rig, gateway.url, { phase, leavers }))
      }
      if (form === "long") say(`  G2: left ${phase.name}`)
    }
    for (const phase of phases.filter(({ outcome }) => outcome !== "Completed")) await attack(phase)
    const sockets = await socketsLeft(10_000)
    if (sockets > 0) failures.push(`${sockets} sockets of the gateway are left though every client has left`)
    // Behind whole answers connections wait to be used again, which is no leak
    for (const phase of phases.filter(({ outcome }) => outcome === "Completed")) await attack(phase)
    const open = await Rig.until(() => rig.countOf("open"), (count) => count === 0, 10_000)
    if (open > 0) failures.push(`${open} rows are open though every client has left`)
    await gateway.kill("SIGTERM")
    const entries = await rig.entries()
    const rows = Map.groupBy(entries, Oracle.tagOf)
    failures.push(...seen.flatMap((wave) => judge(wave, rows)))
    const cancelled = seen.filter(({ phase }) => phase.outcome !== "Completed")
    const worst = Object.fromEntries(
      phases.slice(0, -1).map((phase) => [
        `close upstream, p99, left ${phase.name} (ms)`,
        percentile(cancelled.filter((wave) => wave.phase === phase).flatMap(delays), 0.99)
      ])
    )
    if (form === "long") failures.push(...Object.entries(worst).filter(([, millis]) => millis > 250).map(([name, millis]) => `${name}: ${millis}`))
    return {
      counts: {
        "clients that left": seen.reduce((sum, { leavers }) => sum + leavers.length, 0),
        "upstream connections closed early": cancelled.flatMap(({ upstream }) => upstream).filter(({ ending }) => ending === "client-closed").length,
        rows: entries.length,
        ...Oracle.statuses(entries),
        "sockets left": sockets
      },
      worst,
      failures
    }
  })

/** The experiment. */
export const disconnect: Experiment = {
  id: "G2",
  title: "A client that leaves stops its upstream and is recorded",
  injection:
    "Clients leave before the head, before the first token, in mid-stream, behind the last token and behind the finish, each by FIN, by RST and by closing only their half, 200 times each.",
  criterion:
    "The upstream sees its connection close within 250 ms (p99); exactly one row each, Cancelled(client) (behind the finish: Completed), with input tokens, at least the bytes the client got, and output tokens and a time of first content exactly where content had come; no socket is left.",
  short: { runs: 6 },
  long: { runs: 200 },
  run
}
