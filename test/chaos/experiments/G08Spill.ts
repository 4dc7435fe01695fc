/** G8: a process killed while it spills, and another one while it replays, over files with poison in them. */
import * as Rows from "@sluice/ledger/Rows"
import * as Spill from "@sluice/ledger/Spill"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { id, settlement } from "../../../packages/ledger/test/exchanges.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Disturber from "../faults/Disturber.ts"
import * as LedgerProcess from "../faults/LedgerProcess.ts"
import { spillFiles } from "../faults/UnderFault.ts"
import * as Results from "../Results.ts"

/** Exchanges that only the poisoned file knows. */
const stranger = 900_000

/** A row no database takes, a line that was damaged, and what a kill leaves of a line; good rows around them. */
const poisoned = (file: string) => {
  const good = (n: number): string => Spill.toLine(Rows.settlement(settlement(stranger + n)))
  const poison = Spill.toLine([0, id(stranger + 8), ...Rows.openingColumns.slice(1).map(() => null)])
  const damaged = good(9).replace("Completed", "Complexed")
  writeFileSync(`${file}.spill-900000.ndjson`, good(1) + poison + good(2) + damaged + good(3) + good(7).slice(0, -40))
  return [poison, damaged]
}

const once = async ({ folder, random }: Options, round: number): Promise<Outcome> => {
  const home = join(folder, String(round))
  mkdirSync(home)
  const file = join(home, "ledger.db")
  const notes = LedgerProcess.confirmed()
  const disturber = Disturber.make(file, () => 5 + random.below(200))
  await LedgerProcess.run(file, 0, { lines: 200 + random.below(2000), millis: 20_000, onStart: disturber.begin }, notes)
  const held = disturber.end()
  const own = spillFiles(file).length
  const bad = poisoned(file)
  const before = { files: spillFiles(file).length, rows: LedgerProcess.statuses(file).size }
  // In the middle of a file, between two files, or just when lines are set aside
  const moments = [
    () => LedgerProcess.statuses(file).size > before.rows,
    () => spillFiles(file).length < before.files,
    () => existsSync(Spill.quarantineName(file))
  ] as const
  const replaying = await LedgerProcess.run(file, 100_000, { lines: 1 + random.below(100), millis: 20_000, when: random.pick(moments) }, notes)
  const interrupted = spillFiles(file).length
  const left = await LedgerProcess.recover(file)
  const quarantine = existsSync(Spill.quarantineName(file)) ? readFileSync(Spill.quarantineName(file), "utf8").split(/(?<=\n)/) : []
  const byId = LedgerProcess.statuses(file)
  const failures = [
    ...left,
    ...LedgerProcess.judge(file, notes),
    ...[1, 2, 3].filter((n) => byId.get(id(stranger + n)) !== "completed").map((n) => `the good row ${n} beside the poison is not there`),
    ...[7, 8, 9].filter((n) => byId.has(id(stranger + n))).map((n) => `the bad row ${n} was applied`),
    ...bad.filter((line) => !quarantine.includes(line)).map((line) => `not in quarantine: ${line.slice(0, 60)}`),
    ...quarantine.filter((line) => !bad.includes(line)).map((line) => `in quarantine: ${line.slice(0, 60)}`)
  ]
  return {
    counts: {
      "kills while spilling": 1,
      "kills of its successor": 1,
      "of these while it replayed": interrupted > 0 ? 1 : 0,
      "times the lock was taken": held,
      "spill files at the kill": own,
      "confirmations of the successor": replaying,
      "exchanges opened": notes.opened.size,
      "exchanges settled": notes.settled.size,
      "poison and damaged lines": bad.length,
      rows: byId.size
    },
    failures: failures.slice(0, 20)
  }
}

const run = async (options: Options): Promise<Outcome> => {
  const outcomes: Array<Outcome> = []
  for (let round = 0; round < options.sizes.runs; round++) {
    const outcome = await once(options, round)
    outcomes.push({ ...outcome, failures: outcome.failures.map((failure) => `run ${round}: ${failure}`) })
    if (options.form === "long" && round % 10 === 9) options.say(`  G8: ${round + 1} runs`)
  }
  return Results.total(outcomes)
}

/** The experiment. */
export const spill: Experiment = {
  id: "G8",
  title: "What was spilled is applied once, whoever is killed on the way",
  injection:
    "A process that writes to a ledger whose lock is taken every other moment is killed with SIGKILL while it spills and replays; a spill file with a row no database takes, a damaged line and a torn end is laid beside its own; its successor is killed in the middle of replaying a file, between two files, or when it has just set lines aside, and a third one recovers.",
  criterion:
    "Everything confirmed is there, nothing is open, attempts and accounts count every exchange exactly once; the good rows around the poison are applied, poison and damage are in quarantine, the torn end is nowhere; the file is sound.",
  short: { runs: 1 },
  long: { runs: 100 },
  batch: 25,
  run
}
