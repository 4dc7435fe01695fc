/** Text in columns that line up, for a terminal. Not Markdown, and nothing is cut off. */

/** Lines of the rows, each column as wide as its widest cell; `right` names the columns whose cells end at the same place. */
export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>, right: ReadonlySet<number> = new Set()): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows.map((row) =>
    widths.map((width, column) => {
      const cell = row[column] ?? ""
      return right.has(column) ? cell.padStart(width) : cell.padEnd(width)
    }).join("  ").trimEnd()
  )
}
