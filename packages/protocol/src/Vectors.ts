/**
 * Vectors between their two written forms: numbers, and base64 of 32-bit floats in little-endian order, as OpenAI's
 * `encoding_format: base64` has them. Numbers that came as text of more digits than a 32-bit float holds are rounded to one.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"

const bytesPerNumber = 4

/** Numbers as base64. */
export const toBase64 = (values: ReadonlyArray<number>): string => {
  const bytes = new Uint8Array(values.length * bytesPerNumber)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) view.setFloat32(index * bytesPerNumber, value, true)
  return Base64.encode(bytes)
}

/** Base64 as numbers; `undefined` where it is not base64 of whole 32-bit floats. */
export const fromBase64 = (text: string): ReadonlyArray<number> | undefined => {
  const decoded = Base64.decode(text)
  if (Result.isFailure(decoded) || decoded.success.length % bytesPerNumber !== 0) return undefined
  const bytes = decoded.success
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / bytesPerNumber }, (_, index) => view.getFloat32(index * bytesPerNumber, true))
}
