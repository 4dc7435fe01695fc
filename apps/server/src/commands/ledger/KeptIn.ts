/** Where the commands find the ledger of a configuration: its file or database, or the word that there is none. */
import type * as LedgerReader from "@sluice/ledger/LedgerReader"
import { Effect, Schema } from "effect"
import { type Config, isInMemory } from "../../Config.ts"

/** There is nothing to read. */
export class NothingKept extends Schema.TaggedError<NothingKept>()("NothingKept", {}) {
  override get message(): string {
    return "the configured ledger keeps nothing outside the server's memory: set ledger.url to a file or a database"
  }
}

/** Where the configured ledger is read. */
export const sourceOf = ({ ledger: { url } }: Config): Effect.Effect<LedgerReader.Source, NothingKept> =>
  isInMemory(url) ? new NothingKept() : Effect.succeed(url)
