/**
 * Records of usage as signed HTTP requests, and what a reply to one means. Pure but for {@link sink}, which puts both together: how the
 * request travels is its caller's business, and how often it is tried is that of the outbox that feeds the sink.
 *
 * The signature is `sha256=` and the HMAC-SHA-256 of `<timestamp>.<body>` in hexadecimal digits; whoever receives it computes the same,
 * compares in constant time, and refuses timestamps that are minutes old.
 *
 * @example
 * UsageSink.layer(UsageWebhook.sink({ id: "bill", url: "https://bill.example/usage", secret }, send))
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHmac, timingSafeEqual } from "node:crypto"
import { type UsageRecord, type UsageSink, UsageSinkError } from "../UsageSink.ts"

/** Where records go. */
export interface Options {
  /** Names the sink for ever; see {@link UsageSink}. */
  readonly id: string
  readonly url: string
  /** What requests are signed with. */
  readonly secret: Redacted.Redacted<string>
  /** Further headers. */
  readonly headers?: { readonly [name: string]: string }
}

/** A request as it is to be sent. */
export interface WebhookRequest {
  readonly method: "POST"
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** What the receiver answered. */
export interface WebhookReply {
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
}

/** What an answer means. `later`: the same again, after as many milliseconds as the receiver asks for. `never`: it will not take it. */
export type Verdict = { readonly _tag: "Delivered" } | { readonly _tag: "Later"; readonly afterMs?: number } | { readonly _tag: "Never" }

/** The signature of a body at a time, in seconds since the epoch. */
export const sign = (secret: Redacted.Redacted<string>, timestamp: number, body: string): string =>
  `sha256=${createHmac("sha256", Redacted.value(secret)).update(`${timestamp}.${body}`).digest("hex")}`

/** Whether a signature is that of a body: for receivers, and for tests of them. */
export const isSignedBy = (secret: Redacted.Redacted<string>, timestamp: number, body: string, signature: string): boolean => {
  const wanted = Buffer.from(sign(secret, timestamp, body))
  const given = Buffer.from(signature)
  return wanted.length === given.length && timingSafeEqual(wanted, given)
}

/** Records as one request. `now` is in milliseconds since the epoch. The key is the same for the same records, whenever they are sent. */
export const toRequest = ({ headers, id, secret, url }: Options, records: ReadonlyArray<UsageRecord>, now: number): WebhookRequest => {
  const body = JSON.stringify({ schema: 1, sink: id, records })
  const timestamp = Math.floor(now / 1000)
  return {
    method: "POST",
    url,
    headers: {
      ...headers,
      "content-type": "application/json",
      "idempotency-key": createHmac("sha256", id).update(records.map((record) => record.id).join(",")).digest("base64url"),
      "x-sluice-timestamp": String(timestamp),
      "x-sluice-signature": sign(secret, timestamp, body)
    },
    body
  }
}

/** Statuses that say that another time may be better. */
const passing: ReadonlySet<number> = new Set([408, 409, 421, 423, 425, 429])

/** Longer waits are not taken from a receiver, in milliseconds. */
const longestWaitMs = 60 * 60 * 1000

/** `retry-after` as seconds or as a date. */
const waitOf = (value: string | undefined, now: number): number | undefined => {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), longestWaitMs) : undefined
}

/** What a reply means: 2xx took it; what the receiver may get over is tried again; everything else, redirects too, is refused for good. */
export const verdictOf = ({ headers, status }: WebhookReply, now: number): Verdict => {
  if (status >= 200 && status < 300) return { _tag: "Delivered" }
  if (status < 500 && !passing.has(status)) return { _tag: "Never" }
  const afterMs = waitOf(headers["retry-after"], now)
  return afterMs === undefined ? { _tag: "Later" } : { _tag: "Later", afterMs }
}

/** A sink over a way to send: what cannot be sent at all is tried again later. */
export const sink = (
  options: Options,
  send: (request: WebhookRequest) => Effect.Effect<WebhookReply, { readonly message: string }>
): UsageSink => ({
  id: options.id,
  deliver: (records) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      send(toRequest(options, records, now)).pipe(
        Effect.mapError(({ message }) => new UsageSinkError({ reason: message, isTemporary: true })),
        Effect.flatMap((reply) => {
          const verdict = verdictOf(reply, now)
          return verdict._tag === "Delivered"
            ? Effect.void
            : Effect.fail(new UsageSinkError({ reason: `the webhook answered ${reply.status}`, isTemporary: verdict._tag === "Later" }))
        })
      ))
})
