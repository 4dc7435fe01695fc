/**
 * The store of credentials in the file of a SQLite ledger, beside whoever else has it open. What it asks blocks the event loop for as
 * long as one row by its index takes; a refresh asks three times.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import type { CredentialStore } from "@sluice/gateway/credentials/CredentialStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { resolve } from "node:path"
import { describeCause } from "./internal/describeCause.ts"
import { LedgerStartError } from "./LedgerStartError.ts"
import * as SqlCredentials from "./SqlCredentials.ts"
import * as Start from "./sqlite/Start.ts"

/** Milliseconds that a migration waits for another process that writes; a server does it before it serves. */
const busyTimeout = 5000

/** Milliseconds that a statement waits for another process, on the event loop; then it is tried again beside everything else. */
const statementTimeout = 10

/** Opens the file, which is made with its tables where it is missing. */
export const layer = ({ filename }: { readonly filename: string }): Layer.Layer<CredentialStore, LedgerStartError> => {
  const file = resolve(filename)
  const startError = (reason: string) => new LedgerStartError({ filename: file, reason })
  return SqlCredentials.layer.pipe(
    Layer.provide(SqliteClient.layer({ filename: file, busyTimeout: statementTimeout })),
    // The client opens the file with an exception where it cannot
    Layer.catchCause((cause) => Layer.effectContext(Effect.fail(startError(describeCause(cause))))),
    Layer.provide(Layer.effectDiscard(Effect.mapError(Start.migrate(file, busyTimeout), startError)))
  )
}
