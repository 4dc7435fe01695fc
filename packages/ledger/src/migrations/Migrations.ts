/** Every migration of the ledger, in order. A migration that was released is never changed: add the next one. */
import * as Migrator from "effect/sql/Migrator"
import * as Exchanges0001 from "./Exchanges0001.ts"

/** Numbered and named, as the migrator records them. */
export const loader = Migrator.fromRecord({ "0001_exchanges": Exchanges0001.migration })
