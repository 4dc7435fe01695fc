/**
 * One gateway under steady traffic while something happens to its ledger: long streams that run across the fault, short requests
 * all the time, and afterwards the three logs side by side. What happens is the experiment's; what must hold is judged here.
 */
import { existsSync, readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { monotonic } from "../Channel.ts"
import type { ClientEntry } from "../Clients.ts"
import type { Outcome } from "../Experiment.ts"
import type { Gateway } from "../Gateway.ts"
import * as Oracle from "../Oracle.ts"
import * as Rig from "../Rig.ts"
import { percentile } from "./Percentile.ts"
import * as Probe from "./Probe.ts"

/** The running gateway, as those who disturb it see it. */
export interface Scene {
  readonly rig: Rig.Rig
  readonly gateway: Gateway
  readonly probe: Probe.Probe
}

/** What is done. */
export interface Plan {
  /** Names the cell in counts and failures. */
  readonly name: string
  readonly folder: string
  readonly database?: string
  /** The section `ledger` of the configuration, beside its URL. */
  readonly ledger?: { readonly [setting: string]: unknown }
  readonly streams: number
  readonly perSecond: number
  readonly faultMs: number
  /** For how long there is traffic before; a moment by default. Memory settles later than that. */
  readonly warmMs?: number
  /** Begins the fault; gives what ends it. */
  readonly begin: (scene: Scene) => Promise<() => Promise<void>>
  /** Ends the gateway while the fault lasts, and starts another one when it is over. */
  readonly restart?: boolean
  /** Milliseconds after the end of the fault within which every request must be served again. */
  readonly recoveryMs: number
  /** For how long it is watched after the end of the fault; by default a little longer than it may take to recover. */
  readonly watchedMs?: number
  /** What may lack its row, and why is the experiment's to say. */
  readonly mayLackRow?: (entry: ClientEntry, seen: Omit<Seen, "clients">) => boolean
  /** Looks at what is particular to the fault, before anything is cleaned up. */
  readonly look?: (scene: Scene, seen: Seen) => Promise<Pick<Outcome, "failures" | "worst">>
}

/** When the fault began and ended, on the clock all processes share, and what clients saw. */
export interface Seen {
  readonly beganAt: number
  readonly endedAt: number
  readonly clients: ReadonlyArray<ClientEntry>
}

const tickMs = 100
const streamStepMs = 100

const asked = (url: string, model: string, stream: boolean, tag: string) => ({
  url,
  path: "/v1/chat/completions",
  tag,
  body: { model: `${model};tag=${tag}`, stream, messages: [{ role: "user", content: "Count." }] }
})

/** Sends short requests until it is stopped. */
const background = ({ gateway, rig }: Scene, perSecond: number, prefix: string) => {
  let sent = 0
  let owed = 0
  const timer = setInterval(() => {
    owed += perSecond * tickMs / 1000
    const requests = Array.from({ length: Math.floor(owed) }, () => {
      const n = sent++
      return asked(gateway.url, n % 2 === 0 ? "same/sim-text" : "up/sim-text", n % 3 === 0, `${prefix}-${n}`)
    })
    owed -= requests.length
    if (requests.length > 0) void rig.clients.ask("send", requests)
  }, tickMs)
  return () => clearInterval(timer)
}

/** Streams whose ends are spread over the fault and the moments around it. */
const openStreams = ({ gateway, rig }: Scene, { faultMs, streams }: Plan): Promise<void> =>
  rig.clients.ask(
    "send",
    Array.from({ length: streams }, (_, n) => {
      const events = 5 + Math.ceil((faultMs + 2000) / streamStepMs * (n + 1) / streams)
      return asked(gateway.url, `${n % 2 === 0 ? "up" : "same"}/sim-long;events=${events};delay=${streamStepMs}`, true, `stream-${n}`)
    })
  )

/** Files beside the database that hold rows it did not take. */
export const spillFiles = (database: string): ReadonlyArray<string> =>
  readdirSync(dirname(database)).filter((name) => name.startsWith(`${basename(database)}.spill`)).map((name) => join(dirname(database), name))

/** Waits until nothing is open and nothing is spilled. */
const settled = async ({ rig }: Scene, withinMs: number): Promise<string | undefined> => {
  const deadline = monotonic() + withinMs
  const left = (): string | undefined => {
    if (!existsSync(rig.database)) return "there is no database"
    const [open, files] = [rig.countOf("open"), spillFiles(rig.database).length]
    return open + files === 0 ? undefined : `${open} rows are open, ${files} spill files are there`
  }
  while (left() !== undefined && monotonic() < deadline) await Rig.sleep(100)
  return left()
}

const isServed = ({ status }: ClientEntry): boolean => status === 200

/** When the last request was sent that was not served, after the end of the fault, in milliseconds. */
const recoveredAfter = ({ clients, endedAt }: Seen): number =>
  Math.max(0, ...clients.filter((entry) => entry.tag.startsWith("ask") && entry.sentAt > endedAt && !isServed(entry)).map(({ sentAt }) => sentAt - endedAt))

const refusals = (logs: Oracle.Logs): ReadonlyArray<string> => {
  const reached = new Set(logs.upstream.map(({ tag }) => tag))
  const refused = logs.clients.filter(({ status }) => status !== undefined && status !== 200)
  return refused.flatMap(({ head = "", status, tag }) => [
    ...(reached.has(tag) ? [`${tag} was answered ${status} and reached the upstream`] : []),
    ...(status !== 503 ? [`${tag} was answered ${status}`] : /\r\nretry-after: *\d/i.test(head) ? [] : [`${tag} was refused without Retry-After`])
  ])
}

const cut = ({ clients }: Oracle.Logs): ReadonlyArray<string> =>
  clients.filter((entry) => isServed(entry) && entry.ending !== "whole").map(({ ending, tag }) => `${tag} was served and ended ${ending ?? "never"}`)

const withoutHead = ({ clients }: Oracle.Logs): ReadonlyArray<string> =>
  clients.filter(({ status }) => status === undefined).map(({ ending, tag }) => `${tag} got no answer: ${ending ?? "still waiting"}`)

/** Does it. */
export const run = (plan: Plan, say: (text: string) => void): Promise<Outcome> =>
  Rig.use(
    {
      folder: plan.folder,
      ...(plan.database === undefined ? {} : { database: plan.database }),
      config: (plain) => ({
        ...plain,
        ledger: { ...Object(plain["ledger"]), ...plan.ledger },
        log: { level: "warn" }
      })
    },
    (rig) => onRig(rig, plan, say)
  )

const onRig = async (rig: Rig.Rig, plan: Plan, say: (text: string) => void): Promise<Outcome> => {
  const probe = Probe.make(plan.folder)
  let scene: Scene = { rig, probe, gateway: await rig.start({ env: probe.env }) }
  const stop = background(scene, plan.perSecond, "ask")
  await Rig.sleep(plan.warmMs ?? 300)
  await openStreams(scene, plan)
  await probe.measure()
  say(`${plan.name}: the fault begins`)
  const beganAt = monotonic()
  const end = await plan.begin(scene)
  await Rig.sleep(plan.faultMs / 3)
  const early = await probe.measure()
  await Rig.sleep(plan.faultMs * 2 / 3)
  const late = await probe.measure()
  const spilled = existsSync(dirname(rig.database)) ? spillFiles(rig.database).length : 0
  if (plan.restart === true) {
    stop()
    await rig.clients.ask("ended", 60_000)
    await scene.gateway.kill("SIGTERM")
  }
  await end()
  const endedAt = monotonic()
  say(`${plan.name}: the fault is over`)
  if (plan.restart === true) scene = { ...scene, gateway: await rig.start() }
  else {
    await Rig.sleep(plan.watchedMs ?? plan.recoveryMs + 500)
    stop()
  }
  const open = await rig.clients.ask("ended", 60_000)
  const unsettled = await settled(scene, 30_000)
  const after = plan.restart === true ? undefined : await probe.measure()
  const seen: Seen = { beganAt, endedAt, clients: await rig.clients.ask("log") }
  const found = await plan.look?.(scene, seen)
  const output = scene.gateway.output()
  await scene.gateway.kill("SIGTERM")
  const logs: Oracle.Logs = { clients: seen.clients, upstream: await rig.upstream.log(), entries: await rig.entries() }
  const recovered = recoveredAfter(seen)
  const excused = new Set(logs.clients.filter((entry) => plan.mayLackRow?.(entry, seen) === true).map(({ tag }) => tag))
  const isJudged = ({ tag }: { readonly tag: string }): boolean => !excused.has(tag)
  const judged = { ...logs, clients: logs.clients.filter(isJudged), upstream: logs.upstream.filter(isJudged) }
  const failures = [
    ...(open === 0 ? [] : [`${open} requests never ended`]),
    ...(unsettled === undefined ? [] : [`30 s after the fault ${unsettled}`]),
    ...(recovered <= plan.recoveryMs ? [] : [`requests were refused until ${Math.round(recovered)} ms after the fault`]),
    ...(rig.integrity() === "ok" ? [] : [`integrity: ${rig.integrity()}`]),
    ...Oracle.onceEach(judged),
    ...Oracle.noFalseEnd(logs),
    ...Oracle.noLostEnd(judged),
    ...refusals(logs),
    ...cut(logs),
    ...withoutHead(logs),
    ...found?.failures ?? []
  ]
  const asks = seen.clients.filter(({ tag, sentAt }) => tag.startsWith("ask") && sentAt >= beganAt && sentAt <= endedAt)
  const waited = asks.filter(isServed).map(({ headAt = 0, sentAt }) => headAt - sentAt)
  return {
    counts: {
      requests: logs.clients.length,
      served: logs.clients.filter(isServed).length,
      refused: logs.clients.filter(({ status }) => status === 503).length,
      streams: plan.streams,
      rows: logs.entries.length,
      "requests excused from having a row": excused.size,
      "spill files during the fault": spilled,
      ...Oracle.statuses(logs.entries)
    },
    worst: {
      ...found?.worst,
      "loop p99 ms": Math.round(Math.max(early.p99Ms, late.p99Ms)),
      "loop p99 without waiting for a processor ms": Math.round(Math.max(early.ownP99Ms, late.ownP99Ms)),
      "loop worst without waiting for a processor ms": Math.round(Math.max(early.ownWorstMs, late.ownWorstMs)),
      "loop worst ms": Math.round(Math.max(early.worstMs, late.worstMs, after?.worstMs ?? 0)),
      "first byte p99 during the fault ms": Math.round(percentile(waited, 0.99)),
      "recovery ms": Math.round(recovered),
      "growth of live memory under the fault kB": late.liveKb - early.liveKb,
      "resident memory MB": Math.round(Math.max(...early.rssKb, ...late.rssKb) / 1024)
    },
    failures: failures.length === 0 ? [] : [...failures.map((failure) => `${plan.name}: ${failure}`), `${plan.name}: the gateway said ${output.slice(-2000)}`]
  }
}

/** A loop that was late too often by its own doing fails the guarantee. Only for long forms. */
export const withLoopLimit = (name: string, outcome: Outcome, limitMs: number): Outcome => {
  const late = outcome.worst?.["loop p99 without waiting for a processor ms"] ?? 0
  return late < limitMs ? outcome : { ...outcome, failures: [...outcome.failures, `${name}: the event loop was late by ${late} ms (p99)`] }
}
