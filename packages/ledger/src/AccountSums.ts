/**
 * What the ended exchanges of one transaction add to the accounts of their owners: added up first, so that a group of hundreds of
 * rows writes each account once. Pure; the table is written by each database's own statements.
 */
import * as Accounts from "@sluice/gateway/Accounts"
import { classes } from "@sluice/protocol/CanonicalUsage"
import { usageColumn, whole } from "./Rows.ts"
import type { TerminalRow } from "./TerminalRow.ts"
import { at, number, text } from "./TerminalRow.ts"

/** A row of the table `accounts`. */
export interface AccountDay extends Accounts.Account {
  readonly day: number
  readonly requests: number
  readonly tokens: number
  readonly nanos: number
}

/** The sums of one transaction. */
export interface AccountSums {
  /** Adds an exchange; one that was refused costs nobody anything. */
  readonly add: (row: TerminalRow) => void
  /** What was added since it was last asked. */
  readonly take: () => ReadonlyArray<AccountDay>
}

const status = at("status")
const endedAt = at("ended_at")
const startedAt = at("started_at")
const principal = at("principal")
const team = at("team")
const tenant = at("tenant")
const nanos = at("cost_nanos")
const tokens = classes.map((name) => at(usageColumn[name]))

/** Empty sums. */
export const make = (): AccountSums => {
  let sums = new Map<string, AccountDay>()
  return {
    add: (row) => {
      if (row[status] === "denied") return
      const day = Accounts.dayOf(typeof row[endedAt] === "number" ? number(row, endedAt) : number(row, startedAt))
      const used = whole(tokens.reduce((sum, index) => sum + number(row, index), 0))
      for (const account of Accounts.of({ principal: text(row, principal) ?? "", team: text(row, team), tenant: text(row, tenant) })) {
        const key = `${account.kind} ${day} ${account.id}`
        const sum = sums.get(key)
        sums.set(key, {
          ...account,
          day,
          requests: (sum?.requests ?? 0) + 1,
          tokens: whole((sum?.tokens ?? 0) + used),
          nanos: whole((sum?.nanos ?? 0) + number(row, nanos))
        })
      }
    },
    take: () => {
      const taken = Array.from(sums.values())
      sums = new Map()
      return taken
    }
  }
}
