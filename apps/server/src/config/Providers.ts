/**
 * The `providers` section: where requests can be sent. One entry is one upstream account or deployment, named by its id.
 * Values that may hold a secret (headers, query, proxy) are redacted like keys are.
 */
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Schema } from "effect"
import { credential } from "./Credentials.ts"
import {
  defaulted,
  flag,
  httpUrl,
  integer,
  list,
  oneOf,
  optional,
  parsedText,
  positiveDuration,
  required,
  secret,
  secretUrl,
  section,
  table,
  text
} from "./Fields.ts"
import { naming } from "./ModelFacts.ts"
import { policy } from "./ProviderPolicies.ts"

/** The protocols a provider may speak. */
export const dialects = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"] as const

/** The name of a provider, as routes and ledger rows carry it. */
export const providerId = parsedText(Schema.toType(ProviderId), {
  title: "provider id",
  wanted: "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
  read: Schema.decodeOption(ProviderId),
  write: (id) => id
})

/** One provider. */
export const provider = section({
  id: required(providerId, "The name by which models, ledger rows and the pass-through path know the provider: letters, digits, `.`, `_` and `-`."),
  dialect: required(oneOf(dialects), "The protocol the provider speaks."),
  baseUrl: optional(
    httpUrl,
    "Where the provider's API begins, as its own SDK is given it: OpenAI's ends in `/v1`, Anthropic's and Gemini's are the bare origin. Required unless `simulator` is on."
  ),
  simulator: defaulted(flag, false, "Answer from the built-in simulated provider instead of the network; needs no key."),
  credentials: defaulted(
    list(credential),
    [],
    "What the provider is asked with: keys and logins, of which `scheduler` chooses. None = requests go without a key, unless one is stored (`sluice login`)."
  ),
  headers: defaulted(table(secret), {}, "Headers added to every request to this provider."),
  query: defaulted(table(secret), {}, "Query parameters added to every request to this provider, for instance Azure's `api-version`."),
  proxy: optional(
    secretUrl("http:", "https:"),
    "The URL of an HTTP proxy to reach the provider through, with its user and password where it wants some. It looks the provider's name up."
  ),
  passthrough: defaulted(
    flag,
    false,
    "Whether what the provider's protocol has no place for here (files, batches, pictures) is handed on to it as it is, under `/passthrough/ID/…`. Keys, limits and the ledger hold for it; keys for certain models only may not use it. Redaction, guardrails and other `extensions` that look into requests do not see it."
  ),
  private: defaulted(
    flag,
    false,
    "Whether the name in `baseUrl` may lead to an address of a private network. Otherwise nothing is sent to one, so that nobody's DNS turns the gateway against its own network. An address, or `localhost`, in `baseUrl` needs no permission."
  ),
  tls: optional(
    section({
      ca: optional(text, "A PEM file with the certificates that are trusted for this provider, in place of the system's."),
      cert: optional(text, "A PEM file with the certificate the gateway shows to the provider. Goes with `key`."),
      key: optional(text, "A PEM file with the key of `cert`.")
    }),
    "Certificates of the connections to this provider. Read at start and when the configuration is loaded again."
  ),
  timeouts: defaulted(
    section({
      connect: defaulted(positiveDuration, "5 seconds", "Until the connection stands."),
      firstEvent: defaulted(positiveDuration, "2 minutes", "From the request sent to the first event that commits the reply."),
      idle: defaulted(positiveDuration, "1 minute", "Between two pieces of a reply."),
      total: defaulted(positiveDuration, "30 minutes", "For the whole exchange, retries included.")
    }),
    {},
    "How long to wait for the provider."
  ),
  prices: optional(
    text,
    "Whose published prices hold for this provider, for instance `openai` or `aws`; `none` = nobody's. Absent = told by `baseUrl`, else by `id`."
  ),
  ...naming,
  retries: defaulted(integer(0, 10), 1, "Extra tries per target before the next target is taken."),
  ...policy
})

/** The type of one provider. */
export type Provider = ReturnType<typeof provider>["Type"]
