/**
 * A sink of usage that posts the records to an address, signed as Standard Webhooks says (https://www.standardwebhooks.com): whoever
 * knows the secret can tell that a post is the gateway's, that it is new, and by its `webhook-id` whether it has come before.
 *
 * @example
 * UsageWebhook.layer({ id: "bill", url: new URL("https://billing.example/usage"), secret: Redacted.make("whsec_…") })
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash, createHmac } from "node:crypto"
import type { UsageSinks } from "../Registries.ts"
import * as UndiciClient from "../UndiciClient.ts"
import { UpstreamClient, type UpstreamRequest } from "../UpstreamClient.ts"
import * as UsageSink from "../UsageSink.ts"

/** Where records go. */
export interface Options {
  /** Names the sink for ever; see `UsageSink`. */
  readonly id: string
  readonly url: URL
  /** What posts are signed with: `whsec_` and the base64 of at least 24 bytes, or any other text as it is. */
  readonly secret: Redacted.Redacted
  /** Records in one post at most; absent = 100. */
  readonly pageSize?: number
  /** How the address is reached; see `UndiciClient`. */
  readonly client?: UndiciClient.Options
}

const connectTimeoutMs = 5_000

const keyOf = (secret: Redacted.Redacted): Buffer => {
  const text = Redacted.value(secret)
  return text.startsWith("whsec_") ? Buffer.from(text.slice("whsec_".length), "base64") : Buffer.from(text)
}

/** The post that carries these records. The same records make the same `webhook-id`, whenever they are posted. */
export const request = ({ secret, url }: Pick<Options, "secret" | "url">, records: ReadonlyArray<UsageSink.UsageRecord>, nowMs: number): UpstreamRequest => {
  const body = JSON.stringify({ type: "usage.settled", timestamp: new Date(nowMs).toISOString(), data: records })
  const id = `msg_${createHash("sha256").update(records.map((record) => record.id).join("\n")).digest("hex").slice(0, 32)}`
  const timestamp = String(Math.floor(nowMs / 1000))
  const signature = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64")
  return {
    method: "POST",
    url,
    headers: {
      "content-type": "application/json",
      "user-agent": "sluice",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`
    },
    body,
    connectTimeoutMs
  }
}

/** Statuses that say that these records, and not the address or its keeper, are what is wrong. */
const refusing = new Set([400, 413, 422])

/** What a status means; `undefined` where the records were taken. An address that is gone or locked may be put right, and nothing is lost until then. */
export const failure = (status: number): UsageSink.UsageSinkError | undefined =>
  status >= 200 && status < 300 ? undefined : new UsageSink.UsageSinkError({ reason: `it answered ${status}`, isTemporary: !refusing.has(status) })

const deliver = (client: UpstreamClient["Service"], options: Options) =>
  Effect.fnUntraced(function*(records: ReadonlyArray<UsageSink.UsageRecord>): Effect.fn.Return<void, UsageSink.UsageSinkError> {
    const { status } = yield* client.open(request(options, records, yield* Clock.currentTimeMillis)).pipe(
      Effect.mapError((error) => new UsageSink.UsageSinkError({ reason: error.failure.message, isTemporary: true })),
      Effect.scoped
    )
    const refused = failure(status)
    if (refused !== undefined) return yield* refused
  })

/** Posts to the address over a client of one's own. */
export const layerNoDeps = (options: Options): Layer.Layer<never, never, UsageSinks | UpstreamClient> =>
  Layer.unwrap(
    Effect.map(UpstreamClient, (client) =>
      UsageSink.layer({ id: options.id, deliver: deliver(client, options), ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }) }))
  )

/** Posts to the address, over undici. */
export const layer = (options: Options): Layer.Layer<never, never, UsageSinks> => layerNoDeps(options).pipe(Layer.provide(UndiciClient.layer(options.client)))
