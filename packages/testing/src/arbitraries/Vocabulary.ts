/**
 * What only one dialect knows: its foreign parts, provider tools, native events. The generators mix these in so that a law can
 * be run with values that the dialect under test must keep, or with another's that it must report as losses.
 */
import type { NativeAnnotation } from "@sluice/protocol/CanonicalAnnotation"
import type { BlockStartEvent, ForeignEvent } from "@sluice/protocol/CanonicalEvent"
import type { ForeignPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, ProviderTool, ToolChoice, Turn } from "@sluice/protocol/CanonicalRequest"
import { DialectId } from "@sluice/protocol/Wire"

/** Valid samples of one dialect's own values; empty lists mean it has none. */
export interface Vocabulary {
  readonly dialect: DialectId
  /** Whether its parts carry signatures and ciphers (`by` is the dialect). */
  readonly seals: boolean
  readonly parts: ReadonlyArray<ForeignPart>
  readonly turns: ReadonlyArray<Turn>
  readonly tools: ReadonlyArray<ProviderTool>
  readonly toolChoices: ReadonlyArray<ToolChoice>
  /** What `foreign` and `server-tool` blocks of an answer open with. */
  readonly blocks: ReadonlyArray<Pick<BlockStartEvent, "kind" | "native">>
  readonly events: ReadonlyArray<ForeignEvent>
  readonly annotations: ReadonlyArray<NativeAnnotation>
  /** Request fields whose value is the dialect's own JSON. */
  readonly fields: ReadonlyArray<Partial<CanonicalRequest>>
}

const elsewhereId = DialectId.make("elsewhere")

/** A dialect nobody installed: everything of it is a loss everywhere. */
export const elsewhere: Vocabulary = {
  dialect: elsewhereId,
  seals: true,
  parts: [{ type: "foreign", dialect: elsewhereId, name: "memory", value: { type: "memory", key: "k" } }],
  turns: [{ role: "foreign", parts: [{ type: "foreign", dialect: elsewhereId, name: "item", value: { type: "item" } }] }],
  tools: [{ type: "provider", dialect: elsewhereId, name: "browse", value: { type: "browse" } }],
  toolChoices: [{ type: "provider", dialect: elsewhereId, value: { type: "browse" } }],
  blocks: [
    { kind: "foreign", native: { dialect: elsewhereId, name: "memory", value: { type: "memory", key: "k" } } },
    { kind: "server-tool", native: { dialect: elsewhereId, name: "browse", value: { type: "browse" } } }
  ],
  events: [{ type: "foreign", dialect: elsewhereId, name: "progress", value: { percent: 50 } }],
  annotations: [
    { kind: "grounding", dialect: elsewhereId, name: "grounding", value: { score: 1 } },
    { kind: "safety", dialect: elsewhereId, name: "ratings", value: [] },
    { kind: "other", dialect: elsewhereId, name: "note", value: "n" }
  ],
  fields: [
    { audioOutput: { voice: "alloy", format: "wav" } },
    { conversation: "conv_1" },
    { truncation: "auto" },
    { container: "c1" },
    { mcpServers: [{ type: "url", url: "https://example.com/mcp", name: "m" }] },
    { cachedContent: "cachedContents/1" },
    { safetySettings: [{ category: "HARM", threshold: "NONE" }] },
    { webSearch: {} },
    { previousResponse: "resp_1" },
    { background: true },
    { include: ["reasoning.encrypted_content"] },
    { headers: { "elsewhere-beta": "a,b" } }
  ]
}
