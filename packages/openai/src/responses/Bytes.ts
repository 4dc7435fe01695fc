/**
 * What the byte lane needs to know of an event without decoding it. Responses always report their usage, in the terminal event.
 */
import { stringLength } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"

/** Events that only continue content. */
const deltas: ReadonlySet<string> = new Set([
  "response.output_text.delta",
  "response.refusal.delta",
  "response.reasoning_text.delta",
  "response.reasoning_summary_text.delta",
  "response.function_call_arguments.delta",
  "response.custom_tool_call_input.delta"
])

const typeKey = /"type"\s*:\s*"(response\.[a-z_.]+)"/
const deltaKey = /"delta"\s*:\s*(?=")/g

/** The length of an event that only continues content; `undefined` for all others. */
export const deltaLength = ({ name, data }: WireEvent): number | undefined => {
  const type = name ?? typeKey.exec(data)?.[1]
  if (type === undefined || !deltas.has(type)) return undefined
  deltaKey.lastIndex = 0
  return deltaKey.test(data) ? stringLength(data, deltaKey.lastIndex) : undefined
}

/** The finish of an answer is its terminal: nothing is missing behind it. */
export const terminal: ReadonlyArray<WireEvent> = []
