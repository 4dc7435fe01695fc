/** G13: clocks that are wrong, jump, go back or run away, in every thread of the gateway. */
import type { Entry } from "@sluice/gateway/Ledger"
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { Effect } from "effect"
import * as ChainReading from "../../../packages/ledger/src/sqlite/ChainReading.ts"
import * as Verification from "../../../packages/ledger/src/Verification.ts"
import type { ClientRequest } from "../Clients.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Clock from "../faults/Clock.ts"
import * as LedgerProcess from "../faults/LedgerProcess.ts"
import * as Oracle from "../Oracle.ts"
import * as Results from "../Results.ts"
import * as Rig from "../Rig.ts"

const hours3 = 3 * 3600 * 1000

/** How much longer a request may take by the gateway's record than by its client's log, and the other way round. */
const slackMs = 1000

const perMinute = 30

const scenarios = (seed: number): ReadonlyArray<readonly [name: string, course: Clock.Course]> => [
  ["anywhere within three hours, ten times a second", { anywhere: { everyMs: 100, withinMs: hours3, seed } }],
  ["three hours ahead, every second", { jumps: { everyMs: 1000, byMs: hours3 } }],
  ["three hours back, every second", { jumps: { everyMs: 1000, byMs: -hours3 } }],
  ["back by a second, five times a second", { jumps: { everyMs: 200, byMs: -1000 } }],
  ["sixty times as fast", { speed: 60 }]
]

const ask = (url: string, key: string, model: string, stream: boolean, tag: string): ClientRequest => ({
  url,
  tag,
  path: "/v1/chat/completions",
  headers: { authorization: `Bearer ${key}` },
  body: { model: `${model};tag=${tag}`, stream, messages: [{ role: "user", content: "Count." }] }
})

const durations = ({ clients, entries, upstream }: Oracle.Logs, speed: number): ReadonlyArray<string> => {
  const seen = new Map(clients.map((entry) => [entry.tag, entry]))
  const sent = new Map(upstream.map((entry) => [entry.tag, entry]))
  const wrong = (entry: Entry): string | undefined => {
    const tag = Oracle.tagOf(entry)
    const { durationMs = Number.NaN, ttftMs } = entry
    const { endedAt = 0, sentAt = 0 } = seen.get(tag) ?? {}
    const request = sent.get(tag)
    const atMost = (endedAt - sentAt + slackMs) * speed
    const atLeast = request?.endedAt === undefined ? 0 : (request.endedAt - request.startedAt - slackMs) * speed
    if (!(durationMs >= Math.max(0, atLeast) && durationMs <= atMost)) {
      return `${tag} took ${durationMs} ms by its row, ${Math.round(endedAt - sentAt)} by its client`
    }
    return ttftMs === undefined || (ttftMs >= 0 && ttftMs <= durationMs) ? undefined : `${tag} had its first content after ${ttftMs} of ${durationMs} ms`
  }
  return entries.flatMap((entry) => wrong(entry) ?? [])
}

const inOrder = (file: string): ReadonlyArray<string> =>
  LedgerProcess.reading(file, (db) => {
    const report = Effect.runSync(Verification.verify(ChainReading.make(db), { key: undefined }))
    const attempts = db.prepare(`SELECT count(*) AS n FROM attempts a JOIN exchanges e ON e.id = a.exchange_id
      WHERE a.ended_at < a.started_at OR a.started_at < e.started_at OR a.ended_at > e.ended_at`).get()?.["n"]
    return [
      ...(report.finding === undefined ? [] : [report.finding.message]),
      ...(attempts === 0 ? [] : [`${String(attempts)} attempts lie outside their exchanges, or end before they begin`])
    ]
  })

/** Reads the ledger by small pages: every row once, whatever the times say. */
const pages = async (filename: string, rows: number): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  let before: Entry["id"] | undefined
  for (;;) {
    const page = await Effect.runPromise(LedgerReader.query({ _tag: "Sqlite", filename }, { limit: 7, ...(before === undefined ? {} : { before }) }))
    ids.push(...page.map(({ id }) => id))
    before = page.at(-1)?.id
    if (before === undefined) break
  }
  return new Set(ids).size === rows && ids.length === rows ? [] : [`${rows} rows come as ${ids.length} in pages, ${new Set(ids).size} of them different`]
}

const config = (plain: Rig.Configuration): Rig.Configuration => ({
  ...plain,
  auth: { mode: "keys" },
  keys: [{ id: "free", key: "sk-free" }, { id: "paced", key: "sk-paced", limits: { requestsPerMinute: perMinute } }]
})

