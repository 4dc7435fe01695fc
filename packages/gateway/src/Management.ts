/**
 * What parts of a gateway add to its management surface: HTTP endpoints of their own under `/admin/extensions/<id>/…`, and pages
 * and files under `/admin/resources/<id>/…` that a console can list in its menu. A contribution has a router of its own, so that it
 * can answer nothing outside its prefix, and everything under `/admin` stands behind one gate that asks for the operator's token.
 *
 * @example
 * const group = HttpApiGroup.make("counter").add(HttpApiEndpoint.get("read", "/count", { success: Schema.Int }))
 * const api = HttpApi.make("counter").add(group)
 * const handlers = HttpApiBuilder.group(api, "counter", (handlers) => handlers.handle("read", () => Effect.succeed(1)))
 * Management.routes({ id: "counter", title: "Counter", api, handlers })
 */
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Fuses } from "./Fuse.ts"
import * as Contributed from "./management/Contributed.ts"
import { type Access, guard, type HttpApp } from "./management/Gate.ts"
import { alone } from "./management/OwnRouter.ts"
import { Managements } from "./Registries.ts"

export { type Access, guard, type HttpApp } from "./management/Gate.ts"
export { alone } from "./management/OwnRouter.ts"

/** A contribution cannot be installed as it is. */
export class ManagementError extends Schema.TaggedError<ManagementError>()("ManagementError", { id: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `the management contribution "${this.id}" ${this.reason}`
  }
}

/** A page or a file, given as it is to GET. */
export interface Resource {
  /** Below the contribution's prefix: `/status.html`. */
  readonly path: string
  readonly contentType: string
  readonly body: string | Uint8Array
  /** How a console lists it; absent = it is only reached by its address. */
  readonly menu?: { readonly title: string; readonly description?: string }
}

/** One operation of contributed routes, for lists and for walks over everything there is. */
export interface Operation {
  readonly method: string
  /** With the contribution's prefix; parameters are written `:name`. */
  readonly path: string
}

/** What one part contributes. */
export type Contribution =
  | {
    readonly _tag: "Routes"
    /** Lower-case letters, digits and `-`: a part of the path. */
    readonly id: string
    readonly title: string
    /** With the full paths, for the document of the API. */
    readonly api: HttpApi.Top
    readonly operations: ReadonlyArray<Operation>
    /** Answers paths without the prefix. */
    readonly app: HttpApp<unknown>
  }
  | {
    readonly _tag: "Resources"
    readonly id: string
    readonly title: string
    readonly resources: ReadonlyArray<Resource>
  }

/** Where everything of the management surface lies. */
export const prefix = "/admin"

/** Where the routes of a contribution lie. */
export const routesPrefix = (id: string): `/${string}` => `${prefix}/extensions/${id}`

/** Where the resources of a contribution lie. */
export const resourcesPrefix = (id: string): `/${string}` => `${prefix}/resources/${id}`

const isId = (id: string): boolean => /^[a-z0-9][a-z0-9-]{0,63}$/.test(id)

const checked = (id: string): Effect.Effect<void, ManagementError> =>
  isId(id) ? Effect.void : new ManagementError({ id, reason: "has an id that is not made of lower-case letters, digits and -" })

/** Endpoints to contribute. */
export interface RoutesOptions<Id extends string, Groups extends HttpApiGroup.Constraint, E, R> {
  readonly id: string
  readonly title: string
  /** Its paths are those below the contribution's prefix. */
  readonly api: HttpApi.HttpApi<Id, Groups>
  /** The handlers of all its groups, as `HttpApiBuilder.group` makes them. */
  readonly handlers: Layer.Layer<HttpApiGroup.ToService<Id, Groups>, E, R>
}

const operationsOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(api: HttpApi.HttpApi<Id, Groups>): ReadonlyArray<Operation> => {
  const operations: Array<Operation> = []
  HttpApi.reflect(api, { onGroup: () => {}, onEndpoint: ({ endpoint }) => void operations.push({ method: endpoint.method, path: endpoint.path }) })
  return operations
}

/** Contributes endpoints. A handler that fails, dies or hangs is answered for in its place: nothing else is touched. */
export const routes = <Id extends string, Groups extends HttpApiGroup.Constraint, E, R>(
  options: RoutesOptions<Id, Groups, E, R>
): Layer.Layer<never, E | ManagementError, Exclude<R, Scope.Scope> | Managements> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const { handlers, id, title } = options
    yield* checked(id)
    const registry = yield* Managements
    const built = yield* Layer.build(handlers)
    // The compiler does not reduce the requirements of an API it does not know: what is asked for is exactly what was built above
    const answering = HttpApiBuilder.layer(options.api).pipe(
      Layer.provide(Layer.succeedContext(built)),
      Layer.provide(HttpServer.layerServices)
    ) as Layer.Layer<never, never, HttpRouter.HttpRouter>
    const app = yield* alone(answering)
    const api: unknown = options.api.prefix(routesPrefix(id))
    if (!HttpApi.isHttpApi(api)) return yield* new ManagementError({ id, reason: "has no API" })
    yield* registry.register({ _tag: "Routes", id, title, api, operations: operationsOf(api), app })
  }))

/** Pages and files to contribute. */
export interface ResourcesOptions {
  readonly id: string
  readonly title: string
  readonly resources: ReadonlyArray<Resource>
}

/** Contributes pages and files. */
export const resources = ({ id, resources, title }: ResourcesOptions): Layer.Layer<never, ManagementError, Managements> =>
  Layer.effectDiscard(Effect.gen(function*() {
    yield* checked(id)
    const wrong = resources.find(({ path }) => !/^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/.test(path))
    if (wrong !== undefined) return yield* new ManagementError({ id, reason: `has a resource whose path is not plain: ${JSON.stringify(wrong.path)}` })
    yield* Managements.use((registry) => registry.register({ _tag: "Resources", id, title, resources }))
  }))

/** The contributions of a gateway, each with an address of its own. */
export const distinct = (contributions: ReadonlyArray<Contribution>): Effect.Effect<ReadonlyArray<Contribution>, ManagementError> => {
  const taken = new Set<string>()
  for (const contribution of contributions) {
    const { id } = contribution
    const places = contribution._tag === "Routes" ? [routesPrefix(id)] : contribution.resources.map(({ path }) => resourcesPrefix(id) + path)
    const twice = places.find((place) => taken.has(place))
    if (twice !== undefined) return new ManagementError({ id, reason: `answers ${twice}, which another part answers already` })
    for (const place of places) taken.add(place)
  }
  return Effect.succeed(contributions)
}

/** What is installed at the moment; what is found stays open until the request is over. */
export type Contributions = Effect.Effect<ReadonlyArray<Contribution>, never, Scope.Scope>

/** A management surface. */
export interface Surface {
  readonly access: Access
  readonly contributions: Contributions
  /** What guards contributions that fail again and again; absent = nothing. */
  readonly fuses?: Fuses["Service"]
  /** What answers everything that is no contribution; absent = nothing. */
  readonly app?: HttpApp<unknown>
}

/** Puts the surface under `/admin` of a router, behind its gate: whatever lies there, and whatever does not. */
export const mount = ({ access, app, contributions, fuses }: Surface): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.add("*", `${prefix}/*`, guard(Contributed.before(contributions, app ?? Contributed.nowhere, fuses), access))
