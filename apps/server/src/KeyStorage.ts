/** Where keys that are made by command are kept: in the database of the configured ledger. */
import type { KeyStore } from "@sluice/gateway/KeyStore"
import type { LedgerStartError } from "@sluice/ledger/LedgerStartError"
import * as PostgresKeys from "@sluice/ledger/PostgresKeys"
import * as SqliteKeys from "@sluice/ledger/SqliteKeys"
import type { Layer } from "effect"
import { type Config, isInMemory } from "./Config.ts"

/** The store; undefined where the ledger keeps nothing outside the server's memory. */
export const layer = ({ ledger: { url } }: Config): Layer.Layer<KeyStore, LedgerStartError> | undefined => {
  if (url._tag === "Postgres") return PostgresKeys.layer({ url: url.url })
  return isInMemory(url) ? undefined : SqliteKeys.layer({ filename: url.filename })
}
