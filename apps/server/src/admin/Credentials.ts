/** The credentials of providers: how each stands, refreshing and forgetting one, and logging in while the server runs. Never a secret. */
import type { CredentialError } from "@sluice/gateway/credentials/CredentialError"
import { Credentials, type Login } from "@sluice/gateway/credentials/Credentials"
import type { CredentialStatus } from "@sluice/gateway/credentials/CredentialStatus"
import { present } from "@sluice/protocol/Json"
import { Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { finished } from "./Group.ts"
import { Conflict, NotFound, Unavailable } from "./Problems.ts"

const Text = Schema.optionalKey(Schema.String)

const LoginKind = Schema.Literals(["device", "pkce"])

const Credential = Schema.Struct({
  provider: Schema.String,
  id: Schema.String,
  kind: Schema.Literals(["key", "oauth", "none"]),
  source: Schema.String.annotate({ description: "`key`, `environment`, `file`, `oauth`, `stored`, or a plug-in's own word." }),
  state: Schema.Literals(["ok", "expiring", "refreshing", "failed", "logged-out"]),
  reason: Text,
  account: Text,
  expiresAt: Text,
  lastRefresh: Text,
  nextRefresh: Text,
  isUsable: Schema.Boolean,
  logins: Schema.Array(LoginKind).annotate({ description: "How one can log in; empty = not at all." })
}).annotate({ identifier: "Credential" })

const StartedLogin = Schema.Struct({
  provider: Schema.String,
  id: Schema.String,
  kind: LoginKind,
  state: Schema.String.annotate({ description: "Names the login in what is asked of it later." }),
  url: Schema.String.annotate({ description: "The page for the person." }),
  userCode: Schema.optionalKey(Schema.String.annotate({ description: "What the person types there." })),
  expiresAt: Schema.String,
  pollEveryMs: Schema.Finite,
  progress: Schema.Literals(["pending", "success", "error"]),
  reason: Text
}).annotate({ identifier: "Login" })

const place = { provider: Schema.String, id: Schema.String }

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("credentials").add(
    HttpApiEndpoint.get("listCredentials", "/credentials", { success: Schema.Struct({ credentials: Schema.Array(Credential) }) })
      .annotate(OpenApi.Summary, "List the credentials of all providers and how they stand"),
    HttpApiEndpoint.post("refreshCredential", "/credentials/:provider/:id/refresh", {
      params: place,
      success: Schema.Struct({ refreshed: Schema.Boolean.annotate({ description: "Whether there is something new." }) }),
      error: [Conflict, NotFound, Unavailable]
    }).annotate(OpenApi.Summary, "Refresh a credential now"),
    HttpApiEndpoint.delete("removeCredential", "/credentials/:provider/:id", {
      params: place,
      success: HttpApiSchema.NoContent,
      error: [Conflict, NotFound, Unavailable]
    }).annotate(OpenApi.Summary, "Forget what is stored of a credential"),
    HttpApiEndpoint.post("startLogin", "/logins", {
      payload: Schema.Struct({
        provider: Schema.NonEmptyString,
        id: Schema.optionalKey(Schema.NonEmptyString.annotate({ description: "The configured credential, or a new id. Absent = the only one." })),
        like: Schema.optionalKey(Schema.NonEmptyString.annotate({ description: "The configured credential whose client a new id uses." })),
        kind: Schema.optionalKey(LoginKind),
        redirectUrl: Schema.optionalKey(Schema.String.annotate({ description: "Where the browser comes back to: `…/oauth/callback` of this server." }))
      }),
      success: StartedLogin,
      error: [Conflict, Unavailable]
    }).annotate(OpenApi.Summary, "Begin a login"),
    HttpApiEndpoint.post("pollLogin", "/logins/poll", {
      payload: Schema.Struct({ state: Schema.NonEmptyString }),
      success: StartedLogin,
      error: [Conflict, Unavailable]
    }).annotate(OpenApi.Summary, "Say how a login stands"),
    HttpApiEndpoint.post("completeLogin", "/logins/complete", {
      payload: Schema.Struct({ state: Schema.NonEmptyString, code: Text, error: Text }),
      success: StartedLogin,
      error: [Conflict, Unavailable]
    }).annotate(OpenApi.Summary, "Finish a login with what the browser brought back")
  ),
  "Credentials",
  "What providers are asked with. A person logs in by a code on another device, or in a browser that comes back to `/oauth/callback`, which asks for no token: nobody else knows the state of the login."
)

const iso = (time: number | undefined): string | undefined => time === undefined ? undefined : new Date(time).toISOString()

const shown = ({ expiresAt, lastRefresh, nextRefresh, ...rest }: CredentialStatus): typeof Credential.Type => ({
  ...rest,
  ...present({ expiresAt: iso(expiresAt), lastRefresh: iso(lastRefresh), nextRefresh: iso(nextRefresh) })
})

const login = ({ expiresAt, ...rest }: Login): typeof StartedLogin.Type => ({ ...rest, expiresAt: new Date(expiresAt).toISOString() })

const refused = (error: CredentialError): Conflict | Unavailable =>
  error.isTemporary ? new Unavailable({ detail: error.message }) : new Conflict({ detail: error.message })

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "credentials",
  Effect.fnUntraced(function*(handlers) {
    const credentials = yield* Credentials
    const known = ({ id, provider }: { readonly provider: string; readonly id: string }): Effect.Effect<void, NotFound> =>
      credentials.status().some((each) => each.provider === provider && each.id === id)
        ? Effect.void
        : new NotFound({ detail: `The provider "${provider}" has no credential "${id}".` })
    return handlers.handleAll({
      listCredentials: Effect.fn("admin.listCredentials")(() => Effect.sync(() => ({ credentials: credentials.status().map(shown) }))),
      refreshCredential: Effect.fn("admin.refreshCredential")(function*({ params }) {
        yield* known(params)
        return { refreshed: yield* Effect.mapError(credentials.refresh(params), refused) }
      }),
      removeCredential: Effect.fn("admin.removeCredential")(function*({ params }) {
        yield* known(params)
        const isRemoved = yield* Effect.mapError(credentials.remove(params), refused)
        if (!isRemoved) return yield* new NotFound({ detail: `Nothing is stored of the credential "${params.id}".` })
      }),
      startLogin: Effect.fn("admin.startLogin")(({ payload }) => credentials.startLogin(payload).pipe(Effect.map(login), Effect.mapError(refused))),
      pollLogin: Effect.fn("admin.pollLogin")(({ payload: { state } }) => credentials.pollLogin(state).pipe(Effect.map(login), Effect.mapError(refused))),
      completeLogin: Effect.fn("admin.completeLogin")(({ payload }) => credentials.completeLogin(payload).pipe(Effect.map(login), Effect.mapError(refused)))
    })
  })
)
