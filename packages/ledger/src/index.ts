/** The durable ledger of exchanges. */
export * as LedgerStartError from "./LedgerStartError.ts"
export * as SqliteLedger from "./SqliteLedger.ts"
