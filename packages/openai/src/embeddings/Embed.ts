/** Embeddings as OpenAI's service and compatible providers speak them: part of both dialects of the service. */
import type { EmbedTexts } from "@sluice/protocol/CanonicalEmbedding"
import * as Request from "./Request.ts"
import * as Response from "./Response.ts"
import { id } from "./Wire.ts"

/** OpenAI's embeddings. */
export const embed: EmbedTexts = {
  id,
  request: { decode: Request.decode, check: Request.refusal, encode: Request.encode },
  response: { decode: Response.decode, encode: Response.encode }
}
