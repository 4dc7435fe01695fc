/** G12: somebody changes the ledger behind its back. */
import { Effect } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Mutations from "../../../packages/ledger/test/Mutations.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as BlindFlips from "../faults/BlindFlips.ts"
import * as LedgerProcess from "../faults/LedgerProcess.ts"
import * as Gateway from "../Gateway.ts"
import * as Rig from "../Rig.ts"

/** Rows may be without a head for this long; how much later one may come on a busy machine. */
const headEveryMs = 60_000
const slackMs = 2000

/** What `sluice ledger verify` says of a ledger. */
const verified = async (config: string): Promise<{ readonly ok: boolean; readonly signedHeads: number; readonly finding?: { readonly exchange?: string } }> => {
  const { code, stderr, stdout } = await Gateway.command(["ledger", "verify", "--config", config, "--json"])
  if (stdout === "") throw new Error(`sluice ledger verify ended with ${code}: ${stderr}`)
  // As the command documents it
  return JSON.parse(stdout)
}

/** A gateway that works all the time and signs: how old the oldest ended exchange was that no head covered, and what verification says of it, as it is and with one letter more. */
const working = (options: Options, seconds: number) =>
  Rig.use({
    folder: join(options.folder, "working"),
    config: (plain) => ({ ...plain, ledger: { ...Object(plain["ledger"]), signingKey: "a key of the rig, long enough to be one" } })
  }, async (rig) => {
    const gateway = await rig.start()
    let oldestMs = 0
    const look = (): void =>
      LedgerProcess.reading(rig.database, (db) => {
        const row = db.prepare(`SELECT min(e.ended_at) AS oldest FROM links l JOIN exchanges e ON e.id = l.exchange_id
          WHERE l.sequence > coalesce((SELECT max(h.sequence) FROM heads h WHERE h.writer = l.writer), 0)`).get()
        if (typeof row?.["oldest"] === "number") oldestMs = Math.max(oldestMs, Date.now() - row["oldest"])
      })
    for (let second = 0; second < seconds; second++) {
      const tags = Array.from({ length: 20 }, (_, n) => `${second}-${n}`)
      await rig.clients.ask(
        "send",
        tags.map((tag) => ({
          url: gateway.url,
          tag,
          path: "/v1/chat/completions",
          body: { model: `same/sim-text;tag=${tag}`, messages: [{ role: "user", content: "Hello" }] }
        }))
      )
      await Rig.sleep(1000)
      look()
    }
    const count = (table: string): number => LedgerProcess.reading(rig.database, (db) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]))
    const found = { oldestMs, rows: count("links"), heads: count("heads") }
    await gateway.kill("SIGKILL")
    const untouched = await verified(rig.config)
    const db = new DatabaseSync(rig.database)
    const victim = String(options.random.from(db.prepare("SELECT exchange_id FROM links").all())?.["exchange_id"])
    db.prepare("UPDATE exchanges SET principal = principal || 'x' WHERE id = ?").run(victim)
    db.close()
    const touched = await verified(rig.config)
    const failures = [
      ...(oldestMs <= headEveryMs + slackMs ? [] : [`a row was without a head for ${Math.round(oldestMs)} ms`]),
      ...(untouched.ok && untouched.signedHeads === found.heads ? [] : [`the command says of an untouched ledger: ${JSON.stringify(untouched)}`]),
      ...(!touched.ok && touched.finding?.exchange === victim
        ? []
        : [`the command says of a ledger whose row ${victim} was changed: ${JSON.stringify(touched)}`])
    ]
    return { ...found, failures }
  })

const run = async (options: Options): Promise<Outcome> => {
  const { folder, form, random, seed, sizes } = options
  const { attacks, done, misses, untouched } = await Effect.runPromise(Mutations.attack({ runs: sizes.runs, seed }))
  const flips = await BlindFlips.run(join(folder, "ledger.db"), sizes.runs, random)
  const watched = form === "long" ? await working(options, 150) : undefined
  return {
    counts: {
      "attacks by kind": [...done.values()].reduce((sum, count) => sum + count, 0),
      kinds: attacks.length,
      "bits turned over": flips.done,
      ...Object.fromEntries(Object.entries(flips.byTable).map(([table, count]) => [`of these in ${table}`, count])),
      ...(watched === undefined ? {} : { "rows of a working gateway": watched.rows, "signed heads of it": watched.heads })
    },
    ...(watched === undefined ? {} : { worst: { "oldest row without a head s": watched.oldestMs / 1000 } }),
    failures: [
      ...(untouched.finding === undefined ? [] : [`the untouched ledger: ${untouched.finding.message}`]),
      ...misses.map(({ attack, expected, finding }) => `${attack}: expected ${JSON.stringify(expected)}, found ${finding?.message ?? "nothing"}`),
      ...flips.failures,
      ...watched?.failures ?? []
    ].slice(0, 50)
  }
}

/** The experiment. */
export const tampering: Experiment = {
  id: "G12",
  title: "A row that is changed, removed, moved, added or cut off is found, and named",
  injection:
    "Ten thousand attacks of many kinds on a signed ledger of three writers, each on an untouched copy: values, attempts, links, heads and signatures changed, rows removed, swapped, added, renumbered, cut off at either end, chains computed anew; and ten thousand single bits turned over anywhere in ended exchanges, attempts, links and heads. A gateway that signs is watched at work for 150 s, killed, and one letter is added to one of its rows.",
  criterion:
    "Verification finds nothing in the untouched ledger, finds every attack and every bit, and names the first row or head that was hit; no row of the gateway at work is without a head for more than 60 s, and `sluice ledger verify` says of its ledger that it is as it was stored, and then which row is not.",
  short: { runs: 60 },
  long: { runs: 10_000 },
  run
}
