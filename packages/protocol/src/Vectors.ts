/**
 * Vectors as OpenAI's `encoding_format: base64` writes them: 32-bit floats in little-endian order. Numbers that came as text of
 * more digits than a 32-bit float holds are rounded to one.
 */
import * as Base64 from "effect/encoding/Base64"

const bytesPerNumber = 4

/** Numbers as base64. */
export const toBase64 = (values: ReadonlyArray<number>): string => {
  const bytes = new Uint8Array(values.length * bytesPerNumber)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) view.setFloat32(index * bytesPerNumber, value, true)
  return Base64.encode(bytes)
}
