/**
 * Knows callers by the tokens of an identity provider (OpenID Connect, or any issuer of signed JSON Web Tokens with a key set).
 * A token of this issuer is judged here and nowhere else: signature by one of the issuer's current keys and an algorithm that is
 * allowed, audience, time. What is no token, or that of another issuer, is for the next scheme.
 *
 * @example
 * Authenticator.chain(Jwt.scheme({ issuer: "https://id.example.com", audience: "sluice", claims: { tenant: "org", roles: "groups" } }))
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { decodeJwt, errors, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose"
import type { Place } from "../ApiKeys.ts"
import * as Claims from "../authentication/Claims.ts"
import * as KeySet from "../authentication/KeySet.ts"
import * as KeySetSource from "../authentication/KeySetSource.ts"
import * as Refusal from "../authentication/Refusal.ts"
import * as Signature from "../authentication/Signature.ts"
import * as TokenMemory from "../authentication/TokenMemory.ts"
import * as Authenticator from "../Authenticator.ts"
import * as PrincipalMemory from "../internal/principalMemory.ts"
import type { Principal } from "../Principal.ts"
import * as SteadyTime from "../SteadyTime.ts"
import * as UndiciClient from "../UndiciClient.ts"
import { UpstreamClient } from "../UpstreamClient.ts"

export type { ClaimNames } from "../authentication/Claims.ts"

/** The algorithms a token may be signed with: those with a public and a private half. What is shared cannot prove an issuer. */
export const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const

/** A signature algorithm. */
export type Algorithm = typeof algorithms[number]

/** One issuer. */
export interface Options extends Place {
  /** What its tokens say in `iss`, to the letter. */
  readonly issuer: string
  /** What its tokens for this gateway say in `aud`: one of these. */
  readonly audience: string | ReadonlyArray<string>
  /** Where its keys are; absent = its discovery document says (`/.well-known/openid-configuration`). */
  readonly jwksUrl?: string
  /** Absent = RS256, PS256, ES256 and EdDSA. */
  readonly algorithms?: ReadonlyArray<Algorithm>
  /** How far its clock may be from ours. Default 30 seconds. */
  readonly clockTolerance?: Duration.Input
  /** Which claim says what of the caller. */
  readonly claims?: Claims.ClaimNames
  /** What stands before a principal's id, so that no two issuers can speak of the same one. Default: the scheme's id and a colon. */
  readonly prefix?: string
  /** How old its keys may become before they are asked for again. Default 10 minutes. */
  readonly keysFreshFor?: Duration.Input
  /** How long keys are used that cannot be renewed. Default 1 hour. */
  readonly keysKeptFor?: Duration.Input
  /** The least time between two askings for keys, also where tokens name keys that nobody knows. Default 30 seconds. */
  readonly keysCooldown?: Duration.Input
  /** How long asking for keys may take. Default 5 seconds. */
  readonly timeout?: Duration.Input
}

/** Principals and tokens that are remembered, at most. */
const remembered = 10_000

const maxTokenLength = 16_384

/** The issuer a secret names, where it is a token in the compact form; nothing of it was verified. */
const issuerOf = (secret: string): string | undefined => {
  if (secret.length > maxTokenLength || secret.split(".").length !== 3) return undefined
  // jose says by an exception that this is no token; it ends here
  try {
    return decodeJwt(secret).iss
  } catch {
    return undefined
  }
}

const refused = (code: string, message: string): GatewayError => fail({ class: "unauthenticated", message, code })

/** What the caller is told of a token that was looked at and does not hold. */
const refusalOf = (cause: unknown): GatewayError => {
  if (cause instanceof errors.JWTExpired) return refused("expired_token", "The token has expired.")
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return refused("invalid_token", `The token does not hold: its claim "${cause.claim}" is not what it must be.`)
  }
  if (cause instanceof errors.JOSEAlgNotAllowed) return refused("invalid_token", "The token is signed with an algorithm that is not allowed here.")
  return refused("invalid_token", "The token is not one that its issuer has signed.")
}

