/** The period of a budget that a moment falls into. Pure; all in UTC. */
import type { Period } from "../LimitRules.ts"

/** One period. */
export interface CalendarPeriod {
  /** Names it among all periods of all lengths: `day:2026-11-20`. */
  readonly id: string
  /** Its first day, in days since the epoch. */
  readonly fromDay: number
  /** When the next one begins, in milliseconds since the epoch; absent = never. */
  readonly endsAt?: number
}

const dayMs = 24 * 60 * 60 * 1000

/** Days from a Monday to the epoch's first day, a Thursday. */
const epochWeekday = 3

const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)

const lasting = (period: Period, fromDay: number, untilDay: number): CalendarPeriod => ({
  id: `${period}:${dayText(fromDay)}`,
  fromDay,
  endsAt: untilDay * dayMs
})

/** The period around a moment in milliseconds since the epoch. */
export const of = (period: Period, at: number): CalendarPeriod => {
  const today = Math.floor(at / dayMs)
  switch (period) {
    case "day":
      return lasting(period, today, today + 1)
    case "week": {
      const monday = today - (today + epochWeekday) % 7
      return lasting(period, monday, monday + 7)
    }
    case "month": {
      const date = new Date(at)
      const first = (months: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / dayMs
      return lasting(period, first(0), first(1))
    }
    case "total":
      return { id: "total", fromDay: 0 }
  }
}
