/**
 * What a store of credentials gets instead of secrets: AES-256-GCM, bound to provider, id and version, so that no record opens in the
 * place of another. The text names the key it was made with, so that a wrong key is told from a changed record, and a key can be
 * replaced: the first of several seals, all of them open.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { createHash } from "node:crypto"
import { decrypt, derive, encrypt } from "../internal/aesGcm.ts"
import type { Place } from "./CredentialStore.ts"

/** Where a text is kept. */
export interface SealedPlace extends Place {
  readonly version: number
}

/** Seals and opens. */
export interface CredentialSeal {
  /** Names the key that seals; says nothing of it. */
  readonly keyId: string
  readonly close: (place: SealedPlace, plain: string) => string
  /** The text, or why it cannot be read, in words for an operator. */
  readonly open: (place: SealedPlace, sealed: string) => Result.Result<string, string>
}

/** How sealed texts are written; a change of it is a new number. */
const format = "1"

interface Key {
  readonly id: string
  readonly bytes: Uint8Array
}

const keyOf = (secret: Redacted.Redacted<string>): Key => {
  const given = Buffer.from(Redacted.value(secret))
  const name = createHash("sha256").update(derive(given, "sluice credentials key id")).digest("hex").slice(0, 12)
  return { id: name, bytes: derive(given, "sluice credentials encryption") }
}

const boundTo = (keyId: string, { id, provider, version }: SealedPlace): string => JSON.stringify(["sluice credential", format, keyId, provider, id, version])

/** A seal from secrets that cannot be guessed; `former` ones open what was sealed before the secret was replaced. */
export const make = (secret: Redacted.Redacted<string>, former: ReadonlyArray<Redacted.Redacted<string>> = []): CredentialSeal => {
  const current = keyOf(secret)
  const keys = new Map([current, ...former.map(keyOf)].toReversed().map((key) => [key.id, key]))
  return {
    keyId: current.id,
    close: (place, plain) => `${format}.${current.id}.${encrypt(current.bytes, boundTo(current.id, place), Buffer.from(plain)).toString("base64url")}`,
    open: (place, sealed) => {
      const [written, keyId = "", bytes = "", ...rest] = sealed.split(".")
      if (written !== format || rest.length > 0) return Result.fail("its record is not in a form that this version writes")
      const key = keys.get(keyId)
      if (key === undefined) {
        return Result.fail(
          `its record was sealed with the key ${keyId.slice(0, 12)}, and this gateway has ${[...keys.keys()].join(", ")}: give it the secret it was sealed with`
        )
      }
      return Option.match(decrypt(key.bytes, boundTo(keyId, place), Buffer.from(bytes, "base64url")), {
        onNone: () => Result.fail("its record was changed, or belongs to another credential: log in again"),
        onSome: (plain) => Result.succeed(Buffer.from(plain).toString())
      })
    }
  }
}
