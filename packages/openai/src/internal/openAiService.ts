/**
 * What all protocols of OpenAI's service have in common: where it lives, how credentials travel, which headers pass, where a
 * body tells model and stream. Used by the dialects of this package only.
 */
import type { Dialect, Endpoint, LimitFacts } from "@sluice/protocol/Dialect"

const inPath = { model: { in: "path" }, stream: { in: "path" } } as const

/** Model and stream are keys of the body. */
export const inBody = { model: { in: "body", key: "model" }, stream: { in: "body", key: "stream" } } as const

/** The model is a key of the body; there is nothing to stream. */
export const wholeInBody = { model: inBody.model, stream: { in: "path", is: false } } as const

/** Texts to vectors. */
export const embeddingsEndpoint: Endpoint = { operation: "embed", method: "POST", path: "/v1/embeddings", upstream: "/embeddings", ...wholeInBody }

/** The model lists. */
export const modelEndpoints: ReadonlyArray<Endpoint> = [
  { operation: "models", method: "GET", path: "/v1/models", upstream: "/models", ...inPath },
  { operation: "models", method: "GET", path: "/v1/models/{model}", upstream: "/models/{model}", ...inPath }
]

/** A length of time as the service writes it: `120ms`, `6.5s`, `1m30s`. */
const span = (ms: number): string => {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`
  const tenths = Math.ceil(ms / 100)
  if (tenths < 600) return `${tenths / 10}s`
  const seconds = Math.ceil(tenths / 10)
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

/** What is left of the caller's limits. */
const limits = ({ requests, tokens }: LimitFacts): { readonly [name: string]: string } => ({
  ...(requests === undefined ? {} : {
    "x-ratelimit-limit-requests": String(requests.limit),
    "x-ratelimit-remaining-requests": String(requests.remaining),
    "x-ratelimit-reset-requests": span(requests.resetMs)
  }),
  ...(tokens === undefined ? {} : {
    "x-ratelimit-limit-tokens": String(tokens.limit),
    "x-ratelimit-remaining-tokens": String(tokens.remaining),
    "x-ratelimit-reset-tokens": span(tokens.resetMs)
  })
})

/** Address, credential and headers. */
export const service: Pick<Dialect, "baseUrl" | "framing" | "credential" | "headers"> = {
  baseUrl: "https://api.openai.com/v1",
  framing: "sse",
  credential: { header: "authorization", prefix: "Bearer ", accepts: [{ header: "authorization", prefix: "Bearer " }] },
  headers: {
    // Organisation and project headers would let a client choose who pays: they belong to the credential.
    forwarded: ["openai-beta"],
    fixed: {},
    reply: ["x-request-id", "openai-processing-ms", "openai-version", "x-ratelimit-*", "retry-after", "retry-after-ms"],
    limits
  }
}
