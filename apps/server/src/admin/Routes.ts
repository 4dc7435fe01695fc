/**
 * Puts the management surface in its place: the API's groups and what parts contribute under `/admin`, and the documents beside it, all
 * behind the gate of the gateway's `Management`.
 */
import { Generations } from "@sluice/gateway/Generations"
import * as Management from "@sluice/gateway/Management"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { type Config, isLoopback } from "../Config.ts"
import { Configuration as ServedConfiguration } from "../reload/Configuration.ts"
import { Api } from "./Api.ts"
import * as Cache from "./Cache.ts"
import * as Configuration from "./Configuration.ts"
import * as Cooldowns from "./Cooldowns.ts"
import * as Credentials from "./Credentials.ts"
import * as Documents from "./Documents.ts"
import * as Exchanges from "./Exchanges.ts"
import * as Extensions from "./Extensions.ts"
import * as GenerationList from "./Generations.ts"
import * as Group from "./Group.ts"
import * as Keys from "./Keys.ts"
import * as Limits from "./Limits.ts"
import * as LoginPage from "./LoginPage.ts"
import * as Models from "./Models.ts"
import * as Operation from "./Operation.ts"
import * as Providers from "./Providers.ts"
import * as Reloads from "./Reloads.ts"
import * as Usage from "./Usage.ts"

/** The names of this machine to itself. */
const ownNames = ["localhost", "127.0.0.1", "[::1]"]

/** Where the surface is listened for. */
const hostOf = ({ admin, server }: Config): string => admin.port === undefined ? server.host : admin.host

/** Who may pass, by the configuration that is served at the moment. */
const access = (config: () => Config): Management.Access => ({
  token: () => config().auth.adminToken,
  // Reading is open to the machine itself, and never beyond it, wherever the surface listens
  isOpenToRead: () => config().auth.mode === "open" && isLoopback(hostOf(config())),
  hosts: () => config().admin.hosts ?? (isLoopback(hostOf(config())) ? ownNames : undefined)
})

const groups = Layer.mergeAll(
  Keys.layer,
  Exchanges.layer,
  Usage.layer,
  Limits.layer,
  Models.layer,
  Providers.layer,
  Credentials.layer,
  Cooldowns.layer,
  Cache.layer,
  Extensions.layer,
  Configuration.layer,
  Reloads.layer,
  GenerationList.layer
).pipe(Layer.provide(Group.layer))

/** The API as one effect, before its gate. */
const app = Management.alone(HttpApiBuilder.layer(Api).pipe(Layer.provide(groups), Layer.provide(HttpServer.layerServices)))

/** The whole surface. */
export const routes = Layer.unwrap(Effect.gen(function*() {
  const { current: config } = yield* ServedConfiguration
  yield* Operation.answering
  // A request holds what it works with: a configuration that is replaced meanwhile is not closed under it
  const { current, enter } = yield* Generations
  const contributions = Effect.map(enter, ({ management }) => management)
  return Layer.mergeAll(
    Management.mount({ access: access(config), contributions, fuses: current().fuses, app: yield* app }),
    Documents.routes(access(config), contributions),
    LoginPage.routes
  )
}))
