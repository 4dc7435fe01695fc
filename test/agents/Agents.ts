/**
 * The coding agents under test: their packages and versions, and for each the ways it is used that send different requests.
 * A way is told by the model's name, because agents choose their tools and options by it.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The protocols an agent can speak and a provider can be asked in. */
export const dialects = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"] as const

/** One of them. */
export type DialectName = (typeof dialects)[number]

/** What an agent is started with. */
export interface Setting {
  /** The gateway's URL, without a slash at its end. */
  readonly url: string
  readonly key: string
  readonly model: string
  /** An empty HOME. */
  readonly home: string
  readonly prompt: string
}

/** How an agent is started. */
export interface Command {
  readonly args: ReadonlyArray<string>
  readonly env: { readonly [name: string]: string }
}

/** A way to use an agent. `start` may write files into the home. */
export interface Way {
  /** What the model's name begins with, and what tells this way from the others. */
  readonly model: string
  readonly inbound: DialectName
  readonly start: (setting: Setting) => Command
}

/** An agent as npm has it. */
export interface Agent {
  readonly name: string
  readonly package: string
  readonly version: string
  /** The name of its executable. */
  readonly bin: string
  readonly ways: ReadonlyArray<Way>
}

const write = (home: string, path: string, text: string): void => {
  mkdirSync(join(home, path, ".."), { recursive: true })
  writeFileSync(join(home, path), text)
}

const claudeCode = ({ key, model, prompt, url }: Setting): Command => ({
  args: ["-p", prompt, "--model", model, "--output-format", "stream-json", "--verbose", "--allowedTools", "Write"],
  env: {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: key,
    ANTHROPIC_MODEL: model,
    ANTHROPIC_SMALL_FAST_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
    DISABLE_AUTOUPDATER: "1"
  }
})

const codex = (provider: (setting: Setting) => string) => (setting: Setting): Command => {
  write(setting.home, ".codex/config.toml", `model = "${setting.model}"\n${provider(setting)}\n[analytics]\nenabled = false\n[feedback]\nenabled = false\n`)
  return {
    args: ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--json", setting.prompt],
    env: { CODEX_HOME: join(setting.home, ".codex"), CODEX_API_KEY: setting.key, SLUICE_KEY: setting.key }
  }
}

/** The provider OpenAI itself is, at another place: it tries a WebSocket first. */
const builtInProvider = ({ url }: Setting): string => `openai_base_url = "${url}/v1"`

const ownProvider = ({ url }: Setting): string =>
  `model_provider = "sluice"\n[model_providers.sluice]\nname = "Sluice"\nbase_url = "${url}/v1"\nenv_key = "SLUICE_KEY"\nwire_api = "responses"`

const geminiCli = ({ home, key, model, prompt, url }: Setting): Command => {
  write(
    home,
    ".gemini/settings.json",
    JSON.stringify({
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false }
    })
  )
  return {
    args: ["-p", prompt, "-m", model, "--skip-trust", "--yolo", "--output-format", "stream-json"],
    env: { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key, GEMINI_CLI_NO_RELAUNCH: "true" }
  }
}

const opencode = (sdk: string, path: string) => ({ key, model, prompt, url }: Setting): Command => ({
  args: ["run", "--pure", "--auto", "-m", `sluice/${model}`, "--format", "json", prompt],
  env: {
    OPENCODE_CONFIG_CONTENT: JSON.stringify({
      provider: { sluice: { npm: sdk, name: "Sluice", options: { baseURL: url + path, apiKey: "{env:SLUICE_KEY}" }, models: { [model]: { name: model } } } }
    }),
    SLUICE_KEY: key,
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1"
  }
})

/** All agents; the first way of each is the one its users have most. */
export const agents: ReadonlyArray<Agent> = [
  {
    name: "claude-code",
    package: "@anthropic-ai/claude-code",
    version: "2.1.329",
    bin: "claude",
    ways: [
      // Adaptive thinking, instructions in mid-conversation, deferred tools
      { model: "claude-opus-4-8", inbound: "anthropic-messages", start: claudeCode },
      // Thinking with a budget
      { model: "claude-haiku-4-5", inbound: "anthropic-messages", start: claudeCode }
    ]
  },
  {
    name: "codex",
    package: "@openai/codex",
    version: "0.169.0",
    bin: "codex",
    ways: [
      // Patches are free text
      { model: "gpt-5.5", inbound: "openai-responses", start: codex(builtInProvider) },
      // All tools in an item of the input, in namespaces; one takes JavaScript
      { model: "gpt-6-sol", inbound: "openai-responses", start: codex(ownProvider) },
      // A name it does not know: functions only, some in a namespace
      { model: "some-model", inbound: "openai-responses", start: codex(ownProvider) }
    ]
  },
  {
    name: "gemini-cli",
    package: "@google/gemini-cli",
    version: "0.61.0",
    bin: "gemini",
    ways: [
      { model: "gemini-3-pro-preview", inbound: "gemini-generate", start: geminiCli },
      { model: "gemini-2.5-pro", inbound: "gemini-generate", start: geminiCli }
    ]
  },
  {
    name: "opencode",
    package: "opencode-ai",
    version: "1.18.33",
    bin: "opencode",
    ways: [
      { model: "gpt-4o", inbound: "openai-chat", start: opencode("@ai-sdk/openai-compatible", "/v1") },
      { model: "gpt-5", inbound: "openai-responses", start: opencode("@ai-sdk/openai", "/v1") },
      { model: "claude-sonnet-4-5", inbound: "anthropic-messages", start: opencode("@ai-sdk/anthropic", "/v1") },
      { model: "gemini-2.5-flash", inbound: "gemini-generate", start: opencode("@ai-sdk/google", "/v1beta") }
    ]
  }
]
