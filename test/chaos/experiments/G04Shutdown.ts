/** G4: a gateway told to stop while streams of every length run. */
import type { Entry } from "@sluice/gateway/Ledger"
import * as Channel from "../Channel.ts"
import type { ClientEntry } from "../Clients.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Oracle from "../Oracle.ts"
import * as Rig from "../Rig.ts"

/** One look at a gateway that is stopping; the status is undefined where the connection was refused. */
interface Probe {
  readonly at: number
  readonly status: number | undefined
}

const statusOf = (url: string, init: RequestInit = {}): Promise<number | undefined> =>
  fetch(url, { ...init, headers: { "content-type": "application/json", connection: "close" } }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.status
    },
    () => undefined
  )

const ask = (model: string) => ({ method: "POST", body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }) })

/** Looks at once and again until told to stop. */
const probe = (look: () => Promise<number | undefined>, everyMs: number): { readonly stop: () => Promise<ReadonlyArray<Probe>> } => {
  const probes: Array<Probe> = []
  let isOver = false
  const running = (async () => {
    while (!isOver) {
      const at = Channel.monotonic()
      probes.push({ at, status: await look() })
      await Rig.sleep(everyMs)
    }
  })()
  return {
    stop: async () => {
      isOver = true
      await running
      return probes
    }
  }
}

/** By how much the moments of this process and of the gateway may differ: a signal takes its time on a busy machine. */
const unsharpMs = 1000

const cutRow = (row: Entry | undefined): string | undefined => row?.outcome === "Cancelled(server)" ? undefined : `it was cut, its row says ${row?.outcome}`

/** What is wrong with one stream of the drain. `stopsAt` is when open streams may be ended. */
const judgeStream = (client: ClientEntry, logs: Oracle.Logs, stopsAt: number): string | undefined => {
  const sent = logs.upstream.find(({ tag }) => tag === client.tag)
  const row = logs.entries.find((entry) => Oracle.tagOf(entry) === client.tag)
  if (sent === undefined) return "it never reached the upstream"
  // An answer that ends when the drain does, or behind it, may be cut
  const isAtTheLimit = (sent.endedAt ?? 0) > stopsAt - unsharpMs
  if (sent.ending === "completed" && isAtTheLimit && Oracle.isToldFailure(client.tail)) return cutRow(row)
  if (sent.ending === "completed") {
    if (client.ending !== "whole" || !Oracle.isAnswered(client.tail)) return `the upstream sent it to its end, the client's end was ${client.ending}`
    return row?.outcome === "Completed" ? undefined : `it ended by itself, its row says ${row?.outcome}`
  }
  if (sent.ending !== "client-closed") return `its upstream connection ended as ${sent.ending ?? "open"}`
  if ((sent.endedAt ?? 0) < stopsAt - 100) return `it was cut ${(stopsAt - (sent.endedAt ?? 0)).toFixed(0)} ms before the drain was over`
  if (client.ending !== "whole" || !Oracle.isToldFailure(client.tail)) return `it was cut without a terminal error: ${client.ending}`
  return cutRow(row)
}

interface Times {
  readonly lameDuckMs: number
  readonly drainMs: number
}

const configured = ({ drainMs, lameDuckMs }: Times) => (plain: Rig.Configuration): Rig.Configuration => ({
  ...plain,
  server: { ...Rig.server, lameDuck: `${lameDuckMs} millis`, drainTimeout: `${drainMs} millis` }
})

