/**
 * A gateway over HTTP, composed from parts: `serve(parts, { dialects })` takes executors, extensions and interceptors as one
 * merged layer, and asks by type for the ledger, the authenticator and the HTTP server it needs. A missing piece does not compile.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { Generations, layer as generations } from "./Generations.ts"
import * as ClientHabits from "./http/ClientHabits.ts"
import * as ClientSecret from "./http/ClientSecret.ts"
import * as DialectRoutes from "./http/DialectRoutes.ts"
import * as PassthroughRoutes from "./http/PassthroughRoutes.ts"
import type { ExecutorInstalled } from "./HttpExecutor.ts"
import * as Lifecycle from "./Lifecycle.ts"
import type { Options } from "./Start.ts"

export type { Options } from "./Start.ts"

/** The routes over whatever generation is the current one, for a server that replaces them. The protocols are those of the first. */
export const routesOfGenerations: Layer.Layer<never, never, Generations | HttpRouter.HttpRouter> = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const all = yield* Generations
  yield* DialectRoutes.add(router, all)
  yield* PassthroughRoutes.add(router, all)
  yield* ClientHabits.add(router, all.current())
}))

/** The gateway's routes, for a server of one's own making; shows the generations, so that its parts can be replaced while it serves. */
export const routes = <E, R>(parts: Layer.Layer<ExecutorInstalled, E, R>, options: Options) =>
  routesOfGenerations.pipe(Layer.provideMerge(generations(parts, options)))

/** The gateway behind an HTTP server. */
export const serve = <E, R>(parts: Layer.Layer<ExecutorInstalled, E, R>, options: Options) =>
  HttpRouter.serve(routes(parts, options).pipe(Layer.provide(Lifecycle.layer)), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(layerRedacted(options.dialects))
  )

/** Keeps the secrets clients may send in the query out of a server's spans: for a server of one's own making. `serve` has it already. */
export const layerRedacted: (dialects: ReadonlyArray<Dialect>) => Layer.Layer<never> = ClientSecret.layerRedacted
