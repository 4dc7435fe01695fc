/** How many files, sockets among them, this process may have open. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const Report = Schema.Struct({ userLimits: Schema.Struct({ open_files: Schema.Struct({ soft: Schema.Finite }) }) })
const decode = Schema.decodeUnknownOption(Report)

/** The limit; infinite where the system has none. Asked once, at the start: the report names every open socket. */
export const limit = (): number =>
  Option.match(decode(process.report.getReport()), { onNone: () => Number.POSITIVE_INFINITY, onSome: ({ userLimits }) => userLimits.open_files.soft })