/** One SIGTERM with streams open; adds what it finds. */
const drainOnce = async (options: Options, times: Times, number: number, failures: Array<string>) => {
  const { form, random, sizes } = options
  return await Rig.use({ folder: `${options.folder}/drain-${number}`, config: configured(times) }, async (rig) => {
    const gateway = await rig.start()
    const count = sizes["streams"] ?? 0
    const longest = sizes["longestMs"] ?? 0
    const scenario = (index: number): string => {
      // The short form has no stream whose length a slow machine could stretch over the limit
      if (form === "short") return index % 2 === 0 ? "sim-long;events=20;delay=20" : "sim-stall;after=2"
      return `sim-long;events=${Math.round((1000 + random.below(longest - 1000)) / 100)};delay=100`
    }
    await rig.clients.ask(
      "send",
      Array.from({ length: count }, (_, index) => ({
        url: gateway.url,
        tag: `${number}-${index}`,
        path: "/v1/chat/completions",
        keep: index % 2 === 0,
        body: {
          model: `${index % 3 === 0 ? "same" : "up"}/${scenario(index)};tag=${number}-${index}`,
          stream: true,
          messages: [{ role: "user", content: "Count." }]
        }
      }))
    )
    await Rig.until(rig.upstream.log, (log) => log.length >= count, 20_000)
    await Rig.sleep(sizes["termAfterMs"] ?? 0)
    const ready = await statusOf(`${gateway.url}/health/ready`)
    if (ready !== 200) failures.push(`readiness was ${ready} before the signal`)
    const told = Channel.monotonic()
    gateway.signal("SIGTERM")
    const readiness = probe(() => statusOf(`${gateway.url}/health/ready`), 20)
    const requests = probe(() => statusOf(`${gateway.url}/v1/chat/completions`, ask("same/sim-text;tag=probe")), 100)
    const { at, code, signal } = await gateway.exited
    const refusesAt = told + times.lameDuckMs
    const stopsAt = refusesAt + times.drainMs
    const [seenReadiness, seenRequests] = [await readiness.stop(), await requests.stop()]
    await rig.clients.ask("ended", 5000)
    const logs = { clients: await rig.clients.ask("log"), upstream: await rig.upstream.log(), entries: await rig.entries() }
    for (const client of logs.clients) {
      const problem = judgeStream(client, logs, stopsAt)
      if (problem !== undefined) failures.push(`stream ${client.tag}: ${problem}`)
    }
    failures.push(
      ...Oracle.onceEach({
        ...logs,
        upstream: logs.upstream.filter(({ tag }) => tag !== "probe"),
        entries: logs.entries.filter((entry) => Oracle.tagOf(entry) !== "probe")
      })
    )
    const notReady = seenReadiness.find(({ status }) => status === 503)
    const readyAgain = notReady !== undefined && seenReadiness.some(({ at, status }) => at > notReady.at && status === 200)
    if (notReady === undefined || readyAgain) failures.push("readiness did not turn to 503 for good")
    const early = seenRequests.filter(({ at, status }) => at < refusesAt - 300 && status !== 200)
    if (early.length > 0) failures.push(`${early.length} requests were refused while the server was still to accept`)
    const late = seenRequests.filter(({ at, status }) => at > refusesAt + unsharpMs && status === 200)
    if (late.length > 0) failures.push(`${late.length} requests were accepted behind the lame duck`)
    if (seenRequests.every(({ status }) => status === 200)) failures.push("no request was refused behind the lame duck")
    if (code !== 0) failures.push(`the process ended with ${signal ?? code}`)
    const notReadyMs = (notReady?.at ?? Number.POSITIVE_INFINITY) - told
    const overtimeMs = at - stopsAt
    if (form === "long" && notReadyMs > 250) failures.push(`readiness turned only after ${notReadyMs.toFixed(0)} ms`)
    if (form === "long" && overtimeMs > 2000) failures.push(`the process was gone only ${overtimeMs.toFixed(0)} ms behind the limit`)
    return {
      intact: logs.clients.filter(({ tail }) => Oracle.isAnswered(tail)).length,
      cut: logs.clients.filter(({ tail }) => Oracle.isToldFailure(tail)).length,
      accepted: seenRequests.filter(({ status }) => status === 200).length,
      refused: seenRequests.filter(({ status }) => status !== 200).length,
      notReadyMs,
      overtimeMs
    }
  })
}

