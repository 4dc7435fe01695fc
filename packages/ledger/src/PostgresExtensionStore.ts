/** The storage of extensions in the database of a PostgreSQL ledger, for every server of a fleet. */
import type { ExtensionStore } from "@sluice/gateway/ExtensionStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { describeCause } from "./internal/describeCause.ts"
import { LedgerStartError } from "./LedgerStartError.ts"
import * as DatabaseUrl from "./postgres/DatabaseUrl.ts"
import * as PgClient from "./postgres/PgClient.ts"
import * as Start from "./postgres/Start.ts"
import * as SqlExtensionStore from "./SqlExtensionStore.ts"

/** Connections at most. */
const connections = 4

/** Opens the database, whose tables are made where they are missing. */
export const layer = ({ url }: { readonly url: Redacted.Redacted<string> }): Layer.Layer<ExtensionStore, LedgerStartError> => {
  const where = Redacted.value(url)
  const startError = (reason: string) => new LedgerStartError({ filename: DatabaseUrl.place(where), reason })
  return SqlExtensionStore.layer.pipe(
    Layer.provide(PgClient.layer({ url: where, readonly: false, connections })),
    Layer.catchCause((cause) => Layer.effectContext(Effect.fail(startError(describeCause(cause))))),
    Layer.provide(Layer.effectDiscard(Effect.mapError(Start.migrate(where), startError)))
  )
}
