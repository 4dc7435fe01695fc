/** What is wrong with a run: how the agent ended, the file it was to write, and its calls beside their rows in the ledger. Pure. */
import type { DialectName } from "./Agents.ts"
import type { Row } from "./Gateway.ts"
import type { Call } from "./Recorder.ts"

/** What was seen of a run. */
export interface Seen {
  /** How the agent ended, where it did not end with 0. */
  readonly badEnd: string | undefined
  /** The file's text; `undefined` where there is no file. */
  readonly file: string | undefined
  readonly calls: ReadonlyArray<Call>
  /** Rows of the ledger that came with this run. */
  readonly rows: ReadonlyArray<Row>
}

/** What was to be seen. */
export interface Wanted {
  readonly file: string
  readonly inbound: DialectName
  readonly upstream: DialectName
}

const problemsOfRow = (row: Row, { inbound, upstream }: Wanted): ReadonlyArray<string> => {
  const wrong = [
    ...(row.inbound === inbound ? [] : [`came in as ${row.inbound}, not ${inbound}`]),
    ...(row.upstream === upstream ? [] : [`went to ${row.upstream ?? "no provider"}, not ${upstream}`]),
    ...(row.outcome === "Completed" ? [] : [`ended as ${row.outcome ?? row.status}${row.error === undefined ? "" : ` (${row.error.message})`}`])
  ]
  return wrong.map((problem) => `the exchange ${row.id} ${problem}`)
}

/** The calls that are exchanges: the gateway gave them an id. */
const exchangesOf = (calls: ReadonlyArray<Call>): ReadonlyArray<string> => calls.flatMap(({ id, method }) => method === "POST" && id !== undefined ? id : [])

/** Everything that is wrong; nothing where the run is as it should be. */
export const problems = (seen: Seen, wanted: Wanted): ReadonlyArray<string> => {
  const ids = exchangesOf(seen.calls)
  const file = seen.file?.replace(/\n$/, "")
  return [
    ...(seen.badEnd === undefined ? [] : [`the agent ended badly: ${seen.badEnd}`]),
    ...(file === wanted.file ? [] : [file === undefined ? "there is no file" : `the file says ${JSON.stringify(file)}`]),
    // One call asks, the next brings the tool's result
    ...(ids.length >= 2 ? [] : [`the agent made ${ids.length} exchanges; a tool call takes two`]),
    ...ids.flatMap((id) => {
      const count = seen.rows.filter((row) => row.id === id).length
      return count === 1 ? [] : [`the exchange ${id} has ${count} rows in the ledger`]
    }),
    ...seen.rows.filter(({ id }) => !ids.includes(id)).map(({ id }) => `the ledger has an exchange ${id} that nobody made`),
    ...seen.rows.flatMap((row) => problemsOfRow(row, wanted))
  ]
}
