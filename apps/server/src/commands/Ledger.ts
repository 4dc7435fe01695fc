/**
 * `sluice ledger`: reads the record of exchanges. Reads the file or database of the configured ledger itself, so it works while a
 * server runs and when none does, and changes nothing: what a killed server left open is shown as open.
 */
import { Command } from "effect/cli"
import { export_ } from "./ledger/Export.ts"
import { query } from "./ledger/Query.ts"
import { show } from "./ledger/Show.ts"
import { verify } from "./ledger/Verify.ts"

/** The command. */
export const command = Command.make("ledger").pipe(
  Command.withDescription("Read the record of exchanges"),
  Command.withSubcommands([query, show, export_, verify])
)
