/** ledger */
export {}
