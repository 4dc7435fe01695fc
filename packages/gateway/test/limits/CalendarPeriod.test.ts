import { assert, describe, it } from "vitest"
import type { Period } from "../../src/LimitRules.ts"
import * as CalendarPeriod from "../../src/limits/CalendarPeriod.ts"

const of = (period: Period, at: string) => {
  const { endsAt, fromDay, id } = CalendarPeriod.of(period, Date.parse(at))
  return [id, new Date(fromDay * 86_400_000).toISOString().slice(0, 10), endsAt === undefined ? "never" : new Date(endsAt).toISOString()]
}

describe("the period of a budget", () => {
  it.each<[Period, string, string, string]>([
    ["day", "2026-11-20T23:59:59.999Z", "2026-11-20", "2026-11-21T00:00:00.000Z"],
    ["day", "2026-11-21T00:00:00.000Z", "2026-11-21", "2026-11-22T00:00:00.000Z"],
    ["week", "2026-11-20T12:00:00Z", "2026-11-16", "2026-11-23T00:00:00.000Z"],
    ["week", "2026-11-15T23:59:59Z", "2026-11-09", "2026-11-16T00:00:00.000Z"],
    ["week", "2026-11-16T00:00:00Z", "2026-11-16", "2026-11-23T00:00:00.000Z"],
    ["week", "2027-01-01T00:00:00Z", "2026-12-28", "2027-01-04T00:00:00.000Z"],
    ["month", "2026-11-30T23:59:59Z", "2026-11-01", "2026-12-01T00:00:00.000Z"],
    ["month", "2028-02-29T12:00:00Z", "2028-02-01", "2028-03-01T00:00:00.000Z"],
    ["month", "2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01T00:00:00.000Z"]
  ])("%s at %s begins on %s and ends at %s", (period, at, from, until) => {
    assert.deepStrictEqual(of(period, at), [`${period}:${from}`, from, until])
  })

  it("total began with time and does not end", () => {
    assert.deepStrictEqual(of("total", "2026-11-20T12:00:00Z"), ["total", "1970-01-01", "never"])
  })
})
