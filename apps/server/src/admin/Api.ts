/**
 * The management API as one value: every group, the scheme of its token, and the document made from both. Handlers are in the files of
 * the groups; nothing here needs a running server.
 */
import { HttpApi, OpenApi } from "effect/http-api"
import * as Cache from "./Cache.ts"
import * as Configuration from "./Configuration.ts"
import * as Cooldowns from "./Cooldowns.ts"
import * as Credentials from "./Credentials.ts"
import * as Exchanges from "./Exchanges.ts"
import * as Extensions from "./Extensions.ts"
import * as Generations from "./Generations.ts"
import * as Keys from "./Keys.ts"
import * as Limits from "./Limits.ts"
import * as Models from "./Models.ts"
import * as Providers from "./Providers.ts"
import * as Reloads from "./Reloads.ts"
import * as Usage from "./Usage.ts"

/** The part of a document that is touched here. */
interface Operation {
  readonly responses?: { readonly [status: string]: unknown }
}

const unauthorized = { description: "The token is missing or wrong. Nothing is said of whether the path exists." }

const isOperation = (value: unknown): value is Operation => typeof value === "object" && value !== null && "responses" in value

/** Every operation stands behind the gate, which the groups know nothing of. */
const withToken = (document: { readonly [key: string]: unknown }) => {
  const paths = Object.entries(Object(document["paths"])).map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(Object(item)).map(([method, operation]) => [
        method,
        isOperation(operation) ? { ...operation, security: [{ token: [] }], responses: { ...operation.responses, 401: unauthorized } } : operation
      ])
    )
  ])
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: { ...Object(document["components"]), securitySchemes: { token: { type: "http", scheme: "bearer", description: "`auth.adminToken`" } } },
    security: [{ token: [] }]
  }
}

/** The management API. */
export class Api extends HttpApi.make("admin")
  .add(
    Keys.group,
    Exchanges.group,
    Usage.group,
    Limits.group,
    Models.group,
    Providers.group,
    Credentials.group,
    Cooldowns.group,
    Cache.group,
    Extensions.group,
    Configuration.group,
    Reloads.group,
    Generations.group
  )
  .annotateMerge(OpenApi.annotations({
    title: "Sluice management API",
    version: "0.1.0",
    description: "Everything under `/admin`: keys, the record, usage, the configuration and operations. Errors are RFC 9457 problems.",
    transform: withToken
  }))
{}

/** The document of the API, as OpenAPI 3.1. */
export const document = () => OpenApi.fromApi(Api)
