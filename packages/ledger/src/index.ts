/** The durable ledger of exchanges. */
export * as LedgerStartError from "./LedgerStartError.ts"
export * as PostgresKeys from "./PostgresKeys.ts"
export * as PostgresLedger from "./PostgresLedger.ts"
export * as PostgresReplays from "./PostgresReplays.ts"
export * as PriceBook from "./PriceBook.ts"
export * as SqliteKeys from "./SqliteKeys.ts"
export * as SqliteLedger from "./SqliteLedger.ts"
export * as SqliteReplays from "./SqliteReplays.ts"
