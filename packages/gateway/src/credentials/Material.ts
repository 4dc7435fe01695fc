/**
 * What lets a gateway in at a provider: a key, or the tokens of a login. Secrets are redacted here and plain in one place only, the text
 * that is sealed before it is stored. It knows no file, no provider and no clock.
 */
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

const secret = Schema.RedactedFromValue(Schema.NonEmptyString)

/** A key that somebody was given. */
const Key = Schema.TaggedStruct("Key", { key: secret })

/** The tokens of a login. Times are milliseconds since the epoch. */
const OAuth = Schema.TaggedStruct("OAuth", {
  accessToken: secret,
  /** Absent = it cannot be refreshed, only logged in again. */
  refreshToken: Schema.optionalKey(secret),
  /** Absent = nobody said when the access token ends. */
  expiresAt: Schema.optionalKey(Schema.Int),
  /** When the access token was given. */
  issuedAt: Schema.optionalKey(Schema.Int),
  scope: Schema.optionalKey(Schema.String),
  /** Whose login it is, in words for people. Nothing is decided by it. */
  account: Schema.optionalKey(Schema.String)
})

/** A key or the tokens of a login. */
export const Material = Schema.Union([Key, OAuth])

/** The type of `Material`. */
export type Material = typeof Material.Type

/** The tokens of a login. */
export type OAuthMaterial = Extract<Material, { readonly _tag: "OAuth" }>

/** A key as material. */
export const key = (text: Redacted.Redacted<string>): Material => ({ _tag: "Key", key: text })

/** Whether a text can be sent as a secret at all: in a header, it is printable letters of ASCII. */
export const isSendable = (text: string): boolean => /^[\x20-\x7e]+$/.test(text)

/** The last moment that is a date, in milliseconds since the epoch: what lies beyond it is told as it. */
export const lastMoment = 8.64e15

/** What is sent with a request. */
export const secretOf = (material: Material): Redacted.Redacted<string> => material._tag === "Key" ? material.key : material.accessToken

const Stored = Schema.fromJsonString(Schema.Struct({
  material: Material,
  /** The configured credential whose settings it has; absent = none. */
  like: Schema.optionalKey(Schema.String)
}))

/** Material as it is stored, with the id of the configured credential whose settings it has. */
export type Stored = typeof Stored.Type

const decode = Schema.decodeOption(Stored)

/** The text that is sealed. It holds the secrets: it goes nowhere else. */
export const toText: (stored: Stored) => string = Schema.encodeSync(Stored)

/** What such a text says; none where it is no such text. */
export const fromText = (text: string): Option.Option<Stored> => decode(text)
