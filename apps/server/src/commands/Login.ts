/**
 * `sluice login PROVIDER`: logs in at a provider as its configuration says, by a code on another device or in a browser on this one, or
 * takes over the credential file of another program. What comes of it is stored sealed, where a running server finds it within seconds.
 */
import { Credentials, type Login } from "@sluice/gateway/credentials/Credentials"
import * as LoginCallback from "@sluice/gateway/credentials/LoginCallback"
import { present } from "@sluice/protocol/Json"
import { Clock, Console, Effect, FileSystem, Layer, Logger, Option, Queue, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Config } from "../Config.ts"
import * as CredentialStorage from "../CredentialStorage.ts"
import { fileProblem } from "../FileProblem.ts"
import * as ProviderCredentials from "../ProviderCredentials.ts"
import * as Shown from "./credentials/Shown.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"
import * as Loopback from "./login/Loopback.ts"

/** Nobody is logged in. */
export class LoginProblem extends Schema.TaggedError<LoginProblem>()("LoginProblem", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** Runs with the credentials of a configuration. Nothing happens to them by itself, and what is wrong with one is in its status, not in a log. */
export const withCredentials = (config: Config) => {
  const layer = ProviderCredentials.configure(config).pipe(
    Layer.provideMerge(ProviderCredentials.layer(config, { upkeep: false })),
    Layer.provideMerge(Logger.layer([]))
  )
  return Effect.provide(layer)
}

/** Logins in memory would be gone with the command. */
export const kept = (config: Config): Effect.Effect<void, LoginProblem> =>
  CredentialStorage.isForgetful(config)
    ? Effect.fail(
      new LoginProblem({
        reason: "the configured ledger keeps nothing outside the server's memory, and no logins either: set ledger.url, or credentials.store: files"
      })
    )
    : Effect.void

const asJson = ({ expiresAt, ...login }: Login): string => JSON.stringify({ ...login, expiresAt: new Date(expiresAt).toISOString() })

const toldByDevice = ({ url, userCode }: Login): string =>
  `Open this page on any device:\n\n    ${url}\n\n${
    userCode === undefined ? "" : `and see that it shows the code ${userCode}, or type it.\n\n`
  }Waiting for it …`

const toldByBrowser = ({ url }: Login): string => `Open this page in a browser on this machine:\n\n    ${url}\n\nWaiting for it to come back …`

const ended = ({ progress, reason }: Login): Effect.Effect<boolean, LoginProblem> =>
  progress === "error" ? Effect.fail(new LoginProblem({ reason: reason ?? "The login did not succeed." })) : Effect.succeed(progress === "success")

const byDevice = Effect.fnUntraced(function*(request: { readonly provider: string; readonly id?: string; readonly like?: string }, json: boolean) {
  const credentials = yield* Credentials
  let login = yield* credentials.startLogin({ ...request, kind: "device" })
  yield* Console.log(json ? asJson(login) : toldByDevice(login))
  while (!(yield* ended(login))) {
    yield* Effect.sleep(login.pollEveryMs)
    login = yield* credentials.pollLogin(login.state)
  }
  return login
})

const byBrowser = Effect.fnUntraced(
  function*(request: { readonly provider: string; readonly id?: string; readonly like?: string }, registered: string | undefined, json: boolean) {
    const credentials = yield* Credentials
    const came = yield* Queue.sliding<void>(1)
    const answer: Loopback.Answer = (query) => Effect.tap(LoginCallback.handle(credentials, query), () => Queue.offer(came, undefined))
    const redirectUrl = yield* Loopback.listen(registered, answer)
    let login = yield* credentials.startLogin({ ...request, kind: "pkce", redirectUrl })
    yield* Console.log(json ? asJson(login) : toldByBrowser(login))
    while (!(yield* ended(login))) {
      const left = login.expiresAt - (yield* Clock.currentTimeMillis)
      yield* Effect.timeoutOption(Queue.take(came), Math.max(0, left))
      login = yield* credentials.pollLogin(login.state)
    }
    return login
  }
)

const byFile = Effect.fnUntraced(
  function*(request: { readonly provider: string; readonly id?: string; readonly like?: string }, path: string, only: string | undefined) {
    const credentials = yield* Credentials
    const files = yield* FileSystem.FileSystem
    const text = yield* Effect.mapError(files.readFileString(path), (error) => new LoginProblem({ reason: `${path} cannot be read: ${fileProblem(error)}` }))
    const status = yield* credentials.importFile({ ...request, id: request.id ?? only ?? "imported", text }).pipe(
      Effect.mapError((error) => new LoginProblem({ reason: `${path}: ${error.message}` }))
    )
    return { provider: status.provider, id: status.id }
  }
)

/** The entries of a provider that are logged into. */
const clientsOf = Effect.fnUntraced(function*(config: Config, provider: string) {
  const found = config.providers.find(({ id }) => id === provider)
  if (found === undefined) {
    return yield* new LoginProblem({
      reason: `the configuration has no provider with the id "${provider}"; it has ${config.providers.map(({ id }) => id).join(", ")}`
    })
  }
  if (found.simulator) return yield* new LoginProblem({ reason: `the provider "${provider}" is simulated, and is not logged into` })
  return found.credentials.flatMap(({ id, oauth }) => oauth === undefined ? [] : [{ id, oauth }])
})

const text = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

/** The command. */
export const command = Command.make(
  "login",
  {
    config: configFlag,
    provider: Argument.String("provider").pipe(Argument.withDescription("The id of the provider in the configuration")),
    id: text("id", "The credential: one that is configured, or a new id for a further account. Default: the only configured one"),
    like: text("like", "The configured credential whose client a new id uses. Default: the only configured one"),
    pkce: Flag.Boolean("pkce").pipe(
      Flag.withDescription("In a browser on this machine, instead of a code on another device. Default where there are no device codes"),
      Flag.withDefault(false)
    ),
    importFile: Flag.File("import", { mustExist: false }).pipe(
      Flag.withDescription("Take over the credential file of another program (JSON): its tokens, or its key"),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Lines of JSON: what to open, and how it ended"), Flag.withDefault(false))
  },
  Effect.fn(function*(flags) {
    const config = yield* loadConfig(flags.config)
    const clients = yield* clientsOf(config, flags.provider)
    yield* kept(config)
    const request = { provider: flags.provider, ...present({ id: Option.getOrUndefined(flags.id), like: Option.getOrUndefined(flags.like) }) }
    const client = clients.find(({ id }) => id === (request.like ?? request.id)) ?? clients[0]
    yield* Effect.gen(function*() {
      const isByBrowser = flags.pkce || (client !== undefined && client.oauth.deviceUrl === undefined)
      const { id, provider } = yield* Option.isSome(flags.importFile)
        ? byFile(request, flags.importFile.value, clients.length === 1 ? clients[0]?.id : undefined)
        : isByBrowser
        ? byBrowser(request, client?.oauth.redirectUrl, flags.json)
        : byDevice(request, flags.json)
      const credentials = yield* Credentials
      const status = credentials.status().find((each) => each.provider === provider && each.id === id)
      if (status === undefined) return
      const whose = status.account === undefined ? "" : ` as ${status.account}`
      yield* Console.log(
        flags.json ? Shown.toLine(status) : `The credential "${id}" of the provider "${provider}" is stored${whose}. Running servers use it within seconds.`
      )
    }).pipe(Effect.scoped, withCredentials(config))
  })
).pipe(
  Command.withDescription("Log in at a provider, and keep the login sealed where servers find it"),
  Command.withShortDescription("Log in at a provider"),
  Command.withExamples([
    { command: "sluice login anthropic --config sluice.yaml", description: "By a code on another device" },
    { command: "sluice login anthropic --pkce --id second", description: "A further account, in a browser on this machine" },
    { command: "sluice login openai --import auth.json", description: "Take over what another program was given" }
  ])
)
