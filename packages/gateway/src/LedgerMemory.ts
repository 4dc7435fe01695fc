/**
 * The ledger in memory: for tests, and for gateways that keep no record. Follows the port to the letter, forgets everything
 * with the process, and keeps only the newest entries. Not durable in any sense.
 */
import type { MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Accounts from "./Accounts.ts"
import type { ChartQuery } from "./Charts.ts"
import type { ExchangeId } from "./ExchangeId.ts"
import { memoryChart } from "./internal/memoryChart.ts"
import * as Ledger from "./Ledger.ts"
import * as LedgerEntry from "./LedgerEntry.ts"
import type { Places, SettledPage } from "./UsageOutbox.ts"
import type { UsageRecord } from "./UsageSink.ts"

/** Days of accounts that are kept; the oldest make room. */
const accountDays = 100_000

/** The only one who writes it. */
const writer = "memory"

/** Keeps the newest 10,000 entries. */
export const layer: Layer.Layer<Ledger.Ledger> = Layer.suspend(() => layerBounded(10_000))

/** Keeps at most `capacity` entries: the one opened or settled first makes room. */
export const layerBounded = (capacity: number): Layer.Layer<Ledger.Ledger> => Layer.sync(Ledger.Ledger, () => make(capacity))

const make = (capacity: number): Ledger.Ledger["Service"] => {
  const entries = new Map<ExchangeId, LedgerEntry.Facts>()
  // The ids in the order in which they were first written, as a ring: taking the oldest out of a Map by its order gets slow
  const ring: Array<ExchangeId> = []
  let next = 0
  // What has ended, in this order, from the `firstEnded`th on; made into records only when somebody asks for them
  const ended: Array<{ readonly facts: LedgerEntry.Facts; readonly attempts: ReadonlyArray<Ledger.AttemptRecord> }> = []
  let firstEnded = 0
  const accounts = new Map<string, Map<number, Accounts.Spent>>()
  const days: Array<{ readonly key: string; readonly day: number }> = []

  const charge = (settlement: Ledger.Settlement): void => {
    const added = Accounts.charge(settlement.usage.tokens, settlement.costUsd)
    const day = Accounts.dayOf(settlement.endedAt)
    for (const { id, kind } of Accounts.of(settlement)) {
      const key = `${kind} ${id}`
      const byDay = accounts.get(key) ?? new Map<number, Accounts.Spent>()
      accounts.set(key, byDay)
      const before = byDay.get(day)
      byDay.set(day, Accounts.add(before ?? Accounts.nothing, added))
      if (before === undefined) keepDay(key, day)
    }
  }

  const keepDay = (key: string, day: number): void => {
    if (days.push({ key, day }) <= accountDays) return
    const oldest = days.shift()
    if (oldest === undefined) return
    const byDay = accounts.get(oldest.key)
    byDay?.delete(oldest.day)
    if (byDay?.size === 0) accounts.delete(oldest.key)
  }

  const store = (facts: LedgerEntry.Facts): void => {
    if (!entries.has(facts.id)) {
      const oldest = ring[next]
      if (oldest !== undefined) entries.delete(oldest)
      ring[next] = facts.id
      next = (next + 1) % capacity
    }
    entries.set(facts.id, facts)
  }

  const open = (opening: Ledger.Opening) =>
    Effect.sync(() => {
      if (!entries.has(opening.id)) store(LedgerEntry.opened(opening))
    })

  const checkpoint = (id: ExchangeId, usage: MeteredUsage, costUsd?: string) =>
    Effect.sync(() => {
      const known = entries.get(id)
      if (known?.status === "open") entries.set(id, { ...known, usage, costUsd })
    })

  const settle = (settlement: Ledger.Settlement) =>
    Effect.sync(() => {
      const known = entries.get(settlement.id)
      if (known !== undefined && known.status !== "open") return
      const facts = LedgerEntry.settled(settlement)
      store(facts)
      ended.push({ facts, attempts: settlement.attempts })
      if (ended.length >= 2 * capacity) firstEnded += ended.splice(0, ended.length - capacity).length
      if (facts.status !== "denied") charge(settlement)
    })

  const settled = (after: Places | undefined, limit: number) =>
    Effect.sync((): SettledPage => {
      const last = firstEnded + ended.length
      const from = after === undefined ? last : after[writer] ?? 0
      const start = Math.max(0, from - firstEnded)
      const records = ended.slice(start, start + limit).map(({ attempts, facts }): UsageRecord => ({
        ...LedgerEntry.fromFacts(facts),
        tries: attempts.map(LedgerEntry.toTry)
      }))
      return { records, places: { [writer]: firstEnded + start + records.length }, missed: Math.max(0, firstEnded - from) }
    })

  const query = (query: Ledger.Query) =>
    Effect.sync(() => {
      const found = Array.from(entries.values()).filter((facts) => LedgerEntry.matches(query, facts)).sort(LedgerEntry.newestFirst)
      const { before } = query
      // A page goes on after its last entry; where that is gone, the id itself says the time
      const last = before === undefined ? undefined : entries.get(before)
      const isOlder = (facts: LedgerEntry.Facts) => before === undefined || (last === undefined ? facts.id < before : LedgerEntry.newestFirst(last, facts) < 0)
      return found.filter(isOlder).slice(0, LedgerEntry.pageSize(query)).map(LedgerEntry.fromFacts)
    })

  const spent = (account: Accounts.Account, fromDay: number) =>
    Effect.sync(() =>
      Array.from(accounts.get(`${account.kind} ${account.id}`) ?? []).reduce(
        (sum, [day, each]) => day >= fromDay ? Accounts.add(sum, each) : sum,
        Accounts.nothing
      )
    )

  const chart = (query: ChartQuery) => Effect.sync(() => memoryChart(entries.values(), query))

  return Ledger.Ledger.of({ open, checkpoint, settle, query, spent, settled, chart })
}
