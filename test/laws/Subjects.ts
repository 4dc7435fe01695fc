/** The installed dialects with what the laws must know of each: valid values that only that dialect has. */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as AnthropicMessages from "../../packages/anthropic/src/messages/Dialect.ts"
import * as GeminiGenerate from "../../packages/gemini/src/generate/Dialect.ts"
import { vocabulary as generate } from "../../packages/gemini/test/generate/Vocabulary.ts"
import * as OpenAiChat from "../../packages/openai/src/chat/Dialect.ts"
import * as OpenAiResponses from "../../packages/openai/src/responses/Dialect.ts"
import { vocabulary as responses } from "../../packages/openai/test/responses/Responses.ts"
import type { Vocabulary } from "../../packages/testing/src/Arbitraries.ts"

const none = { parts: [], turns: [], tools: [], toolChoices: [], blocks: [], events: [], annotations: [], fields: [] }

/** Chat completions: no signatures, spoken output, search by an option. */
const chat: Vocabulary = {
  ...none,
  dialect: OpenAiChat.dialect.id,
  seals: false,
  parts: [{ type: "foreign", dialect: OpenAiChat.dialect.id, name: "video_clip", value: { type: "video_clip", video_clip: { id: "v1" } } }],
  turns: [{
    role: "foreign",
    parts: [{ type: "foreign", dialect: OpenAiChat.dialect.id, name: "critic", value: { role: "critic", content: "1" } }]
  }],
  fields: [{ audioOutput: { voice: "alloy", format: "wav" } }, { webSearch: {} }, { store: true }]
}

const messagesId = AnthropicMessages.dialect.id
const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" }, caller: { type: "direct" } }
const found = { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [], caller: { type: "direct" } }

/** Messages: signed thinking, server tools, MCP servers, containers. */
const messages: Vocabulary = {
  ...none,
  dialect: messagesId,
  seals: true,
  parts: [
    { type: "foreign", dialect: messagesId, name: search.type, value: search },
    { type: "foreign", dialect: messagesId, name: found.type, value: found }
  ],
  tools: [{ type: "provider", dialect: messagesId, name: "web_search_20250305", value: { type: "web_search_20250305", name: "web_search", max_uses: 3 } }],
  blocks: [
    { kind: "server-tool", native: { dialect: messagesId, name: search.type, value: search } },
    { kind: "foreign", native: { dialect: messagesId, name: found.type, value: found } }
  ],
  fields: [
    { container: "container_1" },
    { mcpServers: [{ type: "url", url: "https://example.com/mcp", name: "m" }] },
    { headers: { "anthropic-beta": "a,b" } }
  ]
}

/** A dialect under test. */
export interface Subject {
  readonly dialect: Dialect
  readonly vocabulary: Vocabulary
}

export const subjects: ReadonlyArray<Subject> = [
  { dialect: OpenAiChat.dialect, vocabulary: chat },
  { dialect: AnthropicMessages.dialect, vocabulary: messages },
  { dialect: OpenAiResponses.dialect, vocabulary: responses },
  { dialect: GeminiGenerate.dialect, vocabulary: generate }
]
