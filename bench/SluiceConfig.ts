// The configuration file of the gateway under test: keys on, one provider in each dialect, all of them the benchmark's upstream.
// The server has no ledger that is off; the one in memory is the nearest to it.
// Written by hand as text, so that the benchmark exercises what a user would write and imports nothing of the server.
import { keyLines, keySecret, modelLines, type Size } from "./Growth.ts"
import { clientKey, dialects, prefixOf, wires } from "./Wire.ts"
import type { WireDialect } from "./Wire.ts"

const provider = (dialect: WireDialect, upstream: number): string => {
  const { base, provider: id } = wires[dialect]
  return `  - { id: ${id}, dialect: ${dialect}, baseUrl: "http://127.0.0.1:${upstream}${base}", credentials: [{ id: main, apiKey: bench-upstream-key }] }`
}

const keysOf = (size: Size | undefined): string => {
  if (size === undefined) return `keys:\n  - { id: bench, key: "${clientKey}" }`
  return size.keys === 0 ? "keys: []" : `keys:\n${keyLines(size.keys).join("\n")}`
}

/** The YAML text; `ledger` is the file of a strict SQLite ledger, undefined for the one in memory. */
export const sluiceConfig = (
  options: {
    readonly port: number
    readonly upstream: number
    readonly ledger: string | undefined
    readonly streams?: number
    readonly size?: Size | undefined
  }
): string =>
  `server: { host: 127.0.0.1, port: ${options.port}, workers: 1${
    options.streams === undefined ? "" : `, admission: { streams: ${options.streams}, loopDelay: 10 minutes }`
  } }
auth: { mode: keys${options.size?.storedKeys === undefined ? "" : `, keySecret: "${keySecret}", keysFreshFor: 5 seconds`} }
ledger: ${options.ledger === undefined ? "{ url: \"sqlite::memory:\" }" : `{ url: "sqlite:${options.ledger}", durability: strict }`}
log: { level: warn, format: json }
providers:
${dialects.map((dialect) => provider(dialect, options.upstream)).join("\n")}
models:
${modelLines(options.size?.models ?? 0, wires["openai-chat"].provider).map((line) => `${line}\n`).join("")}${
    dialects.map((dialect) => `  - { id: "${prefixOf(dialect)}*", targets: [{ provider: ${wires[dialect].provider}, model: "*" }] }`).join("\n")
  }
${keysOf(options.size)}
`
