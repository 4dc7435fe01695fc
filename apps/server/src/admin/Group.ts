/** What all groups of the management API have in common: where they lie, how their errors look, and that nothing is silently ignored. */
import { HttpApi, type HttpApiEndpoint, type HttpApiGroup, HttpApiMiddleware, OpenApi } from "effect/http-api"

/** Unknown keys of a body or a query are mistakes, and all mistakes are told at once. */
const strict = { onExcessProperty: "error", errors: "all" } as const

/** A group whose endpoints are all there. */
export const finished = <const Id extends string, Endpoints extends HttpApiEndpoint.Constraint>(
  group: HttpApiGroup.HttpApiGroup<Id, Endpoints>,
  title: string,
  description: string
) =>
  group
    .prefix("/admin")
    .middleware(HttpApiMiddleware.ProblemDetails)
    .annotate(HttpApi.PayloadParseOptions, strict)
    .annotate(HttpApi.QueryParseOptions, strict)
    .annotateMerge(OpenApi.annotations({ title, description }))

/** The middleware all groups stand behind: a request that does not decode is a problem that says where. */
export const layer = HttpApiMiddleware.layerProblemDetails({ includeDetails: true })
