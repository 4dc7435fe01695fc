/**
 * The dialects' own routes: every generate endpoint of every installed dialect, and the model lists. Where two protocols share
 * a path, the one whose headers the client sent answers.
 */
import type { Dialect, Endpoint, ListedModel } from "@sluice/protocol/Dialect"
import { fail, type Failure } from "@sluice/protocol/GatewayError"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import type { HttpRouter, PathInput } from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import { generate } from "../ExchangeId.ts"
import type { Gateway } from "../Gateway.ts"
import type { Generations } from "../Generations.ts"
import * as Listing from "../models/Listing.ts"
import * as Pipeline from "../Pipeline.ts"
import * as Reply from "../Reply.ts"
import * as ClientSecret from "./ClientSecret.ts"
import * as RequestBody from "./RequestBody.ts"

interface Served {
  readonly dialect: Dialect
  readonly endpoint: Endpoint
  /** Matches the endpoint's path; its group is the model's name. */
  readonly path: RegExp
}

type Group = readonly [Served, ...ReadonlyArray<Served>]

/** The router's path of an endpoint: what stands before the model's name, which may contain slashes. A list and its members are one route. */
const toRoute = ({ operation, path }: Endpoint): PathInput => {
  const [before = path] = path.split(/\/?\{model\}/)
  return path.includes("{model}") || operation === "models" ? `/${before.slice(1)}/*` : `/${before.slice(1)}`
}

const toPattern = (path: string): RegExp => new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&").replace("{model}", "(.+)")}$`)

/** A question is served where the dialect says how it is asked. */
const isServed = (dialect: Dialect, { operation }: Endpoint): boolean =>
  operation === "count" ? dialect.count !== undefined : operation === "embed" ? dialect.embed !== undefined : true

/** Several endpoints, of one dialect or of several, may share a method and a route. */
const byRoute = (dialects: ReadonlyArray<Dialect>): ReadonlyArray<Group> => {
  const groups = new Map<string, [Served, ...Array<Served>]>()
  for (const dialect of dialects) {
    for (const endpoint of dialect.endpoints.filter((each) => isServed(dialect, each))) {
      const key = `${endpoint.method} ${toRoute(endpoint)}`
      const served: Served = { dialect, endpoint, path: toPattern(endpoint.path) }
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [served])
      else group.push(served)
    }
  }
  return [...groups.values()]
}

/** What was asked for, told by the path and the query. */
interface Asked {
  readonly served: Served
  readonly model: string | undefined
}

/** The endpoint that fits path, query and headers best; `undefined` where none has this path. */
const choose = (group: Group, request: HttpServerRequest): Asked | undefined => {
  const [path = "", query = ""] = request.url.split("?", 2)
  const parameters = new URLSearchParams(query)
  const fits = group.flatMap((served) => {
    const found = served.path.exec(path)
    return found === null ? [] : [{ served, model: found[1] === undefined ? undefined : decoded(found[1]) }]
  })
  const asked = fits.filter(({ served: { endpoint } }) => endpoint.query === undefined || parameters.get(endpoint.query.name) === endpoint.query.value)
  const inQuery = asked.filter(({ served }) => served.endpoint.query !== undefined)
  const best = inQuery.length > 0 ? inQuery : asked
  return best.find(({ served }) => served.dialect.headers.forwarded.some((name) => request.headers[name] !== undefined)) ?? best[0]
}

/** A part of a path without its percent signs; as it is where they mean nothing. */
const decoded = (text: string): string => {
  // decodeURIComponent has no other way to refuse; the exception ends here
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The list, or the page of it that the query asks for. */
const page = (dialect: Dialect, all: ReadonlyArray<ListedModel>, url: string): Result.Result<JsonObject, Failure> => {
  if (dialect.models.page === undefined) return Result.succeed(dialect.models.list(all))
  const [, query = ""] = url.split("?", 2)
  const found = dialect.models.page(all, Object.fromEntries(new URLSearchParams(query)))
  return Result.map(found, (cut) => dialect.models.list(cut.models, cut.hasMore))
}

const one = (dialect: Dialect, known: ListedModel | undefined, model: string): Result.Result<JsonObject, Failure> =>
  known === undefined
    ? Result.fail({ class: "model-not-found", message: `The model "${model}" is not listed here.`, code: "model_not_found" })
    : Result.succeed(dialect.models.one(known))

const models = Effect.fnUntraced(function*(gateway: Gateway, { model, served: { dialect } }: Asked, request: HttpServerRequest) {
  const id = generate(gateway.clock.currentTimeMillisUnsafe(), gateway.random)
  const allowed = yield* Effect.result(gateway.authenticator.authenticate(ClientSecret.presented(request, dialect, gateway)))
  if (Result.isFailure(allowed)) return Reply.error(dialect, id, allowed.failure.failure)
  const snapshot = gateway.registry.current()
  const told = model === undefined
    ? page(dialect, Listing.list(gateway, snapshot, allowed.success), request.url)
    : one(dialect, Listing.one(gateway, snapshot, allowed.success, model), model)
  return Result.isFailure(told) ? Reply.error(dialect, id, told.failure) : HttpServerResponse.jsonUnsafe(told.success, { headers: Reply.identity(dialect, id) })
})

/** Headers a request may have. */
const maxHeaders = 100

const tooManyHeaders = (gateway: Gateway, dialect: Dialect) =>
  Reply.error(
    dialect,
    generate(gateway.clock.currentTimeMillisUnsafe(), gateway.random),
    fail({ class: "bad-request", status: 431, message: `The request has more than ${maxHeaders} headers.` }).failure
  )

const call = (gateway: Gateway, { model, served: { dialect, endpoint } }: Asked, request: HttpServerRequest) => {
  const body = RequestBody.of(request, gateway.settings.bodyLimitBytes)
  return Pipeline.handle(gateway, {
    ...ClientSecret.presented(request, dialect, gateway),
    body: body.bytes,
    dialect,
    endpoint,
    told: {
      ...(model === undefined ? {} : { model }),
      ...(endpoint.stream.in === "path" ? { stream: endpoint.stream.is ?? false } : {})
    },
    text: body.text
  })
}

const nowhere = (gateway: Gateway, { dialect }: Served, request: HttpServerRequest) =>
  Reply.error(
    dialect,
    generate(gateway.clock.currentTimeMillisUnsafe(), gateway.random),
    fail({ class: "not-found", message: `Nothing answers ${request.method} ${request.url.split("?")[0]}.` }).failure
  )

/** Adds the routes of all dialects of the first generation; each call takes the generation that is the current one when it comes. */
export const add = Effect.fnUntraced(function*(router: HttpRouter, { current, enter }: Generations["Service"]) {
  for (const group of byRoute(current().dialects)) {
    const [first] = group
    yield* router.add(
      first.endpoint.method,
      toRoute(first.endpoint),
      Effect.gen(function*() {
        const request = yield* HttpServerRequest
        const gateway = yield* enter
        const asked = choose(group, request)
        if (asked === undefined) return nowhere(gateway, first, request)
        if (Object.keys(request.headers).length > maxHeaders) return tooManyHeaders(gateway, asked.served.dialect)
        return asked.served.endpoint.operation === "models" ? yield* models(gateway, asked, request) : yield* call(gateway, asked, request)
      })
    )
  }
})
