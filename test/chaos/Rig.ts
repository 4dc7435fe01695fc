/**
 * Everything an experiment needs, started and ended together: the scripted upstream, the clients, a configuration, and the ledger
 * as everybody else reads it. The gateway itself is started by the experiment, which is there to kill it.
 */
import type { Entry } from "@sluice/gateway/Ledger"
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync, type SQLOutputValue } from "node:sqlite"
import * as Clients from "./Clients.ts"
import * as Gateway from "./Gateway.ts"
import * as Upstream from "./Upstream.ts"

/** A configuration as data: JSON is YAML. */
export interface Configuration {
  readonly [section: string]: unknown
}

/** What an experiment may change. */
export interface Options {
  readonly folder: string
  /** Where the database stands; in the folder unless told. */
  readonly database?: string
  /** Where entries are read; that database unless told. */
  readonly source?: LedgerReader.Source
  /** Replaces whole sections of the configuration. */
  readonly config?: (plain: Configuration) => Configuration
}

/** The rig. */
export interface Rig {
  readonly upstream: Upstream.Upstream
  readonly clients: Clients.Clients
  /** The configuration's file. */
  readonly config: string
  /** The ledger's file. */
  readonly database: string
  /** Writes the configuration's file anew; the next start reads it. */
  readonly reconfigure: (change: (now: Configuration) => Configuration) => void
  readonly start: (options?: Gateway.StartOptions) => Promise<Gateway.Gateway>
  /** All entries, oldest first, read from the file as `sluice ledger query` reads it. */
  readonly entries: () => Promise<ReadonlyArray<Entry>>
  /** What SQLite's own check says of the file; `ok` where nothing is wrong. */
  readonly integrity: () => string
  /** What `sluice ledger verify` finds wrong with the chain of the rows; empty where it is whole. */
  readonly verify: () => Promise<string>
  /** How many rows of exchanges have this status, read from the file itself. */
  readonly countOf: (status: Entry["status"]) => number
  /** One open row, where there is one. */
  readonly anOpenRow: () => OpenRow | undefined
  /** Adds copies of it to the file of a gateway that does not run. They have `copy` for their model. */
  readonly addCopies: (row: OpenRow, copies: number) => void
}

/**
 * Nobody is turned away however slow the machine is: refusals under load are no subject of these experiments, and many of them
 * may share a row. A server that is told to stop begins at once.
 */
export const server = { lameDuck: "0 millis", admission: { loopDelay: "10 minutes", wait: "10 minutes", waiting: 100_000 } }

/** Dollars for a million tokens, of every model here. */
export const price = { input: "3", output: "15" }

/** Two providers at one upstream: `up/…` is reached through another dialect, `same/…` through the client's own. */
const plain = (url: string, database: string): Configuration => ({
  server,
  auth: { mode: "open" },
  ledger: { url: `sqlite:${database}` },
  log: { level: "error" },
  providers: [
    { id: "up", dialect: "anthropic-messages", baseUrl: url, credentials: [{ id: "main", apiKey: "upstream-key" }] },
    { id: "same", dialect: "openai-chat", baseUrl: `${url}/v1`, credentials: [{ id: "main", apiKey: "upstream-key" }] }
  ],
  models: [
    { id: "up/*", targets: [{ provider: "up", model: "*", price }] },
    { id: "same/*", targets: [{ provider: "same", model: "*", price }] }
  ]
})

const pageSize = 10_000

/** Page by page, newest first, as the command line reads it. */
const entriesOf = async (source: LedgerReader.Source): Promise<ReadonlyArray<Entry>> => {
  const found: Array<Entry> = []
  for (let isMore = true; isMore;) {
    const last = found.at(-1)
    const page = await Effect.runPromise(
      LedgerReader.query(source, { limit: pageSize, ...(last === undefined ? {} : { before: last.id }) })
    )
    found.push(...page)
    isMore = page.length === pageSize
  }
  return found.toReversed()
}

/** Asks the file itself one question. */
const ask = (database: string, question: string, ...parameters: ReadonlyArray<string>): unknown => {
  const db = new DatabaseSync(database, { readOnly: true, timeout: 5000 })
  try {
    return Object.values(db.prepare(question).get(...parameters) ?? {})[0]
  } finally {
    db.close()
  }
}

/** One open row as the file has it; copies of it are added to a file whose gateway does not run. */
export type OpenRow = { readonly [column: string]: SQLOutputValue }

const anOpenRow = (database: string): OpenRow | undefined => {
  const db = new DatabaseSync(database, { readOnly: true, timeout: 5000 })
  try {
    return db.prepare("SELECT * FROM exchanges WHERE status = 'open' LIMIT 1").get()
  } finally {
    db.close()
  }
}

let copied = 0

const addCopies = (database: string, row: OpenRow, copies: number): void => {
  const db = new DatabaseSync(database, { timeout: 5000 })
  try {
    const names = Object.keys(row)
    const insert = db.prepare(`INSERT INTO exchanges (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`)
    db.exec("BEGIN")
    for (let copy = 0; copy < copies; copy++) {
      // An id keeps its time and gets digits for its random part
      const changed: OpenRow = { ...row, id: `${String(row["id"]).slice(0, 10)}${String(++copied).padStart(16, "0")}`, model: "copy" }
      insert.run(...names.map((name) => changed[name] ?? null))
    }
    db.exec("COMMIT")
  } finally {
    db.close()
  }
}

/** Runs something with a rig of its own, and ends every process of it afterwards. */
export const use = async <A>(options: Options, run: (rig: Rig) => Promise<A>): Promise<A> => {
  mkdirSync(options.folder, { recursive: true })
  const database = options.database ?? join(options.folder, "ledger.db")
  const config = join(options.folder, "sluice.yaml")
  const running: Array<Gateway.Gateway> = []
  const [clients, upstream] = [Clients.start(), await Upstream.start()]
  const standard = plain(upstream.url, database)
  let configuration = options.config?.(standard) ?? standard
  const write = (): void => writeFileSync(config, JSON.stringify(configuration, undefined, 2))
  write()
  try {
    return await run({
      upstream,
      clients,
      config,
      database,
      reconfigure: (change) => {
        configuration = change(configuration)
        write()
      },
      start: async (startOptions) => {
        const gateway = await Gateway.start(config, startOptions)
        running.push(gateway)
        return gateway
      },
      entries: () => entriesOf(options.source ?? { _tag: "Sqlite", filename: database }),
      integrity: () => String(ask(database, "PRAGMA integrity_check")),
      verify: async () => {
        const { code, stderr, stdout } = await Gateway.command(["ledger", "verify", "--config", config])
        return code === 0 ? "" : `${stdout} ${stderr}`.trim() || `it ended with ${code}`
      },
      anOpenRow: () => anOpenRow(database),
      addCopies: (row, copies) => addCopies(database, row, copies),
      countOf: (status) => Number(ask(database, "SELECT count(*) FROM exchanges WHERE status = ?", status))
    })
  } finally {
    for (const gateway of running) gateway.signal("SIGKILL")
    clients.stop()
    upstream.stop()
  }
}

/** Waits. */
export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** Asks again every few milliseconds until the answer is the wanted one; gives the last answer when the time is over. */
export const until = async <A>(ask: () => A | Promise<A>, isWanted: (answer: A) => boolean, withinMs: number): Promise<A> => {
  const deadline = performance.now() + withinMs
  let answer = await ask()
  while (!isWanted(answer) && performance.now() < deadline) {
    await sleep(10)
    answer = await ask()
  }
  return answer
}
