/**
 * The dialects' own routes: every generate endpoint of every installed dialect, and the model lists. Where two protocols share
 * a path, the one whose headers the client sent answers.
 */
import type { Dialect, Endpoint, ListedModel } from "@sluice/protocol/Dialect"
import { fail } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import type { HttpRouter, PathInput } from "effect/http/HttpRouter"
import * as HttpRouterModule from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { generate } from "../ExchangeId.ts"
import type { Gateway } from "../Gateway.ts"
import * as ModelAccess from "../ModelAccess.ts"
import * as ModelRegistry from "../ModelRegistry.ts"
import * as Pipeline from "../Pipeline.ts"
import type { Principal } from "../Principal.ts"
import * as Reply from "../Reply.ts"
import * as ClientSecret from "./ClientSecret.ts"
import * as RequestBody from "./RequestBody.ts"

interface Served {
  readonly dialect: Dialect
  readonly endpoint: Endpoint
}

/** Several dialects may answer on one method and path. */
const byPath = (dialects: ReadonlyArray<Dialect>): ReadonlyArray<readonly [Served, ...ReadonlyArray<Served>]> => {
  const groups = new Map<string, [Served, ...Array<Served>]>()
  for (const dialect of dialects) {
    for (const endpoint of dialect.endpoints) {
      const key = `${endpoint.method} ${toRoute(endpoint)}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [{ dialect, endpoint }])
      else group.push({ dialect, endpoint })
    }
  }
  return [...groups.values()]
}

const choose = (group: readonly [Served, ...ReadonlyArray<Served>], headers: { readonly [name: string]: string | undefined }): Served =>
  group.find(({ dialect }) => dialect.headers.forwarded.some((name) => headers[name] !== undefined)) ?? group[0]

/** The router's path of an endpoint. A list and its members are one route: model names may contain slashes, and its `/*` matches the list too. */
const toRoute = ({ operation, path }: Endpoint): PathInput => {
  const base = path.replace(/\/?\{model\}$/, "").slice(1)
  return operation === "models" ? `/${base}/*` : `/${base}`
}

/** The models a caller may use, by their exact names. */
const listed = (gateway: Gateway, principal: Principal): ReadonlyArray<ListedModel> =>
  ModelRegistry.list(gateway.registry.current()).filter(({ id }) => ModelAccess.isAllowed(principal, id)).map(({ id }) => ({ id, ownedBy: "sluice" }))

const models = Effect.fnUntraced(function*(gateway: Gateway, { dialect }: Served, request: HttpServerRequest) {
  const id = generate(gateway.clock.currentTimeMillisUnsafe(), gateway.random)
  const secret = ClientSecret.find(request.headers, dialect, gateway.dialects)
  const allowed = yield* Effect.result(gateway.authenticator.authenticate({ method: request.method, path: request.url, headers: request.headers, secret }))
  if (allowed._tag === "Failure") return Reply.error(dialect, id, allowed.failure.failure)
  const name = (yield* HttpRouterModule.params)["*"] ?? ""
  if (name === "") return HttpServerResponse.jsonUnsafe(dialect.models.list(listed(gateway, allowed.success)), { headers: { "x-request-id": id } })
  const known = listed(gateway, allowed.success).find((model) => model.id === name)
  if (known !== undefined) return HttpServerResponse.jsonUnsafe(dialect.models.one(known), { headers: { "x-request-id": id } })
  return Reply.error(dialect, id, fail({ class: "model-not-found", message: `The model "${name}" is not listed here.`, code: "model_not_found" }).failure)
})

const call = (gateway: Gateway, { dialect, endpoint }: Served, request: HttpServerRequest) =>
  Pipeline.handle(gateway, {
    dialect,
    endpoint,
    method: request.method,
    path: request.url,
    headers: request.headers,
    told: {},
    secret: ClientSecret.find(request.headers, dialect, gateway.dialects),
    text: RequestBody.read(request, gateway.settings.bodyLimitBytes)
  })

/** Adds the routes of all installed dialects. */
export const add = Effect.fnUntraced(function*(router: HttpRouter, gateway: Gateway) {
  for (const group of byPath(gateway.dialects)) {
    const [{ endpoint }] = group
    if (endpoint.operation === "count") continue
    yield* router.add(
      endpoint.method,
      toRoute(endpoint),
      Effect.gen(function*() {
        const request = yield* HttpServerRequest
        const served = choose(group, request.headers)
        return served.endpoint.operation === "models" ? yield* models(gateway, served, request) : yield* call(gateway, served, request)
      })
    )
  }
})
