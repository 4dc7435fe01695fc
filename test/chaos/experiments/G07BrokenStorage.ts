/** G7: everything that happens to files: a full disk, errors, no writing, deletion, a reader that never ends, a thread that dies. */
import { rmSync, statSync } from "node:fs"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Holder from "../faults/Holder.ts"
import * as SmallDisk from "../faults/SmallDisk.ts"
import * as Strace from "../faults/Strace.ts"
import * as UnderFault from "../faults/UnderFault.ts"
import * as Results from "../Results.ts"
import * as Rig from "../Rig.ts"

/** One way to break it. */
interface Cell {
  readonly name: string
  readonly needs?: () => string | undefined
  readonly make: (folder: string) => Made | string
}

type Made = Pick<UnderFault.Plan, "begin" | "database" | "mayLackRow" | "look"> & { readonly clean?: () => void }

const nothing = async (): Promise<void> => {}

/** The thread pool that does all of Node's file work beside the writer: spill files among it. */
const pool = "libuv-worker"

const failing = (name: string, threads: ReadonlyArray<string>, faults: ReadonlyArray<string>): Cell => ({
  name,
  needs: Strace.obstacle,
  make: () => ({
    begin: async ({ gateway }) => (await Strace.inject(threads.flatMap((thread) => Strace.threadsOf(gateway.pid, thread)), faults)).end
  })
})

/** How long the gateway may take to see that its file is gone, and what that costs: rows that were in it. */
const detectionMs = 5000

const deleted: Cell = {
  name: "the file is deleted",
  make: () => ({
    begin: async ({ rig }) => {
      for (const suffix of ["", "-wal", "-shm"]) rmSync(rig.database + suffix, { force: true })
      return nothing
    },
    mayLackRow: ({ endedAt = 0 }, { beganAt }) => endedAt < beganAt + detectionMs,
    look: async ({ rig }, { beganAt }) => {
      const born = statSync(rig.database).birthtimeMs
      const began = Date.now() - (Number(process.hrtime.bigint()) / 1e6 - beganAt)
      const took = Math.round(born - began)
      return {
        failures: took <= detectionMs ? [] : [`the file was made anew ${took} ms after it was deleted`],
        worst: { "a deleted file was made anew after ms": took }
      }
    }
  })
}

/** SQLite is told to give the log back beyond 64 MiB. */
const logLimit = 64 * 1024 * 1024

const pinned: Cell = {
  name: "a reader holds an old state",
  make: () => {
    const holder = Holder.start()
    let during = 0
    return {
      clean: holder.stop,
      begin: async ({ rig }) => {
        await holder.ask("pin", rig.database)
        return async () => {
          during = statSync(`${rig.database}-wal`).size
          await holder.ask("release")
        }
      },
      look: async ({ rig }) => {
        const size = statSync(`${rig.database}-wal`).size
        return {
          failures: size <= logLimit ? [] : [`the log has ${size} bytes after the reader has gone`],
          worst: { "log behind a reader MB": during / 1e6, "log after the reader MB": size / 1e6 }
        }
      }
    }
  }
}

const full: Cell = {
  name: "the disk is full",
  make: (folder) => {
    const disk = SmallDisk.mount(folder, 8)
    if (typeof disk === "string") return disk
    return {
      database: `${disk.folder}/ledger.db`,
      clean: disk.remove,
      begin: async () => {
        disk.fill()
        return async () => disk.enlarge()
      }
    }
  }
}

const killed: Cell = {
  name: "the writer thread is killed",
  make: () => ({
    begin: async ({ probe }) => {
      let isOver = false
      const again = (async () => {
        for (; !isOver; await Rig.sleep(1000)) await probe.endWriter()
      })()
      return async () => {
        isOver = true
        await again
      }
    }
  })
}

const cells: ReadonlyArray<Cell> = [
  full,
  failing("every write to the database fails (EIO)", ["ledger-writer"], ["pwrite64:error=EIO", "fsync:error=EIO"]),
  failing("every sync of the database fails (EIO)", ["ledger-writer"], ["fsync:error=EIO"]),
  // Not the writes of the pool: they wake the event loop, too
  failing("no write to the database and no sync of anything succeeds (EIO)", ["ledger-writer", pool], [
    "pwrite64:error=EIO",
    "fsync:error=EIO",
    "fdatasync:error=EIO"
  ]),
  failing("the file system is read-only (EROFS)", ["ledger-writer"], ["pwrite64:error=EROFS", "ftruncate:error=EROFS"]),
  deleted,
  pinned,
  killed
]

const attack = async (cell: Cell, onFailure: "deny" | "allow", { folder, form, say, sizes }: Options): Promise<Outcome> => {
  const name = `${cell.name}, ${onFailure}`
  const home = `${folder}/${cells.indexOf(cell)}-${onFailure}`
  const obstacle = cell.needs?.()
  const made = obstacle ?? cell.make(home)
  if (typeof made === "string") {
    say(`${name}: not run, ${made}`)
    return { counts: { "cells not run here": 1 }, failures: [] }
  }
  const { clean, ...particular } = made
  const outcome = await UnderFault.run({
    name,
    folder: home,
    ledger: { onFailure },
    streams: sizes["streams"] ?? 0,
    perSecond: sizes["perSecond"] ?? 0,
    faultMs: sizes["faultMs"] ?? 0,
    recoveryMs: 5000,
    ...(form === "short" ? { watchedMs: 500 } : {}),
    ...particular
  }, say).finally(clean)
  const refused = outcome.counts["refused"] ?? 0
  const unwanted = onFailure === "allow" && refused > 0 ? [`${name}: ${refused} requests were refused`] : []
  return { ...outcome, counts: { cells: 1, ...outcome.counts }, failures: [...outcome.failures, ...unwanted] }
}

const run = async (options: Options): Promise<Outcome> => {
  const outcomes: Array<Outcome> = []
  const only = cells.filter((_, index) => options.sizes["cell"] === undefined || options.sizes["cell"] === index)
  const chosen = options.form === "short" ? [killed] : only
  for (const cell of chosen) {
    for (const onFailure of options.form === "short" ? ["deny"] as const : ["deny", "allow"] as const) {
      const outcome = await attack(cell, onFailure, options)
      options.say(`  ${outcome.failures.length} failures, ${JSON.stringify({ ...outcome.counts, ...outcome.worst })}`)
      outcomes.push(outcome)
    }
  }
  return Results.total(outcomes)
}

/** The experiment. */
export const brokenStorage: Experiment = {
  id: "G7",
  title: "Storage that breaks is answered as the operator chose, and forgotten when it is whole again",
  injection:
    "Under running streams and steady requests, once with each policy: the disk is full; every write of the database, every sync of it, or every sync of whatever file fails with EIO; the file system turns read-only; the database is deleted; a reader holds an old state; the writer thread is killed every second.",
  criterion:
    "`deny` answers 503 with Retry-After before any upstream byte, `allow` serves; no stream breaks; within 5 s of the end of the fault everything is served, without a restart; every request has exactly one row, but those whose row was in a deleted file, which is noticed and made anew within 5 s.",
  short: { runs: 1, streams: 5, perSecond: 10, faultMs: 1000 },
  long: { runs: 1, streams: 50, perSecond: 50, faultMs: 8000 },
  run
}
