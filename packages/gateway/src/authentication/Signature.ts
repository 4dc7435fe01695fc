/**
 * Whether a token holds: signed by one of the keys, and with claims that fit. A token that does not say which of several keys has
 * signed it is tried with a few of them. What is wrong with it is a value.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { type CryptoKey, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose"

/** The claims of a token that holds; else what jose says is wrong with it. */
export type Verified = Result.Result<JWTPayload, unknown>

/** Keys that a token which names none is tried with, at most. */
const maxTried = 8

const held = ({ payload }: { readonly payload: JWTPayload }): Verified => Result.succeed(payload)
const wrong = (error: unknown): Verified => Result.fail(error)

const byKey = (token: string, key: CryptoKey, options: JWTVerifyOptions): Effect.Effect<Verified> =>
  Effect.promise(() => jwtVerify(token, key, options).then(held, wrong))

/** Whatever else is wrong with a token, it was signed with the key. */
const isSigned = (verified: Verified): boolean => Result.isSuccess(verified) || !(verified.failure instanceof errors.JWSSignatureVerificationFailed)

const withEach = (token: string, candidates: errors.JWKSMultipleMatchingKeys, options: JWTVerifyOptions): Effect.Effect<Verified> =>
  Stream.fromAsyncIterable(candidates, wrong).pipe(
    Stream.take(maxTried),
    Stream.mapEffect((key) => byKey(token, key, options)),
    Stream.filter(isSigned),
    Stream.runHead,
    Effect.map(Option.getOrElse(() => wrong(candidates))),
    Effect.catch((verified) => Effect.succeed(verified))
  )

/** Judges a token by the keys of its issuer. */
export const verify = (token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Effect.Effect<Verified> =>
  Effect.flatMap(
    Effect.promise(() => jwtVerify(token, keys, options).then(held, wrong)),
    (verified) =>
      Result.isFailure(verified) && verified.failure instanceof errors.JWKSMultipleMatchingKeys
        ? withEach(token, verified.failure, options)
        : Effect.succeed(verified)
  )

/** The token names a key that is not among those. */
export const isUnknownKey = (verified: Verified): boolean => Result.isFailure(verified) && verified.failure instanceof errors.JWKSNoMatchingKey
