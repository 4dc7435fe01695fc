/** G14: requests with one Idempotency-Key, sent many times at once, with other bodies, by others, and across a crash. */
import { join } from "node:path"
import type { ClientEntry, ClientRequest } from "../Clients.ts"
import * as Database from "../Database.ts"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as Oracle from "../Oracle.ts"
import * as Results from "../Results.ts"
import * as Rig from "../Rig.ts"

const keys = [{ id: "one", key: "sk-one" }, { id: "two", key: "sk-two" }] as const

/** The same request as often as wanted. What is behind the last `+` makes its mark unique. */
const copies = (url: string, key: string, name: string, scenario: string, count: number, label = name, from = 0): ReadonlyArray<ClientRequest> =>
  Array.from({ length: count }, (_, index) => ({
    url,
    tag: `${label}+${from + index}`,
    path: "/v1/chat/completions",
    headers: { authorization: `Bearer ${key}`, "idempotency-key": `key-${name.replace(/!.*/, "")}` },
    body: { model: `up/${scenario};tag=${label}`, stream: true, messages: [{ role: "user", content: "Count." }] }
  }))

const labelOf = ({ tag }: Pick<ClientEntry, "tag">): string => tag.replace(/\+\d+$/, "")

interface Seen {
  readonly counts: { [name: string]: number }
  readonly failures: Array<string>
}

const note = ({ counts }: Seen, name: string, count: number): void => void (counts[name] = (counts[name] ?? 0) + count)

/** Ends all requests that are open, and takes both logs. */
const logsOf = async (rig: Rig.Rig) => {
  const open = await rig.clients.ask("ended", 60_000)
  const logs = { clients: await rig.clients.ask("log"), upstream: await rig.upstream.log(), open }
  await rig.clients.ask("clear")
  await rig.upstream.clear()
  return logs
}

const messageIn = (tail: string): string => /"message":"([^"]*)"/.exec(tail)?.[1] ?? ""

/** How many answers have which status, and what the first of each says. */
const statusesOf = (clients: ReadonlyArray<ClientEntry>): string =>
  [...Map.groupBy(clients, ({ status }) => status ?? 0)].map(([status, all]) => `${all.length} × ${status} ${messageIn(all[0]?.tail ?? "")}`.trim()).join(", ")

/** What is asked many times and answered. */
const answered = "sim-long;events=10;delay=10"

/** Many at once: one call upstream, one answer for all. */
const together = async (rig: Rig.Rig, url: string, round: number, many: number, seen: Seen): Promise<void> => {
  const name = `${round}-same`
  await rig.clients.ask("send", copies(url, keys[0].key, name, answered, many))
  const { clients, upstream } = await logsOf(rig)
  const digests = new Set(clients.map(({ digest }) => digest))
  const whole = clients.filter(({ ending, status, tail }) => status === 200 && ending === "whole" && Oracle.isAnswered(tail))
  if (upstream.length !== 1) seen.failures.push(`${name}: ${upstream.length} calls of the upstream`)
  if (whole.length !== many || digests.size !== 1) {
    seen.failures.push(`${name}: ${whole.length} whole answers (${statusesOf(clients)}), ${digests.size} different`)
  }
  note(seen, "requests with one key at once", many)
  note(seen, "answered the same", whole.length)
}

/** Two bodies under one key at once: one of them is executed, the other refused; nobody gets the other's answer. */
const mixed = async (rig: Rig.Rig, url: string, round: number, many: number, seen: Seen): Promise<void> => {
  const name = `${round}-other`
  const half = Math.ceil(many / 2)
  await rig.clients.ask("send", [
    ...copies(url, keys[0].key, name, "sim-long;events=10;delay=10", half, `${name}!a`),
    ...copies(url, keys[0].key, name, "sim-long;events=12;delay=10", half, `${name}!b`)
  ])
  const { clients, upstream } = await logsOf(rig)
  const executed = upstream[0]?.tag
  if (upstream.length !== 1) seen.failures.push(`${name}: ${upstream.length} calls of the upstream`)
  const wrong = clients.filter((client) => client.status !== (labelOf(client) === executed ? 200 : 422))
  if (wrong.length > 0) seen.failures.push(`${name}: ${wrong.length} answers that are not theirs: ${statusesOf(wrong)}`)
  note(seen, "requests with another body", half)
  note(seen, "refused with 422", clients.filter(({ status }) => status === 422).length)
}

/** The same key of somebody else is another key. */
const scoped = async (rig: Rig.Rig, url: string, round: number, seen: Seen): Promise<void> => {
  const name = `${round}-scope`
  await rig.clients.ask("send", [
    ...copies(url, keys[0].key, name, "sim-long;events=5;delay=5", 2, `${name}!a`),
    ...copies(url, keys[1].key, name, "sim-long;events=6;delay=5", 2, `${name}!b`)
  ])
  const { clients, upstream } = await logsOf(rig)
  if (upstream.length !== 2 || clients.some(({ status }) => status !== 200)) {
    seen.failures.push(`${name}: ${upstream.length} calls of the upstream for two owners of one key, ${statusesOf(clients)}`)
  }
  note(seen, "keys shared by two owners", 1)
}

const secret = { key: "a secret of at least thirty-two characters" }

/** One way to keep keys and answers over the end of a process. */
interface Store {
  readonly name: "ledger" | "redis"
  /** What the configuration says beside it. */
  readonly config: Rig.Configuration
}

