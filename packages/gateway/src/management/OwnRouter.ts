/**
 * Routes on a router that nobody else has. A server's router is one layer, and whoever builds routes inside the server gets that one,
 * even where he provides another in its place: routes that belong behind the gate would stand beside it.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { HttpApp } from "./Gate.ts"

/** The routes as one effect. */
export const alone = <E, R>(routes: Layer.Layer<never, E, R>): Effect.Effect<HttpApp<unknown>, E, Exclude<R, HttpRouter.HttpRouter> | Scope.Scope> =>
  Effect.gen(function*() {
    const router = yield* HttpRouter.make
    yield* Layer.build(Layer.provide(routes, Layer.succeed(HttpRouter.HttpRouter)(router)))
    return router.asHttpEffect()
  })
