/**
 * What providers are asked with: the entries of `providers[].credentials`, where logins are kept (the section `credentials`), and the
 * rules of both.
 */
import { CredentialId } from "@sluice/gateway/Credential"
import { Option, Redacted, Schema } from "effect"
import { isIPv4 } from "node:net"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"
import { defaulted, integer, list, oneOf, optional, parsedText, positiveDuration, required, secret, section, table, text } from "./Fields.ts"
import { isInMemory } from "./LedgerUrl.ts"

const credentialId = parsedText(Schema.toType(CredentialId), {
  title: "credential id",
  wanted: "1 to 128 printable ASCII letters without blanks",
  read: Schema.decodeOption(CredentialId),
  write: (id) => id
})

/** An address as it is registered, to the letter: identity providers compare. */
const endpoint = parsedText(Schema.String, {
  title: "URL",
  wanted: "an http or https URL without user or fragment",
  read: (input) => {
    const url = URL.canParse(input) ? new URL(input) : undefined
    return url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.hash === "" ? Option.some(input) : Option.none()
  },
  write: (url) => url
})

const oauth = section({
  clientId: required(text, "The client's id at the identity provider. None is built in."),
  clientSecret: optional(secret, "The client's secret, where it has one."),
  authentication: optional(
    oneOf(["none", "basic", "post"]),
    "How the client proves itself at the token endpoint. Absent = `basic` with a secret, `none` without."
  ),
  tokenUrl: required(endpoint, "Where tokens are had and refreshed."),
  deviceUrl: optional(endpoint, "Where device codes are had, for logins on another device. Absent = no such login."),
  authorizeUrl: optional(endpoint, "Where a browser is sent, for logins by PKCE. Absent = no such login."),
  redirectUrl: optional(
    endpoint,
    "Where the browser comes back to, as it is registered with the client. Absent = an address of the machine that `sluice login` runs on."
  ),
  scopes: defaulted(list(text), [], "What is asked for. With `openid`, the id token says whose login it is."),
  parameters: defaulted(table(text), {}, "More parameters of the request that begins a login, for instance `audience`."),
  headers: defaulted(table(secret), {}, "Headers of every request to the provider that is made with the login, for instance a beta header."),
  tokenHeaders: defaulted(table(secret), {}, "Headers of every request to the identity provider."),
  tokenBody: defaulted(oneOf(["form", "json"]), "form", "How requests to the token endpoint are written. The standard says `form`."),
  account: optional(
    list(text),
    "Which facts name the account for people, the first that is there: claims of the id token, or paths into the reply (`account.email`). Absent = `email`, `preferred_username`, `sub`."
  )
})

/** One credential of a provider. */
export const credential = section({
  id: required(credentialId, "The name of the credential in logs, the ledger and commands; never the key itself."),
  apiKey: optional(secret, "The key, sent the way the dialect sends keys. One of `apiKey`, `env`, `file` and `oauth` is needed."),
  env: optional(text, "The variable of the environment that holds the key."),
  file: optional(
    text,
    "The file that holds the key in one line, or the credentials another program keeps there as JSON. It is read again when it changes, and never written."
  ),
  oauth: optional(oauth, "A login: `sluice login PROVIDER` makes it, the server keeps it fresh. Further accounts of the same client need no entry."),
  priority: defaulted(integer(-1000, 1000), 0, "Those with the highest number are used as long as one of them can be."),
  weight: defaulted(integer(0, 1000), 1, "Its share among those of its priority; 0 = it is not used."),
  models: optional(list(text), "The provider's models it may be used for, names or globs. Absent = all."),
  excluded: optional(list(text), "The provider's models it may not be used for, names or globs."),
  attributes: defaulted(table(text), {}, "What else is known of it, for schedulers and for people. No secrets.")
})

/** The section of logins. */
export const credentials = section({
  store: defaulted(
    oneOf(["ledger", "files"]),
    "ledger",
    "Where logins are kept, sealed. `ledger`: in the ledger's database, for every server of it (in memory where the ledger is). `files`: in `folder`."
  ),
  folder: defaulted(text, "./sluice-credentials", "The folder of `files`; nobody but its user may look into it."),
  secret: optional(
    secret,
    "What logins are sealed with, 32 characters or more, the same for every server of the store. Absent or empty = `auth.keySecret`, or the file beside the SQLite ledger."
  ),
  formerSecrets: defaulted(list(secret), [], "What logins were sealed with before: they are still opened, and sealed anew when they are refreshed."),
  refreshAhead: defaulted(positiveDuration, "5 minutes", "How long before its end an access token is refreshed; of short-lived ones, a fifth of their life.")
})

const shortestSecret = 32

/** Whether a URL leads to this machine, where nobody listens in. */
const isSafe = (url: string): boolean => {
  const { hostname, protocol } = new URL(url)
  return protocol === "https:" || hostname === "localhost" || hostname === "[::1]" || (isIPv4(hostname) && hostname.startsWith("127."))
}

const sources = ["apiKey", "env", "file", "oauth"] as const

const ofEntry = (entry: Config["providers"][number]["credentials"][number], path: ReadonlyArray<PropertyKey>): ReadonlyArray<Problem> => {
  const given = sources.filter((name) => entry[name] !== undefined)
  const { oauth } = entry
  const urls = oauth === undefined ? [] : (["tokenUrl", "deviceUrl", "authorizeUrl"] as const)
  return [
    ...(given.length === 1
      ? []
      : [problem(path, given.length === 0 ? `needs one of ${sources.join(", ")}` : `has ${given.join(" and ")}, and only one of them may be there`)]),
    ...urls.flatMap((name) => {
      const url = oauth?.[name]
      return url === undefined || isSafe(url) ? [] : [problem([...path, "oauth", name], "must begin with https://: tokens and codes are sent to it")]
    }),
    ...(oauth !== undefined && oauth.deviceUrl === undefined && oauth.authorizeUrl === undefined
      ? [problem([...path, "oauth"], "needs deviceUrl or authorizeUrl: otherwise nobody can log in")]
      : []),
    ...(oauth?.authentication !== undefined && oauth.authentication !== "none" && oauth.clientSecret === undefined
      ? [problem([...path, "oauth", "clientSecret"], `is missing: authentication ${oauth.authentication} sends it`)]
      : [])
  ]
}

/** What is wrong with the credentials of a configuration. */
export const credentialProblems = ({ auth, credentials, ledger, providers }: Config): ReadonlyArray<Problem> => {
  const isLoggedInto = providers.some((provider) => provider.credentials.some(({ oauth }) => oauth !== undefined))
  const hasSecret = credentials.secret !== undefined || auth.keySecret !== undefined
  const isTold = ledger.url._tag === "Sqlite" && !isInMemory(ledger.url)
  return [
    ...providers.flatMap((provider, index) => provider.credentials.flatMap((entry, at) => ofEntry(entry, ["providers", index, "credentials", at]))),
    ...[credentials.secret, ...credentials.formerSecrets].flatMap((each, at) =>
      each !== undefined && Redacted.value(each).length < shortestSecret
        ? [problem(at === 0 ? ["credentials", "secret"] : ["credentials", "formerSecrets", at - 1], `must have at least ${shortestSecret} characters`)]
        : []
    ),
    ...(isLoggedInto && !hasSecret && !isTold && (credentials.store === "files" || !isInMemory(ledger.url))
      ? [problem(["credentials", "secret"], "is missing: logins outlive the process and must be sealed with a secret that does")]
      : [])
  ]
}
