/**
 * The section `auth`: who may use the gateway, and how callers are known: by keys, by tokens of identity providers, by the headers of a
 * proxy. What must hold between them is checked here too.
 */
import * as Headers from "@sluice/gateway/authenticators/Headers"
import * as Jwt from "@sluice/gateway/authenticators/Jwt"
import { Result, Schema } from "effect"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import {
  defaulted,
  described,
  type Doc,
  duration,
  flag,
  httpUrl,
  list,
  oneOf,
  optional,
  positiveDuration,
  required,
  secret,
  secretUrl,
  section,
  table,
  text
} from "./Fields.ts"

const oneOrMore = (doc: Doc<string | ReadonlyArray<string>>) =>
  Schema.Union([text({}), Schema.Array(text({}))]).annotate({ ...described(doc), message: "Expected a text or a list of them" })

const claims = section({
  id: defaulted(text, "sub", "Who it is."),
  tenant: optional(text, "The id of the organisation."),
  team: optional(text, "The id of the team."),
  priority: optional(text, "How urgent its requests are: `interactive`, `agent` or `batch`."),
  roles: optional(text, "Its roles: a list, or words with spaces between them."),
  models: optional(text, "The models it may use, names or globs: a list or words. Where this is set, a token without the claim may use none."),
  limits: optional(
    text,
    "An object of `requestsPerMinute`, `tokensPerMinute`, `requestsPerDay`, `tokensPerDay`, `concurrency` and `budgets: [{ usd, period }]`, which limits it."
  ),
  attributes: defaulted(table(text), {}, "Attributes that interceptors and routers see, each by the claim it comes from.")
})

const jwt = section({
  id: optional(text, "The name of the issuer in principals (`ID:SUBJECT`), in logs and in `auth.exclusive`. Absent = its host."),
  issuer: required(text, "What its tokens say in `iss`, to the letter. Tokens of other issuers are not looked at."),
  audience: required(oneOrMore, "What its tokens for this gateway say in `aud`: one of these."),
  jwksUrl: optional(httpUrl, "Where its keys are. Absent = its discovery document says, at `ISSUER/.well-known/openid-configuration`."),
  private: defaulted(flag, false, "Whether the issuer's name may lead to an address of a private network; an address, or `localhost`, needs no permission."),
  proxy: optional(secretUrl("http:", "https:"), "The URL of an HTTP proxy to ask for its keys through."),
  algorithms: defaulted(list(oneOf(Jwt.algorithms)), ["RS256", "PS256", "ES256", "EdDSA"], "The algorithms its tokens may be signed with."),
  clockTolerance: defaulted(duration, "30 seconds", "How far its clock may be from this server's."),
  keysFreshFor: defaulted(positiveDuration, "10 minutes", "How old its keys may become before they are asked for again."),
  keysKeptFor: defaulted(positiveDuration, "1 hour", "How long its keys are used while they cannot be renewed; then nobody of it is let in."),
  keysCooldown: defaulted(positiveDuration, "30 seconds", "The least time between two askings for its keys, whatever tokens come."),
  claims: defaulted(claims, {}, "Which claim says what of the caller. A name is looked for as it stands, then as a path (`realm_access.roles`).")
})

const headers = section({
  from: required(list(text), "Addresses and networks (`10.0.0.0/8`, `::1`) of the proxies that are believed: the other end of the connection."),
  id: required(text, "The header that says who it is. The proxy must overwrite what clients send in any of these headers."),
  tenant: optional(text, "The header of the organisation's id."),
  team: optional(text, "The header of the team's id."),
  roles: optional(text, "The header of the roles, with commas between them."),
  models: optional(text, "The header of the models it may use, names or globs with commas between them. Where this is set, a request without it may use none."),
  attributes: defaulted(table(text), {}, "Attributes that interceptors and routers see, each by the header it comes from.")
})

