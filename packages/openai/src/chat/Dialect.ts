/**
 * The dialect `openai-chat`: Chat Completions as OpenAI specifies them and as compatible providers speak them, assembled from the
 * codecs of this folder.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Machine from "@sluice/protocol/Machine"
import { embed } from "../embeddings/Embed.ts"
import { embeddingsEndpoint, inBody, modelEndpoints, service } from "../internal/openAiService.ts"
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

export { id }

/** Chat Completions. */
export const dialect: Dialect = {
  id,
  ...service,
  endpoints: [
    { operation: "generate", method: "POST", path: "/v1/chat/completions", upstream: "/chat/completions", ...inBody },
    embeddingsEndpoint,
    ...modelEndpoints
  ],
  request: { decode: Request.decode, encode: Request.encode, check: Request.refusal },
  thinking: { effort: Reasoning.effortIn, isShown: true },
  response: { decode: Response.decode, encode: Response.encode },
  events: {
    decoder: Machine.of({ initial: EventDecoder.initial, step: EventDecoder.step, end: EventDecoder.end }),
    encoder: Machine.of({ initial: EventEncoder.initial, step: EventEncoder.step, end: EventEncoder.end })
  },
  errors: { decode: Errors.decode, encode: Errors.encode },
  count,
  embed,
  models: { list: Models.list, one: Models.one, read: Models.read },
  bytes: { deltaLength: Bytes.deltaLength, askUsage: Bytes.askUsage, hideUsage: Bytes.hideUsage, terminal: Bytes.terminal }
}
