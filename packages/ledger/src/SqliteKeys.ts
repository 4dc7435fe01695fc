/**
 * The store of keys in the file of a SQLite ledger, beside whoever else has it open. Reads block the event loop for as long as one row
 * by its index takes.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import type { KeyStore } from "@sluice/gateway/KeyStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { resolve } from "node:path"
import { describeCause } from "./internal/describeCause.ts"
import { LedgerStartError } from "./LedgerStartError.ts"
import * as Start from "./sqlite/Start.ts"
import * as SqlKeys from "./SqlKeys.ts"

/** Milliseconds to wait for another process that writes. */
const busyTimeout = 5000

/** Opens the file, which is made with its tables where it is missing. */
export const layer = ({ filename }: { readonly filename: string }): Layer.Layer<KeyStore, LedgerStartError> => {
  const file = resolve(filename)
  const startError = (reason: string) => new LedgerStartError({ filename: file, reason })
  return SqlKeys.layer.pipe(
    Layer.provide(SqliteClient.layer({ filename: file, busyTimeout })),
    // The client opens the file with an exception where it cannot
    Layer.catchCause((cause) => Layer.effectContext(Effect.fail(startError(describeCause(cause))))),
    Layer.provide(Layer.effectDiscard(Effect.mapError(Start.migrate(file, busyTimeout), startError)))
  )
}
