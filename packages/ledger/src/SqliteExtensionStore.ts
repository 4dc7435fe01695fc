/**
 * The storage of extensions in the file of a SQLite ledger, beside whoever else has it open. Each question blocks the event loop for as
 * long as one row by its index takes; what is asked for every request is better kept in memory.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import type { ExtensionStore } from "@sluice/gateway/ExtensionStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { resolve } from "node:path"
import { describeCause } from "./internal/describeCause.ts"
import { LedgerStartError } from "./LedgerStartError.ts"
import * as SqlExtensionStore from "./SqlExtensionStore.ts"
import * as Start from "./sqlite/Start.ts"

/** Milliseconds to wait for another process that writes. */
const busyTimeout = 5000

/** Opens the file, which is made with its tables where it is missing. */
export const layer = ({ filename }: { readonly filename: string }): Layer.Layer<ExtensionStore, LedgerStartError> => {
  const file = resolve(filename)
  const startError = (reason: string) => new LedgerStartError({ filename: file, reason })
  return SqlExtensionStore.layer.pipe(
    Layer.provide(SqliteClient.layer({ filename: file, busyTimeout })),
    // The client opens the file with an exception where it cannot
    Layer.catchCause((cause) => Layer.effectContext(Effect.fail(startError(describeCause(cause))))),
    Layer.provide(Layer.effectDiscard(Effect.mapError(Start.migrate(file, busyTimeout), startError)))
  )
}
