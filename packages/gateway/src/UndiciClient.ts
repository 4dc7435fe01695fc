/**
 * The upstream client on undici's dispatch API: HTTP/1.1 with pooled connections, one request per connection at a time, no
 * redirects and no retries of its own. Cancelling closes the connection at once, which is why HTTP/2 is not negotiated.
 * Timeouts after the connection are the pipeline's (Timeouts.ts), so undici's own are off.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Agent, type Dispatcher, ProxyAgent } from "undici"
import * as Egress from "./Egress.ts"
import { UpstreamCall } from "./internal/upstreamCall.ts"
import { UpstreamClient, type UpstreamReply, type UpstreamRequest } from "./UpstreamClient.ts"

/** What secures connections, as texts of PEM files. */
export interface Tls {
  /** Certificates that are trusted in place of the system's. */
  readonly ca?: string
  /** The certificate the gateway shows, and its key. */
  readonly cert?: string
  readonly key?: Redacted.Redacted
}

/** Settings of the client; all have defaults. */
export interface Options {
  /** What names may lead to. Default: not into private networks, but for `localhost`. */
  readonly egress?: Egress.Policy
  /** The URL of an HTTP proxy all connections go through, with its user and password where it wants some. It looks the names up, so that `egress` is its business. */
  readonly proxy?: Redacted.Redacted
  readonly tls?: Tls
  /** Most connections to one origin among requests with the same connect timeout; requests beyond wait, within that timeout. Default: no limit. */
  readonly connectionsPerOrigin?: number
  /** How long an unused connection is kept, in milliseconds, unless the server asks for less. Default 30 s. */
  readonly keepAliveMs?: number
  /** Bytes that wait for the taker before the connection is no longer read. Default 256 KiB. */
  readonly highWaterBytes?: number
  /** Most bytes a compressed body may decode to. Default 64 MiB. */
  readonly maxDecodedBytes?: number
  /** Most bytes of a reply's head. Default 16 KiB. */
  readonly maxHeaderBytes?: number
}

/** The client; its connections are closed with the layer. */
export const layer = (options: Options = {}): Layer.Layer<UpstreamClient> =>
  Layer.effect(
    UpstreamClient,
    Effect.gen(function*() {
      const limits = { highWaterBytes: options.highWaterBytes ?? 262_144, maxDecodedBytes: options.maxDecodedBytes ?? 67_108_864 }
      const agents = new Map<number, Dispatcher>()
      // An agent knows one connect timeout. There are as many as the configuration has different ones.
      const agentFor = (connectTimeoutMs: number): Dispatcher => {
        const existing = agents.get(connectTimeoutMs)
        if (existing !== undefined) return existing
        const agent = makeAgent(options, connectTimeoutMs)
        agents.set(connectTimeoutMs, agent)
        return agent
      }
      yield* Effect.addFinalizer(() => Effect.promise(() => Promise.all(Array.from(agents.values(), (agent) => agent.destroy()))))

      return UpstreamClient.of({
        open: Effect.fnUntraced(function*(request: UpstreamRequest) {
          const { protocol } = request.url
          if (protocol !== "https:" && protocol !== "http:") {
            return yield* fail({ class: "defect", message: `A provider's baseUrl must begin with https:// or http://, not ${protocol}//` })
          }
          const call = new UpstreamCall(request.url.host, limits)
          const cancel = Effect.sync(() => call.cancel())
          // Before the request is sent, so that no moment exists in which nobody would close it
          yield* Scope.addFinalizer(yield* Effect.scope, cancel)
          return yield* Effect.callback<UpstreamReply, GatewayError>((resume) => {
            call.start(agentFor(request.connectTimeoutMs), request, resume)
            return cancel
          })
        })
      })
    })
  )

// internal

const makeAgent = (options: Options, connectTimeoutMs: number): Dispatcher => {
  const { egress = {}, keepAliveMs = 30_000, maxHeaderBytes = 16_384, proxy, tls } = options
  const secured = {
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: Redacted.value(tls.key) })
  }
  const common = {
    allowH2: false,
    pipelining: 1,
    connections: options.connectionsPerOrigin ?? null,
    // Frees sockets whose request has long given up; the request itself has a timer of its own (upstreamCall.ts)
    connectTimeout: connectTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: 0,
    bodyTimeout: 0
  }
  return proxy === undefined
    ? new Agent({ ...common, connect: { ...secured, timeout: connectTimeoutMs, lookup: Egress.lookup(egress) } })
    : new ProxyAgent({ ...common, uri: Redacted.value(proxy), requestTls: secured })
}
