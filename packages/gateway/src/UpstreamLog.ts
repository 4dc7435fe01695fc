/**
 * The log of everything that is asked of providers: one line for each request, with what came of it and how long its head took. Names
 * method, host and path; no query, header or body, which may hold secrets. Put around whatever client is used.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { now } from "./SteadyTime.ts"
import { UpstreamClient, type UpstreamRequest } from "./UpstreamClient.ts"

const facts = ({ method, url }: UpstreamRequest) => ({ method, host: url.host, path: url.pathname })

/** Logs what passes through a client, at the level `Debug`. */
export const logged = (client: UpstreamClient["Service"]): UpstreamClient["Service"] =>
  UpstreamClient.of({
    open: (request) =>
      Effect.flatMap(Clock.Clock, (clock) => {
        const startedAt = now(clock)
        return client.open(request).pipe(
          Effect.onExit((exit) =>
            Effect.logDebug("Asked a provider", {
              ...facts(request),
              headMs: Math.round(now(clock) - startedAt),
              ...(Exit.isSuccess(exit) ? { status: exit.value.status } : Exit.hasInterrupts(exit) ? { gaveUp: true } : { failed: true })
            })
          )
        )
      })
  })

/** The client that is provided to it, with the log. */
export const layer: Layer.Layer<UpstreamClient, never, UpstreamClient> = Layer.effect(UpstreamClient, UpstreamClient.useSync(logged))
