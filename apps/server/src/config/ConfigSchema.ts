/**
 * The one schema of the configuration file: every key, its kind, its default and its description.
 * The decoder, the JSON Schema for editors and the reference page are all made from it. Rules between keys are in `Rules.ts`.
 */
import { Schema } from "effect"
import { admin } from "./Admin.ts"
import { auth } from "./Auth.ts"
import { credentials } from "./Credentials.ts"
import { extensions } from "./Extensions.ts"
import { byteSize, defaulted, integer, list, oneOf, optional, positiveDuration, required, secret, secretUrl, section, text } from "./Fields.ts"
import { key, team, tenant } from "./Keys.ts"
import { ledgerUrl } from "./LedgerUrl.ts"
import { alias } from "./ModelFacts.ts"
import { model } from "./Models.ts"
import { plugin } from "./Plugins.ts"
import { prices } from "./Prices.ts"
import { provider } from "./Providers.ts"
import { replay } from "./Replay.ts"
import { scheduling } from "./Scheduling.ts"
import { server } from "./Server.ts"
import { usage } from "./Usage.ts"

const ledger = section({
  url: defaulted(ledgerUrl, "sqlite:./sluice.db", "Where the ledger is kept: `sqlite:FILE` (relative to the working directory) or a `postgres://` URL."),
  spill: defaulted(
    text,
    "./sluice-ledger",
    "Beginning of the names of files that keep rows while a PostgreSQL database does not take them. Must be on a disk that outlives the process. Those of SQLite lie beside the database."
  ),
  durability: defaulted(
    oneOf(["strict", "relaxed"]),
    "strict",
    "`strict`: an exchange is on disk before it is sent upstream. `relaxed`: it is queued for the writer; a crash may lose the last moments."
  ),
  bodies: defaulted(oneOf(["none", "digest", "redacted", "full"]), "none", "What is kept of requests and replies beside the ledger row."),
  onFailure: defaulted(
    oneOf(["deny", "allow"]),
    "deny",
    "What happens to requests when the ledger cannot be written: `deny` answers 503, `allow` serves them and counts them in `sluice_unrecorded_total`."
  ),
  retention: optional(
    positiveDuration,
    "How long rows are kept after their exchange has ended; what charts and budgets are made of stays. Absent = rows are kept."
  ),
  signingKey: optional(secret, "The key that signs the heads of the ledger's hash chain, at least 32 characters. Absent or empty = heads are not signed.")
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

const limits = section({
  onFailure: defaulted(
    oneOf(["deny", "allow"]),
    "deny",
    "What happens to requests of limited keys when nobody can say whether there is room (Redis or the ledger do not answer): `deny` answers 503, `allow` lets them pass uncounted."
  ),
  onUnknownPrice: defaulted(
    oneOf(["deny", "allow"]),
    "deny",
    "What happens to requests under a budget for a model without a known price: `deny` refuses them, `allow` lets them pass while something is left."
  ),
  assumedOutput: defaulted(integer(0), 1024, "Tokens reserved for the answer where a request sets no bound."),
  lease: defaulted(positiveDuration, "1 minute", "How long what a process holds for running requests stays held after it died.")
})

/** The configuration file. */
export const ConfigSchema = section({
  server: defaulted(server, {}, "The listening server."),
  auth: defaulted(auth, {}, "Who may use the gateway."),
  admin: defaulted(admin, {}, "The management surface."),
  ledger: defaulted(ledger, {}, "The durable record of every exchange."),
  redis: optional(
    section({
      url: required(secretUrl("redis:", "rediss:"), "The `redis://` URL. Empty = the section is off."),
      prefix: defaulted(text, "sluice:", "What every key in Redis begins with: two fleets that share a Redis and must not share limits have different ones."),
      timeout: defaulted(positiveDuration, "1 second", "How long Redis may take to answer before it counts as gone.")
    }),
    "What a fleet shares: the counts of limits. Absent = off."
  ),
  log: defaulted(log, {}, "The server's own log."),
  otlp: optional(
    section({ url: required(secretUrl("http:", "https:"), "The URL of the collector. Empty = the section is off.") }),
    "Traces, metrics and logs over OpenTelemetry's protocol. Absent = off."
  ),
  providers: required(list(provider), "Where requests can be sent."),
  credentials: defaulted(credentials, {}, "Where logins at providers are kept, and with what they are sealed."),
  scheduling: defaulted(scheduling, {}, "How often requests are tried, and what is remembered of conversations."),
  models: defaulted(list(model), [], "The names clients ask for. One entry is one route. Required unless a provider's list is read."),
  aliases: defaulted(list(alias), [], "Other names of models, and pools of them."),
  prices: defaulted(prices, {}, "What models cost, where published prices do not say or do not hold."),
  keys: defaulted(list(key), [], "Client keys."),
  teams: defaulted(list(team), [], "Groups of keys that share limits."),
  tenants: defaulted(list(tenant), [], "Organisations: all their keys and teams share limits, and nothing of one is shown to another."),
  limits: defaulted(
    limits,
    {},
    "How limits and budgets are enforced. They are shared by a fleet where `redis` is on, and by the processes of one server otherwise."
  ),
  continuity: defaulted(
    continuity,
    {},
    "The memory of proofs of thinking, which gives a provider back in the next request what a client of another protocol cannot carry."
  ),
  usage: defaulted(usage, {}, "Who is told of usage beside the ledger."),
  replay: defaulted(
    replay,
    {},
    "Idempotency keys: a client that names its request with the header `Idempotency-Key` and asks again gets the first answer again."
  ),
  plugins: defaulted(list(plugin), [], "Modules of one's own, which add parts to the gateway and commands to the command line."),
  extensions: defaulted(extensions, {}, "Behaviours that come with the gateway, each off until it is configured.")
})({ description: "The configuration of the Sluice server." })

/** The decoded configuration; secrets in it are redacted. */
export type Config = typeof ConfigSchema.Type

/** Decodes a parsed file; unknown keys are errors and all errors are collected. Messages never hold the offending value, which may be a secret. */
export const decodeConfig = Schema.decodeUnknownResult(ConfigSchema, { errors: "all", onExcessProperty: "error" })
