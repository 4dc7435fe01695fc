/**
 * Fetches an issuer's key set over the gateway's way out: from where the configuration says, or from where the issuer's own
 * discovery document says. Everything is bounded, and nothing is followed to a less safe place than the issuer's.
 */
import { joined } from "@sluice/protocol/Chunks"
import * as Json from "@sluice/protocol/Json"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { JSONWebKeySet, JWK } from "jose"
import type { ByteSource } from "../ByteSource.ts"
import type { UpstreamClient } from "../UpstreamClient.ts"
import { KeySetUnavailable } from "./KeySet.ts"

/** Where the keys are. */
export interface Place {
  readonly issuer: string
  /** Absent = the issuer's discovery document says. */
  readonly jwksUrl?: string
  /** How long all of it may take. */
  readonly timeout: Duration.Duration
}

const maxBytes = 256 * 1024
const maxKeys = 100

const no = (reason: string): KeySetUnavailable => new KeySetUnavailable({ reason })

const textOf = (source: ByteSource, host: string): Effect.Effect<string, KeySetUnavailable> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  const more: Effect.Effect<string, KeySetUnavailable> = Effect.suspend(() => {
    for (const chunk of source.take()) {
      chunks.push(chunk)
      size += chunk.length
    }
    if (size > maxBytes) return no(`${host} sent more than ${maxBytes} bytes`)
    const ended = source.ended()
    if (ended === undefined) return Effect.flatMap(source.await, () => more)
    return ended._tag === "Eof" ? Effect.succeed(new TextDecoder().decode(joined(chunks))) : no(`${host} broke off: ${ended.message}`)
  })
  return more
}

const isKey = (value: unknown): value is JWK => isObject(value) && typeof value["kty"] === "string"

const urlOf = (text: unknown): Effect.Effect<URL, KeySetUnavailable> =>
  typeof text === "string" && URL.canParse(text) ? Effect.succeed(new URL(text)) : no("where they are is not said by a URL")

/** Fetches the keys once. */
export const load = (client: UpstreamClient["Service"], { issuer, jwksUrl, timeout }: Place): Effect.Effect<JSONWebKeySet, KeySetUnavailable> => {
  const get = Effect.fnUntraced(function*(url: URL): Effect.fn.Return<JsonObject, KeySetUnavailable, Scope.Scope> {
    const connectTimeoutMs = Duration.toMillis(timeout)
    const reply = yield* Effect.mapError(
      client.open({ method: "GET", url, headers: { host: url.host, accept: "application/json" }, connectTimeoutMs }),
      ({ failure }) => no(failure.message)
    )
    if (reply.status !== 200) return yield* no(`${url.host} answered ${reply.status}`)
    const body = Result.getOrUndefined(Json.parse(yield* textOf(reply.body, url.host)))
    return isObject(body) ? body : yield* no(`${url.host} answered with something that is no JSON object`)
  }, Effect.scoped)

  const discovered = Effect.gen(function*() {
    const from = yield* urlOf(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`)
    const document = yield* get(from)
    if (document["issuer"] !== issuer) return yield* no("the discovery document is that of another issuer")
    const url = yield* urlOf(document["jwks_uri"])
    return url.protocol === "https:" || url.protocol === from.protocol ? url : yield* no("the discovery document leads to a place without TLS")
  })

  return (jwksUrl === undefined ? discovered : urlOf(jwksUrl)).pipe(
    Effect.flatMap(get),
    Effect.flatMap(({ keys }): Effect.Effect<JSONWebKeySet, KeySetUnavailable> =>
      Array.isArray(keys) && keys.length <= maxKeys ? Effect.succeed({ keys: keys.filter(isKey) }) : no("what came is no key set")
    ),
    Effect.timeoutOrElse({ duration: timeout, orElse: () => no(`nothing came within ${Duration.format(timeout)}`) })
  )
}
