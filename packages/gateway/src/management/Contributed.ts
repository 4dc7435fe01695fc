/**
 * Answers in the place of contributions: finds the one whose prefix a path has, gives it the rest of the path, and answers for it
 * when it fails, dies or hangs. What is installed is looked up for each request, because a new configuration may change it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerError from "effect/http/HttpServerError"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Fuses } from "../Fuse.ts"
import type { Contributions, Resource } from "../Management.ts"
import * as Metrics from "../Metrics.ts"
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

const fused = Problem.response(503, "The contribution failed too often and is not called until its fuse is reset.")

/** What of a defect is told to operators. */
const textOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Whether somebody made a mistake, and not the client: a reply may come as a defect too, and says itself what it is. */
const isFault = (cause: Cause.Cause<unknown>): Effect.Effect<boolean> =>
  Cause.hasInterruptsOnly(cause) ? Effect.succeed(false) : Effect.map(HttpServerError.causeResponse(cause), ([{ status }]) => status >= 500)

const answer = (request: HttpServerRequest, app: HttpApp<unknown>, url: string, id: string, fuses: Fuses["Service"] | undefined): HttpApp<unknown> => {
  const fuse = fuses?.of({ kind: "other", id: `management-${id}`, failPolicy: "closed" })
  if (fuse?.isFused() === true) return Effect.succeed(fused)
  const noted = (kind: "defect" | "timeout", message: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      Metrics.partFault(`other:management-${id}`, kind)
      fuse?.fault(message, now)
    })
  return app.pipe(
    Effect.provideService(HttpServerRequest, request.modify({ url })),
    Effect.timeoutOrElse({ duration: answersWithin, orElse: () => Effect.as(noted("timeout", `It took longer than ${answersWithin}.`), late) }),
    Effect.tapCause((cause) => Effect.flatMap(isFault(cause), (isIts) => isIts ? noted("defect", textOf(cause)) : Effect.void))
  )
}

const serve = ({ body, contentType }: Resource): HttpServerResponse.HttpServerResponse =>
  typeof body === "string" ? HttpServerResponse.text(body, { contentType }) : HttpServerResponse.uint8Array(body, { contentType })

/** Answers what lies under the prefixes of contributions, and hands everything else on. Without fuses a faulty one is called all the same. */
export const before = <E>(contributions: Contributions, next: HttpApp<E>, fuses?: Fuses["Service"]): HttpApp<unknown> =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest
    const { parts, query } = partsOf(request.url)
    const [, kind, id, ...rest] = parts
    if (id === undefined) return yield* next
    const path = `/${rest.join("/")}`
    if (kind === "extensions") {
      const found = (yield* contributions).find((each) => each._tag === "Routes" && each.id === id)
      return yield* found?._tag === "Routes" ? answer(request, found.app, path + query, id, fuses) : nowhere
    }
    if (kind !== "resources") return yield* next
    const all = (yield* contributions).flatMap((each) => each._tag === "Resources" && each.id === id ? each.resources : [])
    const found = all.find((resource) => resource.path === path)
    if (found === undefined) return yield* nowhere
    return request.method === "GET" || request.method === "HEAD" ? serve(found) : Problem.response(405, "Resources are only read.")
  })
