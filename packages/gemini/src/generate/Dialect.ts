/**
 * The dialect `gemini-generate`: Google's generateContent, as the Gemini API and Vertex AI speak it.
 */
import type * as Protocol from "@sluice/protocol/Dialect"
import * as Machine from "@sluice/protocol/Machine"
import { embed } from "../embeddings/Embed.ts"
import * as Bytes from "./Bytes.ts"
import { count } from "./Count.ts"
import * as Errors from "./Errors.ts"
import * as EventDecoder from "./EventDecoder.ts"
import * as EventEncoder from "./EventEncoder.ts"
import * as Models from "./Models.ts"
import * as Reasoning from "./Reasoning.ts"
import * as Request from "./Request.ts"
import * as Response from "./Response.ts"
import { id } from "./Wire.ts"

export { id } from "./Wire.ts"

const whole = { model: { in: "path" }, stream: { in: "path", is: false } } as const
const streamed = { model: { in: "path" }, stream: { in: "path", is: true } } as const

/** What is asked of a model at `path`, and where a provider is asked the same. */
const asking = (path: string, upstream = path): ReadonlyArray<Protocol.Endpoint> => [
  { operation: "generate", method: "POST", path: `${path}:generateContent`, upstream: `${upstream}:generateContent`, ...whole },
  // A provider is always asked for server-sent events; a client that does not ask for them gets one JSON array
  {
    operation: "generate",
    method: "POST",
    path: `${path}:streamGenerateContent`,
    query: { name: "alt", value: "sse" },
    upstream: `${upstream}:streamGenerateContent?alt=sse`,
    ...streamed
  },
  {
    operation: "generate",
    method: "POST",
    path: `${path}:streamGenerateContent`,
    framing: "json-array",
    upstream: `${upstream}:streamGenerateContent`,
    ...streamed
  },
  { operation: "count", method: "POST", path: `${path}:countTokens`, upstream: `${upstream}:countTokens`, ...whole },
  { operation: "embed", method: "POST", path: `${path}:embedContent`, upstream: `${upstream}:embedContent`, variant: "one", ...whole },
  { operation: "embed", method: "POST", path: `${path}:batchEmbedContents`, upstream: `${upstream}:batchEmbedContents`, variant: "many", ...whole }
]

/** The endpoints of one version of the API. */
const endpointsOf = (version: "v1beta" | "v1"): ReadonlyArray<Protocol.Endpoint> => {
  const models = `/${version}/models`
  const one = `${models}/{model}`
  return [
    ...asking(one),
    { operation: "models", method: "GET", path: models, upstream: models, ...whole },
    { operation: "models", method: "GET", path: one, upstream: one, ...whole }
  ]
}

/** A library takes a model's name with a slash in it for a path of its own, and leaves `models/` away. */
const unprefixed = asking("/v1beta/{model}", "/v1beta/models/{model}")

/** Google's generateContent. */
export const dialect: Protocol.Dialect = {
  id,
  baseUrl: "https://generativelanguage.googleapis.com",
  framing: "sse",
  endpoints: [...endpointsOf("v1beta"), ...endpointsOf("v1"), ...unprefixed],
  credential: {
    header: "x-goog-api-key",
    prefix: "",
    accepts: [{ header: "x-goog-api-key", prefix: "" }, { header: "authorization", prefix: "Bearer " }],
    query: "key"
  },
  headers: {
    forwarded: ["x-goog-api-client"],
    fixed: {},
    reply: ["x-gemini-service-tier", "retry-after"]
  },
  request: { decode: Request.decode, encode: Request.encode, check: Request.refusal },
  thinking: { effort: Reasoning.effortIn },
  response: { decode: Response.decode, encode: Response.encode },
  events: {
    decoder: Machine.of({ initial: EventDecoder.initial, step: EventDecoder.step, end: EventDecoder.end }),
    encoder: Machine.of({ initial: EventEncoder.initial, step: EventEncoder.step, end: EventEncoder.end })
  },
  errors: { decode: Errors.decode, encode: Errors.encode },
  count,
  embed,
  models: Models,
  bytes: { deltaLength: Bytes.deltaLength, askUsage: undefined, hideUsage: undefined, terminal: Bytes.terminal }
}
