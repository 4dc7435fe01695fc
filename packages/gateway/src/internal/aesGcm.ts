/**
 * Encryption of what is kept outside the process: AES-256-GCM under keys that are derived from one secret by HKDF, one for each
 * purpose. What is sealed is bound to a text that says what it is of, and opens for no other.
 */
import * as Option from "effect/Option"
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"

const ivLength = 12
const tagLength = 16

/** A key of 32 bytes for one purpose. The secret may have any length; the caller sees to it that it cannot be guessed. */
export const derive = (secret: Uint8Array, purpose: string): Uint8Array => new Uint8Array(hkdfSync("sha256", secret, "", purpose, 32))

/** Encrypts, with an IV by chance: IV, what was encrypted, and the tag. */
export const encrypt = (key: Uint8Array, boundTo: string, plain: Uint8Array): Buffer => {
  const iv = randomBytes(ivLength)
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: tagLength }).setAAD(Buffer.from(boundTo))
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Decrypts; none where the key is another one, it was bound to another text, or it was changed. */
export const decrypt: (key: Uint8Array, boundTo: string, bytes: Uint8Array) => Option.Option<Uint8Array> = Option.liftThrowable(
  (key: Uint8Array, boundTo: string, bytes: Uint8Array): Uint8Array => {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivLength), { authTagLength: tagLength })
    decipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(-tagLength))
    return Buffer.concat([decipher.update(bytes.subarray(ivLength, -tagLength)), decipher.final()])
  }
)
