/** The results as a table: a line for each way of an agent, a column for each upstream protocol. */
import type { DialectName } from "./Agents.ts"

/** One cell: which line, which column, and what it says. */
export interface Cell {
  readonly line: string
  readonly upstream: DialectName
  readonly text: string
}

/** The lines of the table, in the order their cells came. */
export const table = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> => {
  const upstreams = [...new Set(cells.map(({ upstream }) => upstream))]
  const lines = [...new Set(cells.map(({ line }) => line))]
  const rows = [
    ["", ...upstreams],
    ...lines.map((line) => [line, ...upstreams.map((upstream) => cells.find((cell) => cell.line === line && cell.upstream === upstream)?.text ?? "")])
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ").trimEnd())
}
