/** What a run has found so far, and how it is told: progress lines, the table of the end, the faults with their replays. */
import type { Batch, Finding, Tally } from "./Run.ts"

/** The sum of the batches of a run. */
export interface Report {
  readonly add: (batch: Batch) => void
  readonly fault: (finding: Finding) => void
  readonly faults: () => ReadonlyArray<Finding>
  readonly count: () => number
  readonly table: () => string
}

const percent = (part: number, whole: number): string => `${(100 * part / Math.max(1, whole)).toFixed(1)} %`

/** An empty report. */
export const make = (): Report => {
  const tallies = new Map<string, Tally>()
  const faults = new Map<string, Finding>()
  let count = 0

  const add = (batch: Batch): void => {
    for (const [name, one] of Object.entries(batch.tallies)) {
      const sum = tallies.get(name) ?? { decoded: 0, refused: 0, faults: 0, time: 0, slowest: 0, slowestIndex: -1 }
      sum.decoded += one.decoded
      sum.refused += one.refused
      sum.faults += one.faults
      sum.time += one.time
      if (one.slowest > sum.slowest) {
        sum.slowest = one.slowest
        sum.slowestIndex = one.slowestIndex
      }
      tallies.set(name, sum)
      count += one.decoded + one.refused + one.faults
    }
    batch.findings.forEach(fault)
  }

  const fault = (finding: Finding): void => {
    const known = faults.get(finding.key)
    if (known === undefined || JSON.stringify(finding.input).length < JSON.stringify(known.input).length) faults.set(finding.key, finding)
  }

  const table = (): string => {
    const rows = [...tallies].toSorted(([left], [right]) => left < right ? -1 : 1).map(([name, tally]) => {
      const inputs = tally.decoded + tally.refused + tally.faults
      return [
        name,
        String(inputs),
        percent(tally.decoded, inputs),
        percent(tally.refused, inputs),
        String(tally.faults),
        `${(1000 * tally.time / Math.max(1, inputs)).toFixed(0)} µs`,
        `${tally.slowest.toFixed(1)} ms (${tally.slowestIndex})`
      ]
    })
    const all = [["decoder", "inputs", "decoded", "refused", "faults", "mean", "slowest alone (index)"], ...rows]
    const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
    return all.map((row) => row.map((cell, column) => column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)).join("  ")).join(
      "\n"
    )
  }

  return { add, fault, faults: () => [...faults.values()], count: () => count, table }
}

/** One fault in words, with its smallest input and how to see it again. */
export const toText = ({ index, input, problem, seed, target }: Finding): string =>
  `${target}: ${problem}\n  smallest input: ${JSON.stringify(input)}\n  again: pnpm fuzz --replay ${seed}:${index}`
