/**
 * `sluice credentials`: lists what providers are asked with and how it stands, and removes what was stored, whether a server runs or
 * not. Secrets are never shown; a running server takes the change over within seconds.
 */
import { Credentials } from "@sluice/gateway/credentials/Credentials"
import { Console, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Shown from "./credentials/Shown.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"
import { kept, LoginProblem, withCredentials } from "./Login.ts"

const jsonFlag = Flag.Boolean("json").pipe(Flag.withDescription("One line of JSON for each credential"), Flag.withDefault(false))

const listCommand = Command.make(
  "list",
  { config: configFlag, json: jsonFlag },
  Effect.fn(function*({ config: file, json }) {
    const config = yield* loadConfig(file)
    const all = yield* Credentials.use((credentials) => Effect.sync(credentials.status)).pipe(withCredentials(config))
    if (json) return yield* all.length === 0 ? Effect.void : Console.log(all.map(Shown.toLine).join("\n"))
    yield* Console.log(all.length === 0 ? "No credentials." : Shown.toTable(all).join("\n"))
  })
).pipe(
  Command.withDescription("Show the credentials of all providers and how they stand. Their secrets are not shown"),
  Command.withShortDescription("Show the credentials")
)

const removeCommand = Command.make(
  "remove",
  {
    config: configFlag,
    json: jsonFlag,
    provider: Argument.String("provider").pipe(Argument.withDescription("The id of the provider")),
    id: Argument.String("id").pipe(Argument.withDescription("The id of the credential, as list shows it"))
  },
  Effect.fn(function*({ config: file, id, json, provider }) {
    const config = yield* loadConfig(file)
    yield* kept(config)
    const isRemoved = yield* Credentials.use((credentials) => credentials.remove({ provider, id })).pipe(withCredentials(config))
    if (!isRemoved) return yield* new LoginProblem({ reason: `nothing is stored for the credential "${id}" of the provider "${provider}"` })
    yield* Console.log(
      json
        ? JSON.stringify({ provider, id, state: "removed" })
        : `What was stored of the credential "${id}" of the provider "${provider}" is removed. The identity provider still knows the login: end it there too.`
    )
  })
).pipe(
  Command.withDescription("Forget a login or a key that was stored; servers stop using it within seconds"),
  Command.withShortDescription("Forget what was stored")
)

/** The command. */
export const command = Command.make("credentials").pipe(
  Command.withDescription("Look at the credentials of providers, and forget logins"),
  Command.withShortDescription("Look at the credentials of providers"),
  Command.withSubcommands([listCommand, removeCommand])
)
