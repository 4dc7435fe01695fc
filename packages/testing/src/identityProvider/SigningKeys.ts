/**
 * The keys an identity provider signs tokens with, and their public halves as a JSON Web Key Set. Keys can be rotated: the new one
 * signs from then on, and the old ones stay in the set until they are dropped. Written on Node's own cryptography, so that no library
 * for tokens can agree with itself.
 */
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto"

/** The algorithms a token may say it is signed with; `none` and `HS256` are for attacks. */
export type Algorithm = "ES256" | "RS256" | "HS256" | "none"

/** One pair of keys. */
export interface SigningKey {
  readonly id: string
  readonly algorithm: "ES256" | "RS256"
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A key set, as `/jwks` answers it. */
export interface KeySet {
  readonly keys: ReadonlyArray<{ readonly [name: string]: unknown }>
}

/** Makes a pair of keys. RSA takes a tenth of a second. */
export const generate = (algorithm: "ES256" | "RS256"): SigningKey => {
  const pair = algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 })
  return { id: randomUUID(), algorithm, ...pair }
}

/** The public halves. */
export const keySet = (keys: ReadonlyArray<SigningKey>): KeySet => ({
  keys: keys.map(({ algorithm, id, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid: id, alg: algorithm, use: "sig" }))
})

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A signed token in the compact form. The header may be told anything, also what is not true. */
export const token = (key: SigningKey, claims: { readonly [name: string]: unknown }, header: { readonly [name: string]: unknown } = {}): string => {
  const told: { readonly [name: string]: unknown } = { alg: key.algorithm, kid: key.id, typ: "JWT", ...header }
  const signed = `${part(told)}.${part(claims)}`
  switch (told["alg"]) {
    case "none":
      return `${signed}.`
    // The attack on verifiers that take a public key for a shared secret
    case "HS256":
      return `${signed}.${createHmac("sha256", key.publicKey.export({ format: "pem", type: "spki" })).update(signed).digest("base64url")}`
    default:
      return `${signed}.${sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`
  }
}
