/** The management surface of the server: `/admin`, `/docs` and `/openapi.json`, where the configuration has it. What is in it is in `admin/`. */
import * as Management from "@sluice/gateway/Management"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { Elsewhere } from "./admin/Operation.ts"
import * as Routes from "./admin/Routes.ts"
import type { Config } from "./Config.ts"
import type { Surroundings } from "./Surroundings.ts"

/** The surface; nothing where it is turned off. */
export const routes = ({ admin: { enabled } }: Config, { others }: Surroundings) =>
  enabled ? Layer.provide(Routes.routes, others === undefined ? Layer.empty : Layer.succeed(Elsewhere, others)) : Layer.empty

/** The surface behind a server of its own. On a router of its own, because that of the gateway's server would answer there too. */
export const serve = (config: Config, around: Surroundings) =>
  Layer.unwrap(Effect.map(Management.alone(routes(config, around)), (app) => HttpServer.serve(app)))
