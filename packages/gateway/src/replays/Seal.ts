/**
 * What a store of replays gets instead of keys, prompts and answers: keyed hashes of the first two, the third encrypted with
 * AES-256-GCM and bound to the key it answers. All from one secret, so that stores can be shared by who shares it.
 */
import type * as Option from "effect/Option"
import { createHmac, randomBytes } from "node:crypto"
import { decrypt, derive, encrypt } from "../internal/aesGcm.ts"

/** Hashes and encrypts for one store. */
export interface Seal {
  /** The keyed hash of parts; no two lists of parts give the same text before hashing. */
  readonly name: (parts: ReadonlyArray<string>) => string
  /** Encrypts; the result can only be opened for the same scope. */
  readonly close: (scope: string, plain: Uint8Array) => string
  /** Decrypts; none where it was closed with another secret or for another scope, or was damaged. */
  readonly open: (scope: string, sealed: string) => Option.Option<Uint8Array>
}

const derived = (secret: Uint8Array, purpose: string): Uint8Array => derive(secret, `sluice replays ${purpose}`)

/** A seal from a secret of any length; the caller sees to it that it cannot be guessed. */
export const make = (secret: Uint8Array): Seal => {
  const encryption = derived(secret, "encryption")
  const naming = derived(secret, "names")
  return {
    name: (parts) => {
      const hash = createHmac("sha256", naming)
      for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
      return hash.digest("base64url")
    },
    close: (scope, plain) => encrypt(encryption, scope, plain).toString("base64"),
    open: (scope, sealed) => decrypt(encryption, scope, Buffer.from(sealed, "base64"))
  }
}

/** A seal of a secret nobody knows: what it closed is lost with the process. */
export const unshared = (): Seal => make(randomBytes(32))
