/**
 * A key in a variable of the environment, read through Effect's `ConfigProvider` when the gateway starts and when the provider refuses
 * it. A variable that is missing or empty leaves its credential unusable and the others as they are.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { forGood } from "./CredentialError.ts"
import * as CredentialProvider from "./CredentialProvider.ts"
import { key } from "./Material.ts"

/** The source of the key in a variable. */
export const make = (name: string): CredentialProvider.CredentialProvider =>
  CredentialProvider.make({
    source: "environment",
    kind: "key",
    load: Config.Redacted(name).pipe(
      Effect.mapError(() => forGood("not_set", `The variable ${name} is not set.`)),
      Effect.flatMap((secret) =>
        Redacted.value(secret).trim() === "" ? Effect.fail(forGood("not_set", `The variable ${name} is empty.`)) : Effect.succeed(key(secret))
      )
    )
  })
