/** Judging the events of a stream one by one. */
import * as Json from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import type { Json as JsonValue } from "@sluice/protocol/Wire"
import { Result } from "effect"
import type { Judge } from "./Specification.ts"

/** Judges every event by the schema it says it has; the first complaint counts. */
export const streamed = (schemaOf: (event: JsonValue) => string, judge: Judge) => (events: ReadonlyArray<WireEvent>): string | undefined => {
  for (const { data } of events) {
    if (data === "[DONE]") continue
    const value = Result.getOrElse(Json.parse(data), () => data)
    const wrong = judge(schemaOf(value))(value)
    if (wrong !== undefined) return wrong
  }
  return undefined
}
