/** A key that is told, as configurations hold it. It does not change while the gateway runs. */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as CredentialProvider from "./CredentialProvider.ts"
import { key } from "./Material.ts"

/** The source of one key. */
export const make = (secret: Redacted.Redacted<string>): CredentialProvider.CredentialProvider =>
  CredentialProvider.make({ source: "key", kind: "key", load: Effect.succeed(key(secret)) })
