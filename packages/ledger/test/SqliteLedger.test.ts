import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { Effect } from "effect"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import { ledgerContract } from "./contract.ts"
import { temporaryFile } from "./exchanges.ts"

ledgerContract("in memory", Effect.succeed(LedgerMemory.layer))
ledgerContract("on SQLite, strict", Effect.map(temporaryFile, (filename) => SqliteLedger.layer({ filename })))
ledgerContract("on SQLite, relaxed", Effect.map(temporaryFile, (filename) => SqliteLedger.layer({ filename, durability: "relaxed" })))
