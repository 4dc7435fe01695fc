/** What a person reads when the server has started: where it is, what it serves, and lines to copy into a client. */
import { type Config } from "../Config.ts"

const quoted = (url: string, model: string): ReadonlyArray<string> => [
  `  curl ${url}/v1/chat/completions -H "content-type: application/json" \\`,
  `    -d '{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
  `  OpenAI SDK      new OpenAI({ baseURL: "${url}/v1", apiKey: "KEY" })`,
  `  Anthropic SDK   new Anthropic({ baseURL: "${url}", apiKey: "KEY" })`,
  `  Claude Code     ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=KEY ANTHROPIC_MODEL=${model} claude`
]

/** The text; `url` has no slash at its end. */
export const greeting = (config: Config, url: string): string => {
  const model = config.models.find(({ id }) => !id.includes("*"))?.id ?? "gpt-4o"
  return [
    `Sluice is listening on ${url}`,
    `Providers: ${config.providers.map(({ dialect, id, simulator }) => `${id} (${dialect}${simulator ? ", simulated" : ""})`).join(", ")}`,
    `Models:    ${config.models.map(({ id }) => id).join(", ")}`,
    `Keys:      ${config.auth.mode === "open" ? "none asked (this machine only); any text serves as KEY" : config.keys.map(({ id }) => id).join(", ")}`,
    "",
    "Try it:",
    ...quoted(url, model)
  ].join("\n")
}
