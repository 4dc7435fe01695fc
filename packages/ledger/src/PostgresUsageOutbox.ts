/** How far sinks of usage have got, in the database of a PostgreSQL ledger, for every gateway that shares it. */
import { Ledger } from "@sluice/gateway/Ledger"
import type { UsageOutbox } from "@sluice/gateway/UsageOutbox"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as PgClient from "./postgres/PgClient.ts"
import * as SqlUsageOutbox from "./SqlUsageOutbox.ts"

/** The outbox beside an open ledger. */
export const layer = ({ url }: { readonly url: Redacted.Redacted<string> }): Layer.Layer<UsageOutbox, never, Ledger> =>
  SqlUsageOutbox.layer.pipe(
    Layer.provide(PgClient.layer({ url: Redacted.value(url), readonly: false, connections: 1 })),
    Layer.orDie,
    // Built first: a database without its tables is no outbox
    Layer.provide(Layer.effectDiscard(Ledger))
  )
