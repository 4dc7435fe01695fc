/**
 * What the byte lane asks of an event without decoding it: how much content a delta holds. Anthropic always reports usage, so
 * that nothing is asked for and nothing hidden.
 */
import type { WireEvent } from "@sluice/protocol/Sse"

/** The content of a delta, as escaped JSON text. Escaped quotes inside content cannot look like the key. */
const said = /"(?:text|thinking|partial_json)"\s*:\s*"((?:[^"\\]|\\.)*)"/

const isDelta = ({ data, name }: WireEvent): boolean =>
  name === "content_block_delta" || ((name === undefined || name === "message") && data.startsWith("{\"type\":\"content_block_delta\""))

/** Characters of content in a content_block_delta; `undefined` for every other event. */
export const deltaLength = (event: WireEvent): number | undefined => {
  if (!isDelta(event)) return undefined
  return said.exec(event.data)?.[1]?.length ?? 0
}
