/**
 * The dialect `anthropic-messages` as a value: Anthropic's Messages API, and the providers that speak it.
 */
import type * as Protocol from "@sluice/protocol/Dialect"
import * as Machine from "@sluice/protocol/Machine"
import * as Bytes from "./Bytes.ts"
import { count } from "./Count.ts"
import * as Errors from "./Errors.ts"
import * as EventDecoder from "./EventDecoder.ts"
import * as EventEncoder from "./EventEncoder.ts"
import * as Limits from "./Limits.ts"
import * as Models from "./Models.ts"
import * as Proofs from "./Proofs.ts"
import * as Reasoning from "./Reasoning.ts"
import * as Request from "./Request.ts"
import * as Response from "./Response.ts"
import { id } from "./Wire.ts"

export { id } from "./Wire.ts"

const told = { model: { in: "body", key: "model" }, stream: { in: "body", key: "stream" } } as const
/** Told like any request, but never streamed. */
const counted = { model: told.model, stream: { in: "path", is: false } } as const
const listed = { model: { in: "path" }, stream: { in: "path" } } as const

/** Anthropic's Messages API. */
export const dialect: Protocol.Dialect = {
  id,
  baseUrl: "https://api.anthropic.com",
  framing: "sse",
  endpoints: [
    { operation: "generate", method: "POST", path: "/v1/messages", upstream: "/v1/messages", ...told },
    { operation: "count", method: "POST", path: "/v1/messages/count_tokens", upstream: "/v1/messages/count_tokens", ...counted },
    { operation: "models", method: "GET", path: "/v1/models", upstream: "/v1/models", ...listed },
    { operation: "models", method: "GET", path: "/v1/models/{model}", upstream: "/v1/models/{model}", ...listed }
  ],
  credential: {
    header: "x-api-key",
    prefix: "",
    accepts: [{ header: "x-api-key", prefix: "" }, { header: "authorization", prefix: "Bearer " }]
  },
  headers: {
    forwarded: ["anthropic-version", "anthropic-beta"],
    fixed: { "anthropic-version": "2023-06-01" },
    reply: ["request-id", "anthropic-ratelimit-*", "retry-after"],
    requestId: "request-id",
    limits: Limits.headers
  },
  request: { decode: Request.decode, encode: Request.encode, check: Request.refusal },
  thinking: { effort: Reasoning.effortIn, isUnproven: Proofs.isUnproven, proven: Proofs.proven },
  response: { decode: Response.decode, encode: Response.encode },
  events: {
    decoder: Machine.of({ initial: EventDecoder.initial, step: EventDecoder.step, end: EventDecoder.end }),
    encoder: Machine.of({ initial: EventEncoder.initial, step: EventEncoder.step, end: EventEncoder.end })
  },
  errors: { decode: Errors.decode, encode: Errors.encode },
  count,
  models: Models,
  bytes: { deltaLength: Bytes.deltaLength, askUsage: undefined, hideUsage: undefined, terminal: Bytes.terminal }
}
