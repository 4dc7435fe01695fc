/**
 * The one schema of the configuration file: every key, its kind, its default and its description.
 * The decoder, the JSON Schema for editors and the reference page are all made from it. Rules between keys are in `Rules.ts`.
 */
import { Schema } from "effect"
import { byteSize, defaulted, duration, flag, integer, list, oneOf, optional, positiveDuration, required, secret, secretUrl, section, text } from "./Fields.ts"
import { key } from "./Keys.ts"
import { ledgerUrl } from "./LedgerUrl.ts"
import { model } from "./Models.ts"
import { provider } from "./Providers.ts"

const server = section({
  host: defaulted(text, "127.0.0.1", "The address to listen on."),
  port: defaulted(integer(0, 65535), 8787, "The port to listen on; 0 takes a free one."),
  workers: defaulted(integer(1, 256), 1, "Processes that serve the port together."),
  bodyLimit: defaulted(byteSize, "32MiB", "The largest request body accepted, after decompression."),
  lameDuck: defaulted(duration, "5 seconds", "How long the server still accepts requests after it was told to stop, so that load balancers notice."),
  drainTimeout: defaulted(duration, "30 seconds", "How long open streams may take to finish when the server stops.")
})

const auth = section({
  mode: defaulted(
    oneOf(["keys", "open"]),
    "keys",
    "`keys`: every client needs a key. `open`: no key is asked for; refused unless `server.host` is a loopback address."
  ),
  queryKey: defaulted(
    flag,
    false,
    "Whether a client of Gemini's protocol may send its key in the address (`?key=KEY`), as old ones do. What stands before the server may log addresses; the server itself does not."
  ),
  adminToken: optional(secret, "The operator's token, which `/metrics` asks for in mode `keys`. Absent or empty = a new one is printed at every start.")
})

const ledger = section({
  url: defaulted(ledgerUrl, "sqlite:./sluice.db", "Where the ledger is kept: `sqlite:FILE` (relative to the working directory) or a `postgres://` URL."),
  durability: defaulted(
    oneOf(["strict", "relaxed"]),
    "strict",
    "`strict`: an exchange is on disk before it is sent upstream. `relaxed`: it is queued for the writer; a crash may lose the last moments."
  ),
  bodies: defaulted(oneOf(["none", "digest", "redacted", "full"]), "none", "What is kept of requests and replies beside the ledger row."),
  onFailure: defaulted(oneOf(["deny", "allow"]), "deny", "What happens to requests when the ledger cannot be written: `deny` answers 503."),
  retention: optional(positiveDuration, "How long rows are kept. Absent = rows are kept."),
  signingKey: optional(secret, "The key that signs the heads of the ledger's hash chain. Absent or empty = heads are not signed.")
})

const log = section({
  level: defaulted(oneOf(["trace", "debug", "info", "warn", "error", "fatal"]), "info", "The least important messages to print."),
  format: defaulted(oneOf(["json", "logfmt", "pretty"]), "json", "How messages are printed.")
})

const continuity = section({
  answers: defaulted(integer(0), 10_000, "How many answers are remembered; 0 remembers none."),
  size: defaulted(byteSize, "64MiB", "How much is remembered of all answers together."),
  ttl: defaulted(positiveDuration, "1 hour", "How long an answer is remembered after it was last needed.")
})

const extensions = section({
  cache: optional(
    section({ ttl: required(positiveDuration, "How long a reply may be answered from the cache.") }),
    "Answer repeated identical requests from a cache. Absent = off."
  ),
  redact: optional(
    section({ patterns: required(list(text), "What to mask: names of built-in patterns such as `email`.") }),
    "Mask parts of requests before they are sent upstream. Absent = off."
  )
})

/** The configuration file. */
export const ConfigSchema = section({
  server: defaulted(server, {}, "The listening server."),
  auth: defaulted(auth, {}, "Who may use the gateway."),
  ledger: defaulted(ledger, {}, "The durable record of every exchange."),
  redis: optional(
    section({ url: required(secretUrl("redis:", "rediss:"), "The `redis://` URL. Empty = the section is off.") }),
    "Shared limits, cache and breaker for a fleet. Absent = off."
  ),
  log: defaulted(log, {}, "The server's own log."),
  otlp: optional(
    section({ url: required(secretUrl("http:", "https:"), "The URL of the collector. Empty = the section is off.") }),
    "Traces, metrics and logs over OpenTelemetry's protocol. Absent = off."
  ),
  providers: required(list(provider), "Where requests can be sent."),
  models: required(list(model), "The names clients ask for. One entry is one route."),
  keys: defaulted(list(key), [], "Client keys."),
  continuity: defaulted(
    continuity,
    {},
    "The memory of proofs of thinking, which gives a provider back in the next request what a client of another protocol cannot carry."
  ),
  extensions: defaulted(extensions, {}, "Optional behaviours.")
})({ description: "The configuration of the Sluice server." })

/** The decoded configuration; secrets in it are redacted. */
export type Config = typeof ConfigSchema.Type

/** Decodes a parsed file; unknown keys are errors and all errors are collected. Messages never hold the offending value, which may be a secret. */
export const decodeConfig = Schema.decodeUnknownResult(ConfigSchema, { errors: "all", onExcessProperty: "error" })
