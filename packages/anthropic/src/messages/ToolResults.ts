/**
 * Blocks of type `tool_result` and the canonical part. Their content is text or blocks; a name, where another dialect repeats
 * it, is dropped without a loss when a call of the conversation says it.
 */
import type { ToolResultPart } from "@sluice/protocol/CanonicalPart"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { cacheField } from "./Cache.ts"
import * as Content from "./Content.ts"
import { type Crossing, fitId, isOwn, originOf, type Place } from "./Crossing.ts"
import * as Wire from "./Wire.ts"

type ToolResultBlock = typeof Wire.ToolResultBlock.Type

const isToolResult = Schema.is(Wire.ToolResultBlock)
const structural: ReadonlySet<string> = new Set(["type"])

/** The codec of tool results, over the codec of the parts inside them. */
export const make = (codec: Content.PartCodec) => {
  const table: Fields.Fields<ToolResultPart, ToolResultBlock, Crossing> = [
    Fields.plain<ToolResultPart, ToolResultBlock, Crossing>()("id", "tool_use_id", (value) => value, fitId),
    {
      of: ["parts"],
      keys: ["content"],
      get: ({ content }, at) => ({ parts: Content.decode(content, Pointer.child(at, "content"), codec) }),
      put: ({ parts }, { content }, place) => {
        // New results of plain text are written as text, as Anthropic's own examples do.
        const before = content === undefined || content === null ? "" : Wire.asJson(content)
        const written = Content.encode(parts, before, place, codec)
        return { content: written === "" || (Array.isArray(written) && written.length === 0) ? undefined : written }
      }
    },
    Fields.plain<ToolResultPart, ToolResultBlock, Crossing>()("isError", "is_error", (value) => value, (value) => value),
    cacheField()
  ]

  return {
    /** A result in canonical words. */
    decode: (wire: ToolResultBlock, at: string): ToolResultPart => ({
      type: "tool-result",
      kind: "function",
      id: wire.tool_use_id,
      parts: [],
      ...Fields.get(table, wire, at),
      ...present({ wire: { dialect: Wire.id, value: Wire.asJson(wire) }, at, foreign: Fields.foreignKeys(table, wire, structural) })
    }),
    /** A result as a block. */
    encode: (part: ToolResultPart, place: Place): JsonObject => {
      const origin = originOf(isToolResult, part)
      if (part.kind === "custom") Fields.lose(place, part, "kind", { reason: "approximated", weight: "hint", before: part.kind, after: "function" })
      if (part.name !== undefined && place.context.calls.get(part.id) !== part.name) {
        Fields.lose(place, part, "name", { reason: "dropped", weight: "hint", before: part.name })
      }
      Fields.loseRest(table, part, new Set(["type", "kind", "name"]), place, () => "hint", isOwn(part))
      const block = Fields.put(table, part, origin, place)
      return origin === undefined ? { type: "tool_result", ...block } : block
    }
  }
}
