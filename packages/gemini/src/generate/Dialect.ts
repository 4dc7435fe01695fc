/**
 * The dialect `gemini-generate`: Google's generateContent, as the Gemini API and Vertex AI speak it.
 */
import type * as Protocol from "@sluice/protocol/Dialect"
import * as Machine from "@sluice/protocol/Machine"
import * as Bytes from "./Bytes.ts"
import { count } from "./Count.ts"
import * as Errors from "./Errors.ts"
import * as EventDecoder from "./EventDecoder.ts"
import * as EventEncoder from "./EventEncoder.ts"
import * as Models from "./Models.ts"
import * as Request from "./Request.ts"
import * as Response from "./Response.ts"
import { id } from "./Wire.ts"

export { id } from "./Wire.ts"

const whole = { model: { in: "path" }, stream: { in: "path", is: false } } as const
const streamed = { model: { in: "path" }, stream: { in: "path", is: true } } as const

/** The endpoints of one version of the API. */
const endpointsOf = (version: "v1beta" | "v1"): ReadonlyArray<Protocol.Endpoint> => {
  const models = `/${version}/models`
  const one = `${models}/{model}`
  return [
    { operation: "generate", method: "POST", path: `${one}:generateContent`, upstream: `${one}:generateContent`, ...whole },
    // A provider is always asked for server-sent events; a client that does not ask for them gets one JSON array
    {
      operation: "generate",
      method: "POST",
      path: `${one}:streamGenerateContent`,
      query: { name: "alt", value: "sse" },
      upstream: `${one}:streamGenerateContent?alt=sse`,
      ...streamed
    },
    {
      operation: "generate",
      method: "POST",
      path: `${one}:streamGenerateContent`,
      framing: "json-array",
      upstream: `${one}:streamGenerateContent`,
      ...streamed
    },
    { operation: "count", method: "POST", path: `${one}:countTokens`, upstream: `${one}:countTokens`, ...whole },
    { operation: "models", method: "GET", path: models, upstream: models, ...whole },
    { operation: "models", method: "GET", path: one, upstream: one, ...whole }
  ]
}

/** Google's generateContent. */
export const dialect: Protocol.Dialect = {
  id,
  baseUrl: "https://generativelanguage.googleapis.com",
  framing: "sse",
  endpoints: [...endpointsOf("v1beta"), ...endpointsOf("v1")],
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
  response: { decode: Response.decode, encode: Response.encode },
  events: {
    decoder: Machine.of({ initial: EventDecoder.initial, step: EventDecoder.step, end: EventDecoder.end }),
    encoder: Machine.of({ initial: EventEncoder.initial, step: EventEncoder.step, end: EventEncoder.end })
  },
  errors: { decode: Errors.decode, encode: Errors.encode },
  count,
  models: { list: Models.list, one: Models.one, page: Models.page },
  bytes: { deltaLength: Bytes.deltaLength, askUsage: undefined, hideUsage: undefined, terminal: Bytes.terminal }
}