/** A second SIGTERM with streams that never end: the process ends at once, and the next start abandons what was open. */
const endNow = async ({ folder, form }: Options, failures: Array<string>): Promise<number> =>
  Rig.use({ folder: `${folder}/now`, config: configured({ lameDuckMs: 20_000, drainMs: 20_000 }) }, async (rig) => {
    const gateway = await rig.start()
    await rig.clients.ask("send", [{
      url: gateway.url,
      tag: "now",
      path: "/v1/chat/completions",
      body: { model: "up/sim-stall;after=2;tag=now", stream: true, messages: [{ role: "user", content: "Hello" }] }
    }])
    await rig.clients.ask("received", { requests: 1, bytes: 10, withinMs: 10_000 })
    gateway.signal("SIGTERM")
    // Signals that come together count as one
    await Rig.sleep(1200)
    const told = Channel.monotonic()
    gateway.signal("SIGTERM")
    const { at, code } = await gateway.exited
    if (code !== 1) failures.push(`a second SIGTERM ended the process with ${code}`)
    if (form === "long" && at - told > 1000) failures.push(`a second SIGTERM took ${(at - told).toFixed(0)} ms`)
    const next = await rig.start()
    await next.kill("SIGKILL")
    const [row, ...more] = await rig.entries()
    if (more.length > 0 || row?.status !== "abandoned") failures.push(`behind a second SIGTERM the row says ${row?.status}, and there are ${more.length} more`)
    return at - told
  })

const run = async (options: Options): Promise<Outcome> => {
  const { sizes } = options
  const times = { lameDuckMs: sizes["lameDuckMs"] ?? 0, drainMs: sizes["drainMs"] ?? 0 }
  const failures: Array<string> = []
  const seen: Array<Awaited<ReturnType<typeof drainOnce>>> = []
  // Both wait more than they work
  const now = endNow(options, failures)
  for (let number = 0; number < sizes.runs; number++) seen.push(await drainOnce(options, times, number, failures))
  const secondMs = await now
  const sum = (of: (one: (typeof seen)[number]) => number): number => seen.reduce((all, one) => all + of(one), 0)
  return {
    counts: {
      "streams open at SIGTERM or ended before": sizes.runs * (sizes["streams"] ?? 0),
      "streams that ended whole": sum(({ intact }) => intact),
      "streams ended with a terminal error": sum(({ cut }) => cut),
      "requests accepted behind SIGTERM": sum(({ accepted }) => accepted),
      "requests refused behind SIGTERM": sum(({ refused }) => refused)
    },
    worst: {
      "readiness turned to 503 (ms)": Math.max(...seen.map(({ notReadyMs }) => notReadyMs)),
      "process gone behind the limit (ms)": Math.max(...seen.map(({ overtimeMs }) => overtimeMs)),
      "process gone behind a second SIGTERM (ms)": secondMs
    },
    failures
  }
}

/** The experiment. */
export const shutdown: Experiment = {
  id: "G4",
  title: "A server that is told to stop finishes what it can and records the rest",
  injection:
    "300 streams of 1 to 60 seconds; SIGTERM after 5 seconds, with 5 seconds of lame duck and 20 seconds of drain; half of the clients keep their connections behind their answers, and so does the health check; and a second SIGTERM.",
  criterion:
    "Readiness is 503 at once while requests are still accepted through the lame duck, then refused; streams that end within the drain end whole, the others with a terminal error, their upstream closed, their row Cancelled(server); the process is gone within 2 s of the limit with exit code 0; a second SIGTERM ends it at once and the next start abandons what was open.",
  short: { runs: 1, streams: 12, longestMs: 0, termAfterMs: 0, lameDuckMs: 600, drainMs: 1000 },
  long: { runs: 3, streams: 300, longestMs: 60_000, termAfterMs: 5000, lameDuckMs: 5000, drainMs: 20_000 },
  batch: 1,
  run
}