const under = (name: string, course: Clock.Course, { folder, say, sizes }: Options): Promise<Outcome> =>
  Rig.use({ folder: `${folder}/${name.replaceAll(/\W/g, "-")}`, config }, async (rig) => {
    const speed = course.speed ?? 1
    const gateway = await rig.start({ env: Clock.env(course) })
    const seconds = sizes["seconds"] ?? 0
    const streams = sizes["streams"] ?? 0
    say(`  G13: ${name}`)
    const began = performance.now()
    void rig.clients.ask(
      "send",
      Array.from(
        { length: streams },
        (_, n) =>
          ask(
            gateway.url,
            "sk-free",
            `${n % 2 === 0 ? "up" : "same"}/sim-long;events=${Math.ceil(seconds * 10 * (n + 1) / streams)};delay=100`,
            true,
            `stream-${n}`
          )
      )
    )
    // More than the limit at once, and then more and more
    for (let tick = 0; tick < seconds * 10; tick++) {
      const count = tick === 0 ? perMinute + 10 : 1
      void rig.clients.ask("send", Array.from({ length: count }, (_, n) => ask(gateway.url, "sk-paced", "same/sim-text", false, `paced-${tick}-${n}`)))
      void rig.clients.ask("send", [ask(gateway.url, "sk-free", "up/sim-text", tick % 2 === 0, `free-${tick}`)])
      await Rig.sleep(100)
    }
    const open = await rig.clients.ask("ended", 30_000)
    const minutes = (performance.now() - began) * speed / 60_000
    await gateway.kill("SIGTERM")
    const logs: Oracle.Logs = { clients: await rig.clients.ask("log"), upstream: await rig.upstream.log(), entries: await rig.entries() }
    const paced = logs.clients.filter(({ tag }) => tag.startsWith("paced"))
    const admitted = paced.filter(({ status }) => status === 200).length
    const most = perMinute * (Math.floor(minutes) + 1) + (speed === 1 ? 0 : perMinute)
    const odd = logs.clients.filter(({ ending, status, tag }) => ending !== "whole" || (status !== 200 && !(status === 429 && tag.startsWith("paced"))))
    const times = logs.entries.map(({ startedAt }) => Date.parse(startedAt))
    const spanMs = Math.max(...times) - Math.min(...times)
    const failures = [
      ...(spanMs > 1.5 * seconds * 1000 ? [] : ["the clock was not wrong"]),
      ...(open === 0 ? [] : [`${open} requests never ended`]),
      ...odd.map(({ ending, status, tag }) => `${tag} was answered ${status ?? "nothing"} and ended ${ending ?? "never"}`),
      ...(admitted >= perMinute && admitted <= most
        ? []
        : [`${admitted} requests of a key limited to ${perMinute} were admitted in ${minutes.toFixed(2)} minutes`]),
      ...Oracle.onceEach(logs),
      ...Oracle.noFalseEnd(logs),
      ...Oracle.noLostEnd(logs),
      ...durations(logs, speed),
      ...inOrder(rig.database),
      ...await pages(rig.database, logs.entries.length)
    ]
    return {
      counts: {
        clocks: 1,
        requests: logs.clients.length,
        streams,
        rows: logs.entries.length,
        "requests of a key with a limit": paced.length,
        "of these admitted": admitted,
        ...Oracle.statuses(logs.entries)
      },
      worst: {
        "span of the times on record h": spanMs / 3_600_000,
        "longest duration on record ms": Math.max(...logs.entries.map(({ durationMs = 0 }) => durationMs))
      },
      failures: failures.slice(0, 20).map((failure) => `${name}: ${failure}`)
    }
  })

const run = async (options: Options): Promise<Outcome> => {
  const outcomes: Array<Outcome> = []
  for (const [name, course] of scenarios(options.seed).slice(0, options.form === "short" ? 1 : undefined)) outcomes.push(await under(name, course, options))
  return Results.total(outcomes)
}

/** The experiment. */
export const clock: Experiment = {
  id: "G13",
  title: "No clock makes a latency negative, ends a stream, or opens a limit",
  injection:
    "The gateway's time of day, in all its threads, jumps anywhere within three hours ten times a second; by three hours ahead, or back, every second; back by a second five times a second; and all its clocks and timers run sixty times as fast. Streams run across the jumps, and a key asks for more than its limit per minute.",
  criterion:
    "Every duration on record is that of the client's log, none is negative, attempts lie within their exchanges; no stream ends early; the limited key is admitted as often as its minute allows, neither more nor for ever less; each request has one row, the chain of rows is whole in its order, and pages show every row once.",
  short: { runs: 1, seconds: 1, streams: 4 },
  long: { runs: 1, seconds: 12, streams: 40 },
  run
}