const attack = ({ folder, form, random, say, sizes }: Options, { config, name }: Store, rounds: number): Promise<Outcome> =>
  Rig.use({
    folder: join(folder, name),
    config: (plain) => ({
      ...plain,
      ...config,
      auth: { mode: "keys" },
      keys: keys.map((one) => ({ ...one, id: `${one.id}-${name}` })),
      replay: { ...secret, store: name }
    })
  }, async (rig) => {
    const seen: Seen = { counts: {}, failures: [] }
    const many = sizes["many"] ?? 0
    /** How many rows there are at least, by label: as many as heads were seen. */
    const heard = new Map<string, number>()
    let gateway = await rig.start()
    /** Killed when the request is upstream; asked again, it is neither executed again nor answered. */
    const crash = async (round: number): Promise<void> => {
      const label = `${round}-crash`
      const scenario = "sim-long;events=1000;delay=20"
      await rig.clients.ask("send", copies(gateway.url, keys[0].key, label, scenario, many))
      await Rig.until(rig.upstream.log, (log) => log.length > 0, 20_000)
      await Rig.sleep(random.below(100))
      // Others are given an answer again at that moment
      const again = `${round}-same`
      await rig.clients.ask("send", copies(gateway.url, keys[0].key, again, answered, many, again, many))
      await rig.clients.ask("received", { requests: many / 2, bytes: 1, withinMs: 20_000 })
      await gateway.kill("SIGKILL")
      await rig.clients.ask("ended", 10_000)
      const heads = (await rig.clients.ask("log")).filter((client) => labelOf(client) === again && client.headAt !== undefined).length
      heard.set(again, many + heads)
      note(seen, "heads of replays before the crash", heads)
      await rig.clients.ask("clear")
      // The killed process counts as alive for some seconds more: the short form does not wait for that
      if (form === "short") rig.reconfigure((config) => ({ ...config, replay: { ...secret, store: name, wait: "0 millis" } }))
      gateway = await rig.start()
      await rig.clients.ask("send", copies(gateway.url, keys[0].key, label, scenario, many))
      const { clients, upstream } = await logsOf(rig)
      if (upstream.length !== 1) seen.failures.push(`${label}: ${upstream.length} calls of the upstream around a crash`)
      const unknown = clients.filter(({ status, tail }) => status === 409 && (form === "short" || tail.includes("unknown")))
      if (unknown.length !== many) seen.failures.push(`${label}: ${unknown.length} of ${many} were told that the result is unknown: ${statusesOf(clients)}`)
      note(seen, "requests asked again behind a crash", many)
      note(seen, form === "short" ? "neither executed again nor answered" : "told that the result is unknown", unknown.length)
    }
    for (let round = 0; round < rounds; round++) {
      await together(rig, gateway.url, round, many, seen)
      await mixed(rig, gateway.url, round, many, seen)
      await scoped(rig, gateway.url, round, seen)
      if (round % (sizes["crashEvery"] ?? 1) === 0) await crash(round)
      if (form === "long" && round % 10 === 9) say(`  G14: ${round + 1} rounds, kept in ${name}`)
    }
    await gateway.kill("SIGTERM")
    const entries = await rig.entries()
    const rows = Map.groupBy(entries, Oracle.tagOf)
    for (const [label, count] of heard) {
      const found = rows.get(label)?.length ?? 0
      if (found < count) seen.failures.push(`${label}: ${found} rows, ${count} heads were seen`)
    }
    if (entries.some(({ status }) => status === "open")) seen.failures.push("a row is open")
    const executed = Map.groupBy(
      entries.filter(({ status }) => status !== "denied" && status !== "cached"),
      Oracle.tagOf
    )
    seen.failures.push(...[...executed].filter(([, rows]) => rows.length > 1).map(([tag, rows]) => `${tag}: ${rows.length} rows say it was executed`))
    return { counts: { ...seen.counts, rows: entries.length, ...Oracle.statuses(entries) }, failures: seen.failures }
  })

const run = async (options: Options): Promise<Outcome> => {
  const { form, sizes } = options
  const redis = await Database.redis()
  const isShared = form === "long" && redis.missing === undefined
  const rounds = isShared ? sizes.runs / 2 : sizes.runs
  const outcomes = [await attack(options, { name: "ledger", config: {} }, rounds)]
  if (isShared) {
    const shared = (prefix: string): Store => ({ name: "redis", config: { redis: { url: redis.url, prefix } } })
    outcomes.push(await Database.usePrefix(redis.url, (prefix) => attack(options, shared(prefix), rounds)))
  }
  return Results.total(outcomes)
}

/** The experiment. */
export const idempotency: Experiment = {
  id: "G14",
  title: "One key, one execution, one answer",
  injection:
    "50 requests with one Idempotency-Key at once; half of them with another body; the same key of another owner; and the gateway killed with SIGKILL while the first is upstream, then asked again, while the answer to another key is being given again; keys and answers are kept in the ledger's database, and then in Redis.",
  criterion:
    "One call of the upstream; the same answer for all; another body is refused with 422; another owner has its own execution; behind the crash everyone is told that the result is unknown, and nothing is executed again; every answer whose head was seen has its row.",
  short: { runs: 1, many: 10, crashEvery: 1 },
  long: { runs: 50, many: 50, crashEvery: 5 },
  run
}