/** The section. */
export const auth = section({
  mode: defaulted(
    oneOf(["keys", "jwt", "open"]),
    "keys",
    "`keys`: every client needs a key, or whatever else is set here: a token of `jwt`, the headers of a proxy. `jwt`: keys are not taken. `open`: nothing is asked for; refused unless `server.host` is a loopback address."
  ),
  jwt: defaulted(list(jwt), [], "Identity providers whose tokens are taken (OpenID Connect, or any issuer of signed tokens with a key set)."),
  headers: optional(headers, "A proxy that has found out who is asking and says so in headers. Absent = no header is believed."),
  exclusive: optional(
    text,
    "The one way callers are known where several are set: `keys`, `headers` or the id of a `jwt` entry. Absent = keys are tried first, then tokens, then headers."
  ),
  queryKey: defaulted(
    flag,
    false,
    "Whether a client of Gemini's protocol may send its key in the address (`?key=KEY`), as old ones do. What stands before the server may log addresses; the server itself does not."
  ),
  keySecret: optional(
    secret,
    "The secret the digests of stored keys are made with (`sluice keys`), the same for every server of one ledger. Absent = one is made in a file beside the SQLite ledger when the first key is."
  ),
  keysFreshFor: defaulted(
    duration,
    "5 seconds",
    "How long a stored key that was found is not looked for again: a key that was revoked is refused after it at the latest."
  ),
  adminToken: optional(
    secret,
    "The operator's token, which `/admin` asks for, and `/metrics` unless the mode is `open`. Absent or empty = a new one is printed at every start. At least 32 characters where others can reach the management surface."
  )
})

type Auth = ReturnType<typeof auth>["Type"]

/** The name of an issuer. */
export const issuerId = ({ id, issuer }: Pick<Auth["jwt"][number], "id" | "issuer">): string => id ?? (URL.canParse(issuer) ? new URL(issuer).host : issuer)

/** What is wrong with how callers are known. */
export const authProblems = ({ auth }: { readonly auth: Auth }): ReadonlyArray<Problem> => {
  const ids = auth.jwt.map(issuerId)
  const issuers = auth.jwt.map(({ issuer }) => issuer)
  const all = [...(auth.mode === "keys" ? ["keys"] : []), ...(auth.headers === undefined ? [] : ["headers"]), ...ids]
  return [
    ...(auth.mode === "jwt" && auth.jwt.length === 0 ? [problem(["auth", "jwt"], "needs at least one entry in mode jwt")] : []),
    ...auth.jwt.flatMap(({ audience, issuer, jwksUrl }, at) => [
      ...(audience.length === 0 ? [problem(["auth", "jwt", at, "audience"], "needs at least one entry")] : []),
      ...(ids.indexOf(ids[at] ?? "") < at || ids[at] === "keys" || ids[at] === "headers"
        ? [problem(["auth", "jwt", at, "id"], "another way of knowing callers has this name")]
        : []),
      ...(issuers.indexOf(issuer) < at ? [problem(["auth", "jwt", at, "issuer"], "another entry has this issuer; list its audiences in one")] : []),
      ...(jwksUrl === undefined && !/^https?:\/\//.test(issuer)
        ? [problem(["auth", "jwt", at, "jwksUrl"], "is missing, and the issuer is no URL that leads to it")]
        : [])
    ]),
    ...(auth.headers?.from ?? []).flatMap((address, at) =>
      Result.match(Headers.network(address), {
        onSuccess: () => [],
        onFailure: () => [problem(["auth", "headers", "from", at], "is neither an address nor a network")]
      })
    ),
    ...(auth.headers?.from.length === 0 ? [problem(["auth", "headers", "from"], "needs at least one entry")] : []),
    ...(auth.exclusive !== undefined && !all.includes(auth.exclusive)
      ? [problem(["auth", "exclusive"], `names nothing that is set here; there is ${all.join(", ")}`)]
      : [])
  ]
}
