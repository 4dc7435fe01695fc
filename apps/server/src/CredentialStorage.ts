/** Where logins at providers are kept, and with what they are sealed, as the configuration says. */
import * as CredentialSeal from "@sluice/gateway/credentials/CredentialSeal"
import type { CredentialStore } from "@sluice/gateway/credentials/CredentialStore"
import * as CredentialStoreFiles from "@sluice/gateway/credentials/CredentialStoreFiles"
import * as CredentialStoreMemory from "@sluice/gateway/credentials/CredentialStoreMemory"
import type { LedgerStartError } from "@sluice/ledger/LedgerStartError"
import * as PostgresCredentials from "@sluice/ledger/PostgresCredentials"
import * as SqliteCredentials from "@sluice/ledger/SqliteCredentials"
import { Effect, type Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { type Config, isInMemory } from "./Config.ts"
import * as KeySecret from "./KeySecret.ts"

/** Whether logins are forgotten when the process ends. */
export const isForgetful = ({ credentials, ledger: { url } }: Config): boolean => credentials.store === "ledger" && isInMemory(url)

/** The store. */
export const layer = (config: Config): Layer.Layer<CredentialStore, LedgerStartError> => {
  const { credentials: { folder, store }, ledger: { url } } = config
  if (store === "files") return CredentialStoreFiles.layer(folder)
  if (url._tag === "Postgres") return PostgresCredentials.layer({ url: url.url })
  return isInMemory(url) ? CredentialStoreMemory.layer : SqliteCredentials.layer({ filename: url.filename })
}

const secretOf = (config: Config): Effect.Effect<Redacted.Redacted<string>, KeySecret.KeySecretError> => {
  const { secret } = config.credentials
  if (secret !== undefined) return Effect.succeed(secret)
  return isForgetful(config) ? Effect.sync(() => Redacted.make(randomBytes(32).toString("base64url"))) : KeySecret.ensure(config)
}

/** The seal, made when it is needed first: a server without logins needs no secret. */
export const seal = (config: Config): Effect.Effect<CredentialSeal.CredentialSeal, { readonly message: string }> => {
  let made: CredentialSeal.CredentialSeal | undefined
  return Effect.suspend(() =>
    made !== undefined
      ? Effect.succeed(made)
      : Effect.map(secretOf(config), (secret) => made = CredentialSeal.make(secret, config.credentials.formerSecrets))
  )
}
