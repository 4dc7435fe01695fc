// The configuration file of the gateway under test: keys on, one provider in each dialect, both of them the benchmark's upstream.
// The server has no ledger that is off; the one in memory is the nearest to it.
// Written by hand as text, so that the benchmark exercises what a user would write and imports nothing of the server.
import { clientKey, modelPrefix } from "./Wire.ts"

/** The YAML text; `ledger` is the file of a strict SQLite ledger, undefined for the one in memory. */
export const sluiceConfig = (options: { readonly port: number; readonly upstream: number; readonly ledger: string | undefined }): string =>
  `server: { host: 127.0.0.1, port: ${options.port}, workers: 1 }
auth: { mode: keys }
ledger: ${options.ledger === undefined ? "{ url: \"sqlite::memory:\" }" : `{ url: "sqlite:${options.ledger}", durability: strict }`}
log: { level: warn, format: json }
providers:
  - { id: chat, dialect: openai-chat, baseUrl: "http://127.0.0.1:${options.upstream}/v1", credentials: [{ id: main, apiKey: bench-upstream-key }] }
  - { id: messages, dialect: anthropic-messages, baseUrl: "http://127.0.0.1:${options.upstream}", credentials: [{ id: main, apiKey: bench-upstream-key }] }
models:
  - { id: "${modelPrefix.byte}*", targets: [{ provider: chat, model: "*" }] }
  - { id: "${modelPrefix.crossing}*", targets: [{ provider: messages, model: "*" }] }
keys:
  - { id: bench, key: "${clientKey}" }
`
