/**
 * The judge of every run: what clients saw, what the upstream got and what the ledger says must agree. Pure; knows no process and
 * no time.
 */
import type { Entry } from "@sluice/gateway/Ledger"
import type { ClientEntry } from "./Clients.ts"
import type { UpstreamEntry } from "./Upstream.ts"

/** The three logs of one run. */
export interface Logs {
  readonly clients: ReadonlyArray<ClientEntry>
  readonly upstream: ReadonlyArray<UpstreamEntry>
  readonly entries: ReadonlyArray<Entry>
}

/** The mark of an entry of the ledger: what stands behind `;tag=` in the model the client named. */
export const tagOf = ({ model }: Pick<Entry, "model">): string => /;tag=(.*)$/.exec(model ?? "")?.[1] ?? ""

/** Requests that somebody outside the gateway saw begin: a head reached the client, or the request reached the upstream. */
export const observed = ({ clients, upstream }: Logs): ReadonlySet<string> =>
  new Set([...clients.filter(({ headAt }) => headAt !== undefined), ...upstream].map(({ tag }) => tag))

/** Ended states: an entry with one of these has met its end. */
const isOpen = ({ status }: Entry): boolean => status === "open"

/** Every observed request has exactly one entry, no entry is open, and none was made twice. */
export const onceEach = (logs: Logs): ReadonlyArray<string> => {
  const byTag = Map.groupBy(logs.entries, tagOf)
  const missing = [...observed(logs)].filter((tag) => !byTag.has(tag)).map((tag) => `no row of ${tag}, which was observed`)
  const twice = [...byTag].filter(([, rows]) => rows.length > 1).map(([tag, rows]) => `${rows.length} rows of ${tag}`)
  const open = logs.entries.filter(isOpen).map((entry) => `the row of ${tagOf(entry)} is open`)
  return [...missing, ...twice, ...open]
}

/** No row claims more than happened: what is completed was sent to its end by the upstream, with the tokens it stated. */
export const noFalseEnd = ({ entries, upstream }: Logs): ReadonlyArray<string> => {
  const byTag = new Map(upstream.map((entry) => [entry.tag, entry]))
  return entries.filter(({ outcome }) => outcome === "Completed").flatMap((entry) => {
    const sent = byTag.get(tagOf(entry))
    if (sent?.ending !== "completed") return [`the row of ${tagOf(entry)} is completed, the upstream's log says ${sent?.ending ?? "nothing of it"}`]
    return sent.output === undefined || entry.usage.output === sent.output
      ? []
      : [`the row of ${tagOf(entry)} has ${entry.usage.output} tokens, the upstream said ${sent.output}`]
  })
}

/** Whether the last characters a client got are the end of a whole answer of a chat completion stream. */
export const isAnswered = (tail: string): boolean => tail.includes("data: [DONE]")

/** Whether they are a terminal error instead. */
export const isToldFailure = (tail: string): boolean => tail.includes("data: {\"error\":") && !isAnswered(tail)

/** A completed row costs what its tokens cost at these dollars for a million, to the last digit. */
export const noFalseCost = (entries: ReadonlyArray<Entry>, price: { readonly input: string; readonly output: string }): ReadonlyArray<string> =>
  entries.filter(({ outcome }) => outcome === "Completed").flatMap((entry) => {
    // Whole prices and tokens: millionths of a dollar are whole too
    const micros = (entry.usage.input ?? 0) * Number(price.input) + (entry.usage.output ?? 0) * Number(price.output)
    const said = Math.round(Number(entry.costUsd ?? "NaN") * 1e6 * 1e6) / 1e6
    return said === micros ? [] : [`the row of ${tagOf(entry)} costs ${entry.costUsd ?? "nothing known"}, its tokens ${micros} millionths of a dollar`]
  })

/** A client that got a whole answer, ended as its dialect ends answers, has a row that is completed or, after a crash, abandoned; never another. */
export const noLostEnd = ({ clients, entries }: Logs): ReadonlyArray<string> => {
  const byTag = new Map(entries.map((entry) => [tagOf(entry), entry]))
  return clients.filter(({ ending, tail }) => ending === "whole" && isAnswered(tail)).flatMap(({ tag }) => {
    const status = byTag.get(tag)?.status
    return status === "completed" || status === "abandoned" ? [] : [`the client of ${tag} got its whole answer, its row says ${status ?? "nothing"}`]
  })
}

/** How many entries there are of each status: what a report shows. */
export const statuses = (entries: ReadonlyArray<Entry>): { readonly [status: string]: number } =>
  Object.fromEntries([...Map.groupBy(entries, ({ status }) => `rows ${status}`)].map(([status, rows]) => [status, rows.length]))
