/** G10: the states of an exchange under whatever order of writes, failures, deaths and recoveries fast-check can think of. */
import { Effect } from "effect"
import * as fc from "fast-check"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Start from "../../../packages/ledger/src/sqlite/Start.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import { commands, finish, type Running } from "../faults/LedgerCommands.ts"
import * as LedgerModel from "../faults/LedgerModel.ts"

// Nothing here depends on what a disk does: a hundred thousand runs need not wait for one
const memory = "/dev/shm"

const run = async ({ folder, form, say, seed, sizes }: Options): Promise<Outcome> => {
  const home = existsSync(memory) ? mkdtempSync(join(memory, "sluice-model-")) : folder
  const file = join(home, "ledger.db")
  await Effect.runPromise(Start.migrate(file, 5000))
  const admin = new DatabaseSync(file)
  const tables = admin.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'ledger_migrations'").all()
    .map(({ name }) => String(name))
  const counts = { runs: 0, writes: 0, failures: 0, kills: 0, recoveries: 0, abandoned: 0 }
  let writers = 0
  try {
    const details = await fc.check(
      fc.asyncProperty(fc.scheduler(), commands, async (scheduler, list) => {
        const world = LedgerModel.make(file, admin, tables, () => String(++writers).padStart(16, "0"))
        const running: Running = { world, scheduler, processes: [world.start(), world.start()], exchanges: new Map(), next: 1, tokens: 1 }
        await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: running }), list)
        const wrong = await finish(running)
        counts.runs++
        for (const name of ["writes", "failures", "kills", "recoveries", "abandoned"] as const) counts[name] += world.counts[name]
        if (form === "long" && counts.runs % 10_000 === 0) say(`  G10: ${counts.runs} runs`)
        if (wrong.length > 0) throw new Error(wrong.slice(0, 3).join("; "))
      }),
      { numRuns: sizes.runs, seed, endOnFailure: false }
    )
    const failures = details.failed
      ? [
        `${details.errorInstance instanceof Error ? details.errorInstance.message : "failed"}; smallest: ${String(details.counterexample?.[1])}; path ${
          String(details.counterexamplePath)
        }`
      ]
      : []
    return {
      counts: {
        "sequences of commands": counts.runs,
        "writes applied": counts.writes,
        "commits that failed": counts.failures,
        "processes killed": counts.kills,
        recoveries: counts.recoveries,
        "exchanges abandoned": counts.abandoned
      },
      failures
    }
  } finally {
    admin.close()
    if (home !== folder) rmSync(home, { recursive: true, force: true })
  }
}

/** The experiment. */
export const stateMachine: Experiment = {
  id: "G10",
  title: "An exchange ends once, in whatever order its writes arrive",
  injection:
    "Two processes over one file of the real store (its statements, transactions and reconnections; not its threads) open, checkpoint and settle exchanges; writes arrive in any order, twice or never, commits fail before or after they have happened, processes die with what is on its way, others replay what they spilled, half or whole, and sweep. Sequences and their interleaving are fast-check's.",
  criterion:
    "After every sequence, and after everybody has died and been recovered, each exchange has exactly the state, tokens and attempts that a model of thirty lines gives it; no ended state ever changes; accounts count each ended exchange once; nothing is open, and the chain of rows is whole.",
  short: { runs: 150 },
  long: { runs: 100_000 },
  batch: 20_000,
  run
}
