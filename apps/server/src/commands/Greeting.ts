/** What a person reads when the server has started: where it is, what it serves, and lines to copy into a client. */
import { type Config } from "../Config.ts"

/** A name that is sure to be served: the first that is written out, else one that fits the first glob, the widest before others. */
const exampleModel = (models: Config["models"]): string => {
  const ids = models.map(({ id }) => id)
  return ids.find((id) => !id.includes("*")) ?? (ids.includes("*") ? "gpt-4o" : ids[0]?.replace("*", "gpt-4o") ?? "gpt-4o")
}

const clientLines = (url: string, model: string, key: string | undefined): ReadonlyArray<string> => [
  `  curl ${url}/v1/chat/completions -H "content-type: application/json"${key === undefined ? "" : ` -H "authorization: Bearer ${key}"`} \\`,
  `    -d '${JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] })}'`,
  `  OpenAI SDK      new OpenAI({ baseURL: "${url}/v1", apiKey: "${key ?? "any"}" })`,
  `  Anthropic SDK   new Anthropic({ baseURL: "${url}", apiKey: "${key ?? "any"}" })`,
  `  Claude Code     ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=${key ?? "any"} ANTHROPIC_MODEL=${model} claude`,
  `  Codex           model_provider with base_url = "${url}/v1" and wire_api = "responses"`,
  `  Gemini CLI      GOOGLE_GEMINI_BASE_URL=${url} GEMINI_API_KEY=${key ?? "any"} gemini -m ${model}`
]

const keysLine = ({ auth, keys }: Config): string => {
  if (auth.mode === "open") return "none asked (this machine only)"
  if (auth.mode === "jwt") return `none taken: tokens of ${auth.jwt.map(({ issuer }) => issuer).join(", ")}`
  return keys.length === 0 ? "none in the file: those made with `sluice keys create`, or add some under keys" : keys.map(({ id }) => id).join(", ")
}

/** An address that listens on all interfaces is reached from here by the loopback one. */
const reachable = (host: string): string => host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host

const urlOf = (host: string, port: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}`

/** Tells the operator's token where it was made for this run; one that is configured is not told. */
export const tokenLine = ({ admin, auth }: Config, madeToken: string): string => {
  const where = auth.mode === "open" ? "writing under /admin takes" : admin.enabled ? "/admin, /docs and /metrics take" : "/metrics takes"
  return `Admin:     ${where} the token ${madeToken} (for this run; set auth.adminToken to keep one)`
}

/** The text; `port` is the one listened on. `madeToken` is the operator's token where it was made for this run, told once. */
export const greeting = (config: Config, port: number, madeToken: string | undefined): string => {
  const { host } = config.server
  return [
    `Sluice is listening on ${urlOf(host, port)}`,
    `Providers: ${config.providers.map(({ dialect, id, simulator }) => `${id} (${dialect}${simulator ? ", simulated" : ""})`).join(", ")}`,
    `Models:    ${config.models.map(({ id }) => id).join(", ")}`,
    `Keys:      ${keysLine(config)}`,
    ...(madeToken === undefined ? [] : [tokenLine(config, madeToken)]),
    "",
    "Try it:",
    ...clientLines(urlOf(reachable(host), port), exampleModel(config.models), config.auth.mode === "open" ? undefined : "KEY")
  ].join("\n")
}
