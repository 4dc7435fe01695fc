/** Embeddings as Google's Gemini API speaks them: part of the dialect `gemini-generate`. */
import type { EmbedTexts } from "@sluice/protocol/CanonicalEmbedding"
import * as Request from "./Request.ts"
import * as Response from "./Response.ts"
import { id } from "./Wire.ts"

/** Gemini's embeddings. */
export const embed: EmbedTexts = {
  id,
  request: { decode: Request.decode, check: Request.refusal, encode: Request.encode },
  response: { decode: Response.decode, encode: Response.encode }
}
