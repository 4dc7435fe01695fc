/**
 * The configuration of a server started without a file: it works at once, without any key, on this machine only.
 * OpenAI, Anthropic and Gemini join by themselves when the usual variable holds their key; everything else goes to the simulator.
 */
import type { Environment } from "./Substitute.ts"

/** The variables the defaults look at. */
export const defaultVariables = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "SLUICE_ADMIN_TOKEN"] as const

/** The default configuration in the form of a parsed file. */
export const defaultFile = (environment: Environment): unknown => {
  const vendors = [
    { key: environment["OPENAI_API_KEY"], id: "openai", dialect: "openai-chat", baseUrl: "https://api.openai.com/v1", globs: ["gpt-*", "o*"] },
    { key: environment["ANTHROPIC_API_KEY"], id: "anthropic", dialect: "anthropic-messages", baseUrl: "https://api.anthropic.com", globs: ["claude-*"] },
    { key: environment["GEMINI_API_KEY"], id: "gemini", dialect: "gemini-generate", baseUrl: "https://generativelanguage.googleapis.com", globs: ["gemini-*"] }
  ].filter(({ key }) => key !== undefined && key !== "")
  return {
    // Nobody balances load over a server on one's own machine: Ctrl-C should not wait for it
    server: { lameDuck: "0 seconds" },
    auth: { mode: "open", adminToken: environment["SLUICE_ADMIN_TOKEN"] ?? "" },
    providers: [
      ...vendors.map(({ key, id, dialect, baseUrl }) => ({ id, dialect, baseUrl, credentials: [{ id: "environment", apiKey: key }] })),
      { id: "sim", dialect: "openai-chat", simulator: true },
      { id: "sim-responses", dialect: "openai-responses", simulator: true },
      { id: "sim-anthropic", dialect: "anthropic-messages", simulator: true },
      { id: "sim-gemini", dialect: "gemini-generate", simulator: true }
    ],
    models: [
      // Prefixes go first: "o*" would match "openai/…" too
      ...["sim-responses", "sim-anthropic", "sim-gemini", ...vendors.map(({ id }) => id)].map((id) => ({
        id: `${id}/*`,
        targets: [{ provider: id, model: "*" }]
      })),
      ...vendors.flatMap(({ id, globs }) => globs.map((glob) => ({ id: glob, targets: [{ provider: id }] }))),
      { id: "*", targets: [{ provider: "sim" }] }
    ]
  }
}
