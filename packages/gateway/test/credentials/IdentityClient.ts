/** The gateway's way out, led to a simulated identity provider in this process: no socket, so a test clock decides all times. */
import { fail } from "@sluice/protocol/GatewayError"
import { IdentityProvider } from "@sluice/testing/IdentityProvider"
import { Effect, Layer } from "effect"
import * as ByteSource from "../../src/ByteSource.ts"
import * as OAuth from "../../src/credentials/OAuth.ts"
import { UpstreamClient } from "../../src/UpstreamClient.ts"

const text = (body: Uint8Array | string | undefined): string => typeof body === "string" ? body : Buffer.from(body ?? "").toString()

/** The way out. What is lost fails as a connection that broke. */
export const layer: Layer.Layer<UpstreamClient, never, IdentityProvider> = Layer.effect(
  UpstreamClient,
  Effect.map(IdentityProvider, ({ handle }) =>
    UpstreamClient.of({
      open: ({ body, headers, method, url }) =>
        // A turn of the event loop, as a network takes: who asks meanwhile asks at the same time
        Effect.andThen(
          Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve))),
          Effect.suspend(() => {
            const reply = handle({ method, path: url.pathname, query: url.search.slice(1), headers, body: text(body) })
            if (reply.fate === "hang") return Effect.never
            if (reply.fate === "lost") return Effect.fail(fail({ class: "transient", message: "The connection was closed." }))
            return Effect.succeed({ status: reply.status, headers: reply.headers, body: ByteSource.fromChunks([Buffer.from(reply.body)]) })
          })
        )
    }))
)

/** A source of logins at the simulated provider. */
export const oauth = (options: Partial<OAuth.Options> = {}) =>
  Effect.flatMap(IdentityProvider, ({ clientId, endpoints }) =>
    OAuth.make({
      clientId,
      tokenUrl: endpoints.token,
      deviceUrl: endpoints.device,
      authorizeUrl: endpoints.authorization,
      redirectUrl: "http://127.0.0.1/callback",
      scopes: ["openid", "api"],
      ...options
    }))
