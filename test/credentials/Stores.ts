/** The stores of credentials that can be had here. A place of one is empty and its test's own, and can be opened several times. */
import type { CredentialStore } from "@sluice/gateway/credentials/CredentialStore"
import * as CredentialStoreFiles from "@sluice/gateway/credentials/CredentialStoreFiles"
import * as CredentialStoreMemory from "@sluice/gateway/credentials/CredentialStoreMemory"
import * as PostgresCredentials from "@sluice/ledger/PostgresCredentials"
import * as SqliteCredentials from "@sluice/ledger/SqliteCredentials"
import { Effect, Layer, Redacted, type Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Postgres from "../../packages/ledger/test/postgres.ts"

/** Where a store keeps its records, as another process could be told it. */
export interface Place {
  readonly url: string
  readonly layer: Layer.Layer<CredentialStore>
}

/** A kind of store. */
export interface Kind {
  readonly name: string
  /** Why its tests are skipped; undefined where it is there. */
  readonly missing: string | undefined
  readonly place: Effect.Effect<Place, never, Scope.Scope>
}

/** A folder that is removed with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-credentials-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Opens a store by its address, as every process does for itself. */
export const open = (url: string): Layer.Layer<CredentialStore> => {
  if (url.startsWith("files:")) return CredentialStoreFiles.layer(url.slice("files:".length))
  if (url.startsWith("sqlite:")) return Layer.orDie(SqliteCredentials.layer({ filename: url.slice("sqlite:".length) }))
  return Layer.orDie(PostgresCredentials.layer({ url: Redacted.make(url) }))
}

const at = (url: string): Place => ({ url, layer: Layer.fresh(open(url)) })

/** Those that several processes can share. */
export const shared: ReadonlyArray<Kind> = [
  { name: "files", missing: undefined, place: Effect.map(folder, (path) => at(`files:${join(path, "store")}`)) },
  { name: "SQLite", missing: undefined, place: Effect.map(folder, (path) => at(`sqlite:${join(path, "ledger.db")}`)) },
  { name: "PostgreSQL", missing: Postgres.service.missing, place: Effect.suspend(() => Effect.map(Postgres.temporaryUrl, at)) }
]

const memory = Effect.map(Layer.build(CredentialStoreMemory.layer), (context): Place => ({ url: "memory", layer: Layer.succeedContext(context) }))

/** All of them. */
export const kinds: ReadonlyArray<Kind> = [{ name: "memory", missing: undefined, place: memory }, ...shared]
