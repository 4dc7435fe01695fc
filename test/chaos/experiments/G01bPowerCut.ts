/** G1b: the power fails. What was acknowledged before must be on the disk, and the file must be whole. */
import type { Entry } from "@sluice/gateway/Ledger"
import { join } from "node:path"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as LoopDisk from "../LoopDisk.ts"
import * as Oracle from "../Oracle.ts"
import * as Rig from "../Rig.ts"

interface Cut {
  readonly observed: number
  readonly missing: number
  readonly rows: number
  readonly completed: number
}

/** Runs streams on a disk, stops the gateway dead, and gives the disk as a power cut leaves it, with what must be on it. */
const untilPowerFails = (options: Options, disk: LoopDisk.LoopDisk, number: number, durability: string) =>
  Rig.use(
    {
      folder: join(options.folder, `cut-${number}`),
      database: join(disk.folder, "ledger.db"),
      config: (plain) => ({ ...plain, ledger: { url: `sqlite:${join(disk.folder, "ledger.db")}`, durability } })
    },
    async (rig) => {
      const { random, sizes } = options
      const gateway = await rig.start()
      const streams = sizes["streams"] ?? 0
      await rig.clients.ask(
        "send",
        Array.from({ length: streams }, (_, index) => ({
          url: gateway.url,
          tag: `${number}-${index}`,
          path: "/v1/chat/completions",
          body: {
            model: `${random.pick(["up", "same"])}/sim-long;events=${1 + random.below(15)};delay=${1 + random.below(20)};tag=${number}-${index}`,
            stream: true,
            messages: [{ role: "user", content: "Count." }]
          }
        }))
      )
      await Rig.until(rig.upstream.log, (log) => log.length > 0, 20_000)
      await Rig.sleep(random.below(sizes["withinMs"] ?? 0))
      gateway.signal("SIGSTOP")
      const after = disk.cut()
      await gateway.kill("SIGKILL")
      await rig.clients.ask("ended", 10_000)
      const logs = { clients: await rig.clients.ask("log"), upstream: await rig.upstream.log() }
      return { after, logs }
    }
  )

/** Starts on what the cut left, and reads what it makes of it. */
const recovered = (options: Options, disk: LoopDisk.LoopDisk, number: number) =>
  Rig.use({ folder: join(options.folder, `after-${number}`), database: join(disk.folder, "ledger.db") }, async (rig) => {
    const gateway = await rig.start()
    await gateway.kill("SIGKILL")
    return { entries: await rig.entries(), integrity: rig.integrity(), broken: options.form === "long" ? await rig.verify() : "" }
  })

const cutRepeatedly = async (options: Options, first: LoopDisk.LoopDisk, runs: number, durability: "strict" | "relaxed", failures: Array<string>) => {
  let disk = first
  const cuts: Array<Cut> = []
  let before: ReadonlyArray<Entry> = []
  try {
    for (let number = 0; number < runs; number++) {
      const { after, logs } = await untilPowerFails(options, disk, number, durability)
      disk.unmount()
      disk = after
      const { broken, entries, integrity } = await recovered(options, disk, number)
      if (integrity !== "ok") failures.push(`${durability}, cut ${number}: integrity: ${integrity}`)
      if (broken !== "") failures.push(`${durability}, cut ${number}: ledger verify: ${broken}`)
      const own = entries.filter((entry) => Oracle.tagOf(entry).startsWith(`${number}-`))
      const problems = Oracle.onceEach({ ...logs, entries: own })
      const missing = problems.filter((problem) => problem.startsWith("no row"))
      // What is written without waiting for the disk may be lost, but never be there twice
      failures.push(
        ...(durability === "strict" ? problems : problems.filter((problem) => !missing.includes(problem))).map((problem) => `cut ${number}: ${problem}`)
      )
      const known = new Set(entries.map(({ id }) => id))
      const lost = before.filter(({ id }) => !known.has(id)).length
      if (lost > 0) failures.push(`${durability}, cut ${number}: ${lost} rows of before are gone`)
      cuts.push({
        observed: Oracle.observed({ ...logs, entries: own }).size,
        missing: missing.length,
        rows: own.length,
        completed: own.filter(({ status }) => status === "completed").length
      })
      before = entries
      if (options.form === "long" && number % 10 === 9) options.say(`  G1b: ${number + 1} cuts, ${durability}`)
    }
  } finally {
    disk.unmount()
  }
  return cuts
}

const run = async (options: Options): Promise<Outcome> => {
  const failures: Array<string> = []
  const disk = LoopDisk.make(options.folder, 128)
  if (typeof disk === "string") return { counts: {}, failures, notRun: disk }
  const sum = (cuts: ReadonlyArray<Cut>, of: keyof Cut): number => cuts.reduce((all, cut) => all + cut[of], 0)
  const strict = await cutRepeatedly(options, disk, options.sizes.runs, "strict", failures)
  const other = (options.sizes["relaxed"] ?? 0) > 0 ? LoopDisk.make(options.folder, 128) : ""
  const relaxed = typeof other === "string" ? [] : await cutRepeatedly(options, other, options.sizes["relaxed"] ?? 0, "relaxed", failures)
  return {
    counts: {
      "power cuts, strict": strict.length,
      "requests observed before": sum(strict, "observed"),
      "of these missing": sum(strict, "missing"),
      "rows found after": sum(strict, "rows"),
      "rows completed": sum(strict, "completed"),
      ...(relaxed.length === 0
        ? {}
        : {
          "power cuts, relaxed": relaxed.length,
          "requests observed before, relaxed": sum(relaxed, "observed"),
          "of these missing, relaxed": sum(relaxed, "missing")
        })
    },
    failures
  }
}

/** The experiment. */
export const powerCut: Experiment = {
  id: "G1b",
  title: "A power cut loses no acknowledged request",
  injection:
    "The ledger stands on ext4 on a loop device; the gateway is stopped dead in the middle of 100 streams, what is on the device at that moment is copied and mounted elsewhere, and a gateway starts on it. 50 times on one ledger, and 10 times more with relaxed durability.",
  criterion:
    "Strict: every request whose head reached its client or that reached the upstream has exactly one row, none is open, no earlier row is gone, the integrity check says ok, and so does `ledger verify` of the chain of rows. Relaxed: the last rows may be missing, nothing else.",
  short: { runs: 1, streams: 40, withinMs: 300, relaxed: 0 },
  long: { runs: 50, streams: 100, withinMs: 1000, relaxed: 10 },
  run
}