const hostOf = (issuer: string): string => URL.canParse(issuer) ? new URL(issuer).host : issuer

/** Knows the callers of an issuer, over an upstream client of one's own. */
export const schemeNoDeps = (options: Options): Layer.Layer<never, never, Authenticator.Schemes | UpstreamClient> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const client = yield* UpstreamClient
    const clock = yield* Clock.Clock
    const { audience, claims = {}, clockTolerance = "30 seconds", issuer, jwksUrl, keysCooldown = "30 seconds", keysFreshFor = "10 minutes" } = options
    const id = options.id ?? hostOf(issuer)
    const prefix = options.prefix ?? `${id}:`
    const place = { issuer, timeout: Duration.fromInputUnsafe(options.timeout ?? "5 seconds"), ...(jwksUrl === undefined ? {} : { jwksUrl }) }
    const keySet = yield* KeySet.make(
      KeySetSource.load(client, place),
      {
        freshMs: Duration.toMillis(keysFreshFor),
        keptMs: Duration.toMillis(options.keysKeptFor ?? "1 hour"),
        cooldownMs: Duration.toMillis(keysCooldown)
      },
      () => SteadyTime.now(clock)
    )
    const same = PrincipalMemory.make(remembered)
    const memory = TokenMemory.make<JWTVerifyGetKey>(remembered)
    const tolerance = Duration.toSeconds(clockTolerance)
    const rules: JWTVerifyOptions = {
      issuer,
      audience: typeof audience === "string" ? audience : [...audience],
      algorithms: [...options.algorithms ?? ["RS256", "PS256", "ES256", "EdDSA"]],
      clockTolerance: tolerance,
      // A token that never ends is a key nobody can take away
      requiredClaims: ["exp", "aud"]
    }

    const undecided = ({ reason }: KeySet.KeySetUnavailable) =>
      Effect.andThen(Effect.logError("A token could not be judged; its caller was refused", reason, { scheme: id }), Refusal.undecided)

    const judged = Effect.fnUntraced(function*(token: string): Effect.fn.Return<Principal, GatewayError> {
      const now = clock.currentTimeMillisUnsafe()
      const options = { ...rules, currentDate: new Date(now) }
      let keys = yield* Effect.catch(keySet.keys, undecided)
      const before = memory.get(token, keys, now)
      if (before !== undefined) return before
      let verified = yield* Signature.verify(token, keys, options)
      if (Signature.isUnknownKey(verified)) {
        const renewed = yield* keySet.renewed
        if (Option.isSome(renewed)) {
          keys = renewed.value
          verified = yield* Signature.verify(token, keys, options)
        }
      }
      if (Result.isFailure(verified)) return yield* refusalOf(verified.failure)
      const found = Claims.principal(verified.success, claims, prefix)
      if (Result.isFailure(found)) return yield* refused("invalid_token", `The token says nothing that could be understood in its claim "${found.failure}".`)
      const principal = same(found.success)
      memory.set(token, keys, principal, ((verified.success.exp ?? 0) + tolerance) * 1000)
      return principal
    })

    const authenticate: Authenticator.Scheme["authenticate"] = ({ secret }) =>
      secret === undefined || issuerOf(secret) !== issuer ? Effect.succeedNone : Effect.asSome(judged(secret))
    const { exclusive, priority } = options
    yield* Authenticator.Schemes.use((schemes) => schemes.register(Json.present({ id, priority, exclusive, authenticate })))
  }))

/** How an issuer is reached for its keys: through a proxy, with certificates of its own, in a private network. */
export type Connection = Pick<UndiciClient.Options, "egress" | "proxy" | "tls">

const client = UndiciClient.layer()

/** Knows the callers of an issuer, as a scheme of a chain. */
export const scheme = ({ connection, ...options }: Options & { readonly connection?: Connection }): Layer.Layer<never, never, Authenticator.Schemes> =>
  schemeNoDeps(options).pipe(Layer.provide(connection === undefined ? client : UndiciClient.layer(connection)))
