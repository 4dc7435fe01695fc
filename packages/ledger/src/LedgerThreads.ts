/**
 * A ledger over its two threads, whatever database they speak to: starts the writer and waits for its word, starts the reader with the
 * first query, and ends both with the scope, the writer once everything is stored.
 */
import type { Ledger } from "@sluice/gateway/Ledger"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as LedgerMetrics from "./LedgerMetrics.ts"
import * as LedgerService from "./LedgerService.ts"
import { LedgerStartError } from "./LedgerStartError.ts"
import * as Reader from "./Reader.ts"
import * as SpillFile from "./SpillFile.ts"
import * as Writer from "./Writer.ts"
import type { WriterId } from "./WriterId.ts"

/** How threads are started. */
export interface Start {
  readonly writer: (writer: WriterId) => Writer.StartThread
  readonly reader: Reader.StartThread
}

/** What a ledger is made of. */
export interface Parts {
  readonly id: WriterId
  /** Names the database in messages; no secret. */
  readonly place: string
  /** The beginning of the names of spill files. */
  readonly spill: string
  readonly durability: LedgerService.Durability
  readonly start: Start
}

/** What the operator wants of a ledger in either database. */
export interface Rules {
  /** When `open` succeeds. Default: `strict`. */
  readonly durability?: LedgerService.Durability
  /** What heads of the hash chain are signed with. Absent = they are not signed. */
  readonly signingKey?: Redacted.Redacted
  /** How long rows are kept after their exchange has ended. Absent = for ever. */
  readonly retention?: Duration.Duration
}

/** The rules as they cross to the writer thread. */
export const plain = ({ retention, signingKey }: Rules): { readonly signingKey?: string; readonly retention?: number } => ({
  ...(signingKey === undefined ? {} : { signingKey: Redacted.value(signingKey) }),
  ...(retention === undefined ? {} : { retention: Duration.toMillis(retention) })
})

/** Opens the ledger. Fails where the writer says that its database is of no use. */
export const open = Effect.fnUntraced(function*(parts: Parts): Effect.fn.Return<Ledger["Service"], LedgerStartError, Scope.Scope> {
  const writer = yield* openWriter(parts)
  const reader = yield* Effect.acquireRelease(
    Effect.sync(() => Reader.make(parts.start.reader)),
    (reader) => Effect.callback<void>((resume) => reader.close(() => resume(Effect.void)))
  )
  return LedgerService.make(writer, reader, parts.durability)
})

const openWriter = Effect.fnUntraced(function*({ id, place, spill: file, start }: Parts) {
  const started = yield* Deferred.make<Writer.StartResult>()
  const context = yield* Effect.context<never>()
  const runFork = Effect.runForkWith(context)
  const spill = yield* SpillFile.make(file, id)
  const writer = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Writer.make({
        start: start.writer(id),
        spill,
        onStart: (result) => void Deferred.doneUnsafe(started, Effect.succeed(result)),
        onTrouble: (message) => void runFork(Effect.logWarning(message)),
        onState: LedgerMetrics.reporter(context)
      })
    ),
    (writer) => Effect.callback<void>((resume) => writer.close(() => resume(Effect.void)))
  )
  const result = yield* Deferred.await(started)
  if (result._tag === "StartFailed") return yield* new LedgerStartError({ filename: place, reason: result.reason })
  if (result.replayed + result.quarantined + result.swept > 0) {
    yield* Effect.logInfo("the ledger recovered from an unclean end", { replayed: result.replayed, quarantined: result.quarantined, abandoned: result.swept })
  }
  return writer
})
