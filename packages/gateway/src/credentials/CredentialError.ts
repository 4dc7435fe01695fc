/**
 * Why a credential cannot be had, in two levels: it may work later, or it is over and somebody has to log in again. Messages are made
 * of our own words and of codes, never of what an identity provider wrote, which may repeat a secret.
 */
import * as Schema from "effect/Schema"

/** It may work later: a network, a server that is busy, a store that does not answer. */
export class Temporary extends Schema.TaggedError<Temporary>()("Temporary", {
  message: Schema.String,
  /** How long the provider asked to wait, in milliseconds. */
  retryAfterMs: Schema.optionalKey(Schema.Int)
}) {}

/** It will not work again without a person: the grant is gone, the client is not known, the file is none. */
export class ForGood extends Schema.TaggedError<ForGood>()("ForGood", {
  message: Schema.String,
  /** The code of OAuth (`invalid_grant`), or ours. */
  code: Schema.String
}) {}

/** A credential cannot be had. */
export class CredentialError extends Schema.TaggedError<CredentialError>()("CredentialError", { reason: Schema.Union([Temporary, ForGood]) }) {
  override get message(): string {
    return this.reason.message
  }

  /** Whether trying again may help. */
  get isTemporary(): boolean {
    return this.reason._tag === "Temporary"
  }
}

/** It may work later. */
export const temporary = (message: string, retryAfterMs?: number): CredentialError =>
  new CredentialError({ reason: new Temporary({ message, ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }) }) })

/** It is over. */
export const forGood = (code: string, message: string): CredentialError => new CredentialError({ reason: new ForGood({ code, message }) })
