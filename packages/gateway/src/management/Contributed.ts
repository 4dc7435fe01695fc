/**
 * Answers in the place of contributions: finds the one whose prefix a path has, gives it the rest of the path, and answers for it
 * when it fails, dies or hangs. What is installed is looked up for each request, because a new configuration may change it.
 */
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Contributions, Resource } from "../Management.ts"
import type { HttpApp } from "./Gate.ts"
import * as Problem from "./Problem.ts"

/** How long a contribution may take until its reply begins. */
const answersWithin = "30 seconds"

/** The reply of a path that nothing answers. */
export const nowhere: HttpApp = Effect.succeed(Problem.response(404, "Nothing answers here."))

const late = Problem.response(504, "The contribution did not answer in time.")

/** A path in its parts, without the empty ones, and the query behind it. */
const partsOf = (url: string): { readonly parts: ReadonlyArray<string>; readonly query: string } => {
  const at = url.indexOf("?")
  const path = at === -1 ? url : url.slice(0, at)
  return { parts: path.split("/").filter((part) => part !== ""), query: at === -1 ? "" : url.slice(at) }
}

const answer = (request: HttpServerRequest, app: HttpApp<unknown>, url: string): HttpApp<unknown> =>
  app.pipe(
    Effect.provideService(HttpServerRequest, request.modify({ url })),
    Effect.timeoutOrElse({ duration: answersWithin, orElse: () => Effect.succeed(late) })
  )

const serve = ({ body, contentType }: Resource): HttpServerResponse.HttpServerResponse =>
  typeof body === "string" ? HttpServerResponse.text(body, { contentType }) : HttpServerResponse.uint8Array(body, { contentType })

/** Answers what lies under the prefixes of contributions, and hands everything else on. */
export const before = <E>(contributions: Contributions, next: HttpApp<E>): HttpApp<unknown> =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest
    const { parts, query } = partsOf(request.url)
    const [, kind, id, ...rest] = parts
    if (id === undefined) return yield* next
    const path = `/${rest.join("/")}`
    if (kind === "extensions") {
      const found = (yield* contributions).find((each) => each._tag === "Routes" && each.id === id)
      return yield* found?._tag === "Routes" ? answer(request, found.app, path + query) : nowhere
    }
    if (kind !== "resources") return yield* next
    const all = (yield* contributions).flatMap((each) => each._tag === "Resources" && each.id === id ? each.resources : [])
    const found = all.find((resource) => resource.path === path)
    if (found === undefined) return yield* nowhere
    return request.method === "GET" || request.method === "HEAD" ? serve(found) : Problem.response(405, "Resources are only read.")
  })
