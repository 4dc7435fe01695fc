/** A provider that is nothing but its list of models: an executor whose answers a test writes, with a log of what it was asked. */
import * as ByteSource from "@sluice/gateway/ByteSource"
import type { Credential } from "@sluice/gateway/Credential"
import type { AttemptRequest, Executor } from "@sluice/gateway/Executor"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { defaults } from "@sluice/gateway/Timeouts"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type { Json } from "@sluice/protocol/Wire"
import { Effect } from "effect"

/** What the provider answers: a body with status 200, or another status. */
export type Told = Json | { readonly status: number; readonly body: string }

/** One question for a list. */
export interface Asked {
  readonly query: { readonly [parameter: string]: string }
  readonly credential: string | undefined
}

/** The provider. */
export interface ListProvider {
  readonly executor: Executor
  readonly log: Array<Asked>
}

const isReply = (told: Told): told is { readonly status: number; readonly body: string } =>
  typeof told === "object" && told !== null && !Array.isArray(told) && "status" in told && "body" in told

/** A provider that answers what `answer` gives for a question. */
export const provider = (
  id: string,
  dialect: Dialect,
  answer: (asked: Asked, times: number) => Told | Effect.Effect<Told, GatewayError>,
  credentials?: () => ReadonlyArray<Credential>
): ListProvider => {
  const log: Array<Asked> = []
  const open = (request: AttemptRequest) =>
    Effect.gen(function*() {
      const asked: Asked = { query: request.query ?? {}, credential: request.credential?.id }
      log.push(asked)
      const given = answer(asked, log.length)
      const told = Effect.isEffect(given) ? yield* given : given
      const { body, status } = isReply(told) ? told : { status: 200, body: JSON.stringify(told) }
      return { status, headers: { "content-type": "application/json" }, body: ByteSource.fromChunks([new TextEncoder().encode(body)]) }
    })
  const executor: Executor = { id: ProviderId.make(id), dialect, limits: defaults, retries: 0, open, ...(credentials === undefined ? {} : { credentials }) }
  return { executor, log }
}
