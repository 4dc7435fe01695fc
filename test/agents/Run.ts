/** One run: an agent with an empty home and an empty work folder gets a task, and what comes of it is judged. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Agent, DialectName, Way } from "./Agents.ts"
import { type Gateway, key, type Row } from "./Gateway.ts"
import { run as runGrouped } from "./GroupedProcess.ts"
import type { Call, Recorder } from "./Recorder.ts"
import { problems } from "./Verdict.ts"

const limitMs = 180_000
const settleTries = 5

/** What a run takes place in. */
export interface Place {
  readonly gateway: Gateway
  readonly recorder: Recorder
  readonly folder: string
  /** Ids of rows that earlier runs left. */
  readonly known: Set<string>
}

/** How a run ended. */
export interface Result {
  readonly agent: Agent
  readonly way: Way
  readonly upstream: DialectName
  readonly seconds: number
  /** What is wrong; empty = passed. */
  readonly problems: ReadonlyArray<string>
  /** For the reader of a failure. */
  readonly evidence: string
}

/** The rows of this run, when all of them have ended or waiting is in vain: a row is settled a moment after the client's last byte. */
const newRows = async ({ gateway, known }: Place, ids: ReadonlyArray<string>): Promise<ReadonlyArray<Row>> => {
  for (let tries = 1;; tries++) {
    const rows = (await gateway.rows()).filter(({ id }) => !known.has(id))
    const isSettled = rows.every(({ status }) => status !== "open") && ids.every((id) => rows.some((row) => row.id === id))
    if (!isSettled && tries < settleTries) continue
    for (const { id } of rows) known.add(id)
    return rows
  }
}

const environment = (home: string, proxy: string): { readonly [name: string]: string } => {
  const folders = { TMPDIR: "tmp", XDG_CONFIG_HOME: "config", XDG_DATA_HOME: "data", XDG_CACHE_HOME: "cache", XDG_STATE_HOME: "state" }
  for (const name of Object.values(folders)) mkdirSync(join(home, name), { recursive: true })
  return {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
    HOME: home,
    LANG: "C.UTF-8",
    TERM: "dumb",
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: "127.0.0.1,localhost",
    ...Object.fromEntries(Object.entries(folders).map(([name, folder]) => [name, join(home, folder)]))
  }
}

const evidenceOf = (output: string, calls: ReadonlyArray<Call>, rows: ReadonlyArray<Row>, hosts: ReadonlyArray<string>, log: string): string =>
  [
    "calls:",
    ...calls.map(({ id, method, path, refusal, status }) => `  ${method} ${path} → ${status} ${id ?? ""} ${refusal}`),
    "rows:",
    ...rows.map((row) => `  ${JSON.stringify(row)}`),
    ...(hosts.length === 0 ? [] : [`wanted to reach: ${hosts.join(", ")}`]),
    "what the agent wrote, at its end:",
    output.slice(-6000),
    "the gateway's log, at its end:",
    log.slice(-3000)
  ].join("\n")

/** Runs an agent in one way on one upstream protocol. */
export const run = async (place: Place, executable: string, agent: Agent, way: Way, upstream: DialectName): Promise<Result> => {
  const startedAt = performance.now()
  const home = mkdtempSync(join(place.folder, "home-"))
  const work = join(home, "work")
  mkdirSync(work)
  const file = `Written by ${agent.name} through ${upstream}`
  const prompt = `Create the file greeting.txt with the content '${file}'.`
  const { args, env } = way.start({ url: place.recorder.url, key, model: `${way.model}@${upstream}`, home, prompt })
  const ended = await runGrouped(executable, args, { cwd: work, env: { ...environment(home, place.recorder.url), ...env }, limitMs })
  const seconds = (performance.now() - startedAt) / 1000
  const path = join(work, "greeting.txt")
  const calls = place.recorder.take()
  const rows = await newRows(place, calls.flatMap(({ id }) => id ?? []))
  const badEnd = ended.code === 0 ? undefined : ended.how
  const seen = { badEnd, file: existsSync(path) ? readFileSync(path, "utf8") : undefined, calls, rows }
  return {
    agent,
    way,
    upstream,
    seconds,
    problems: problems(seen, { file, inbound: way.inbound, upstream }),
    evidence: evidenceOf(ended.output, calls, rows, place.recorder.takeRefusedHosts(), place.gateway.log())
  }
}
