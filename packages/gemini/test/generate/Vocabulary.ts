/** What only Gemini says, for the laws: code that was run, provider's tools, grounding, safety settings. */
import type { Vocabulary } from "../../../testing/src/Arbitraries.ts"
import { dialect } from "../../src/generate/Dialect.ts"

const { id } = dialect
const code = { executableCode: { language: "PYTHON", code: "print(1)" } }
const ran = { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1\n" } }

/** The dialect's own values. */
export const vocabulary: Vocabulary = {
  dialect: id,
  seals: true,
  parts: [
    { type: "foreign", dialect: id, name: "executableCode", value: code },
    { type: "foreign", dialect: id, name: "codeExecutionResult", value: ran }
  ],
  turns: [{ role: "foreign", parts: [{ type: "foreign", dialect: id, name: "critic", value: { role: "critic", parts: [{ text: "1" }] } }] }],
  tools: [
    { type: "provider", dialect: id, name: "googleSearch", value: { googleSearch: {} } },
    { type: "provider", dialect: id, name: "codeExecution", value: { codeExecution: {} } }
  ],
  toolChoices: [{ type: "provider", dialect: id, value: { mode: "VALIDATED" } }],
  blocks: [
    { kind: "foreign", native: { dialect: id, name: "executableCode", value: code } },
    { kind: "foreign", native: { dialect: id, name: "codeExecutionResult", value: ran } }
  ],
  events: [],
  annotations: [
    { kind: "grounding", dialect: id, name: "groundingMetadata", value: { webSearchQueries: ["x"] } },
    { kind: "safety", dialect: id, name: "safetyRatings", value: [{ category: "HARM_CATEGORY_HARASSMENT", probability: "NEGLIGIBLE" }] }
  ],
  fields: [
    { safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }] },
    { cachedContent: "cachedContents/1" },
    { audioOutput: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } } }
  ]
}
