/** G11: a gateway killed in the middle of long streams; how much of their usage the next start still knows. */
import { estimateTokens } from "@sluice/gateway/Verdict"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Oracle from "../Oracle.ts"
import * as Rig from "../Rig.ts"

/** Characters of one event of the streams here. */
const size = 12
/** Characters the gateway takes for a token where nobody counted. */
const charactersPerToken = size / estimateTokens(size)
/** What the design promises: seconds between two checkpoints. */
const interval = 5
/** For the turn of the wheel and the commit behind a checkpoint, and for what was on its way, in seconds. */
const slack = 0.5

interface Recovered {
  /** Seconds of the stream whose usage is not in the row. */
  readonly lag: number
  readonly events: number
}

/** Streams at one gateway, killed; what the next start knows of each. */
const killOnce = (options: Options, name: string, seconds: number, streams: number, failures: Array<string>): Promise<ReadonlyArray<Recovered>> =>
  Rig.use({ folder: `${options.folder}/${name}` }, async (rig) => {
    const gateway = await rig.start()
    await rig.upstream.watch()
    await rig.clients.ask(
      "send",
      Array.from({ length: streams }, (_, index) => ({
        url: gateway.url,
        tag: `${name}-${index}`,
        path: "/v1/chat/completions",
        body: {
          model: `${index % 2 === 0 ? "up" : "same"}/sim-long;events=1000000;size=${size};delay=${20 + 20 * (index % 5)};tag=${name}-${index}`,
          stream: true,
          messages: [{ role: "user", content: "Count." }]
        }
      }))
    )
    await Rig.sleep(seconds * 1000)
    await gateway.kill("SIGKILL")
    await rig.clients.ask("ended", 10_000)
    const upstream = await rig.upstream.log()
    const next = await rig.start()
    await next.kill("SIGKILL")
    const logs = { clients: await rig.clients.ask("log"), upstream, entries: await rig.entries() }
    failures.push(...Oracle.onceEach(logs))
    return await Promise.all(upstream.map(async (sent): Promise<Recovered> => {
      const row = logs.entries.find((entry) => Oracle.tagOf(entry) === sent.tag)
      const noted = Math.floor((row?.usage.output ?? 0) * charactersPerToken / size)
      // The frame before the first piece of content is not counted in its characters
      const notedAt = await rig.upstream.sentAt(sent.tag, noted + 1)
      const lag = ((sent.endedAt ?? 0) - (notedAt ?? sent.startedAt)) / 1000
      if (row?.status !== "abandoned") failures.push(`${sent.tag}: its row says ${row?.status}`)
      if (noted > sent.events) failures.push(`${sent.tag}: its row knows ${noted} events, ${sent.events} were sent`)
      if (row?.usage.input === undefined) failures.push(`${sent.tag}: its row has no input tokens`)
      return { lag: Math.max(0, lag), events: sent.events }
    }))
  })

/** The short form waits for no clock: once a checkpoint is in the file, a kill must not lose it. */
const short = (options: Options): Promise<Outcome> =>
  Rig.use({ folder: options.folder }, async (rig) => {
    const failures: Array<string> = []
    const gateway = await rig.start()
    await rig.clients.ask("send", [{
      url: gateway.url,
      tag: "fast",
      path: "/v1/chat/completions",
      body: { model: "up/sim-long;events=1000000;size=2000;delay=5;tag=fast", stream: true, messages: [{ role: "user", content: "Count." }] }
    }])
    const known = async () => (await rig.entries())[0]?.usage.output ?? 0
    const before = await Rig.until(known, (output) => output > 0, 30_000)
    await gateway.kill("SIGKILL")
    await rig.clients.ask("ended", 10_000)
    const [sent] = await rig.upstream.log()
    const next = await rig.start()
    await next.kill("SIGKILL")
    const [row, ...more] = await rig.entries()
    const after = row?.usage.output ?? 0
    if (before === 0) failures.push("no checkpoint was written behind 64 kB")
    if (row?.status !== "abandoned" || more.length > 0) failures.push(`the row says ${row?.status}, and there are ${more.length} more`)
    if (after < before) failures.push(`${before} tokens were noted before the kill, ${after} are left`)
    if (after * charactersPerToken > (sent?.bytes ?? 0)) failures.push(`${after} tokens are recorded, ${sent?.bytes} bytes were sent`)
    return { counts: { kills: 1, "tokens noted before the kill": before, "tokens recovered": after }, failures }
  })

const long = async (options: Options): Promise<Outcome> => {
  const { random, say, sizes } = options
  const failures: Array<string> = []
  const recovered: Array<Recovered> = []
  const longest = sizes["longestSeconds"] ?? 0
  // The stream of ten minutes runs beside the others: it costs next to nothing
  const tenMinutes = killOnce(options, "long", longest / 2 + random.below(longest / 2), 5, failures)
  for (let number = 1; number < sizes.runs; number++) {
    const seconds = 6 + random.below(120) / 10
    recovered.push(...await killOnce(options, `kill-${number}`, seconds, sizes["streams"] ?? 0, failures))
    say(`  G11: kill ${number} after ${seconds} s`)
  }
  recovered.push(...await tenMinutes)
  const late = recovered.filter(({ lag }) => lag > interval + slack)
  failures.push(...late.map(({ lag }) => `${lag.toFixed(2)} s of a stream are not in its row`))
  return {
    counts: { kills: sizes.runs, "streams cut by a kill": recovered.length, "events sent before": recovered.reduce((sum, { events }) => sum + events, 0) },
    worst: { "stream time not in the row (s)": Math.max(...recovered.map(({ lag }) => lag)) },
    failures
  }
}

/** The experiment. */
export const partialUsage: Experiment = {
  id: "G11",
  title: "A crash in a long stream costs the record at most one checkpoint",
  injection: "The gateway is killed with SIGKILL while streams of 10 to 50 events a second run, after 6 to 18 seconds, and once after 5 to 10 minutes.",
  criterion:
    "The row that the next start abandons knows the stream up to at most 5 seconds before the kill (half a second more for the wheel's turn, the commit and what was on its way), and never more than was sent.",
  short: { runs: 1 },
  long: { runs: 40, streams: 10, longestSeconds: 600 },
  run: (options) => options.form === "short" ? short(options) : long(options)
}
