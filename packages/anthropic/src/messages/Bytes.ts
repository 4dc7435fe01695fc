/**
 * What the byte lane asks of an event without decoding it: how much content a delta holds. Anthropic always reports usage, so
 * that nothing is asked for and nothing hidden.
 */
import { stringLength } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"

/** Where the content of a delta begins. Escaped quotes inside content cannot look like the key. */
const said = /"(?:text|thinking|partial_json)"\s*:\s*/

const isDelta = ({ data, name }: WireEvent): boolean =>
  name === "content_block_delta" || ((name === undefined || name === "message") && data.startsWith("{\"type\":\"content_block_delta\""))

/** Characters of content in a content_block_delta; `undefined` for every other event. */
export const deltaLength = (event: WireEvent): number | undefined => {
  if (!isDelta(event)) return undefined
  const key = said.exec(event.data)
  return key === null ? 0 : stringLength(event.data, key.index + key[0].length)
}

/** The end of a stream. */
export const terminal: ReadonlyArray<WireEvent> = [{ name: "message_stop", data: "{\"type\":\"message_stop\"}" }]
