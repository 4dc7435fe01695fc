/**
 * What an operator does to the state of a process: each worker of a server has its own, so it is done in all of them. Plain data, because
 * it travels between processes.
 */
import type { Gateway } from "@sluice/gateway/Gateway"
import { Generations } from "@sluice/gateway/Generations"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Context, Effect, Schema } from "effect"
import { Unavailable } from "./Problems.ts"

const Text = Schema.optionalKey(Schema.String)

/** One operation. */
export const Operation = Schema.TaggedUnion({
  Drain: { provider: ProviderId },
  Undrain: { provider: ProviderId },
  ResetCooldowns: { which: Schema.Struct({ provider: Text, credential: Text, model: Text }) },
  ResetFuse: { id: Schema.String }
})

/** The type of `Operation`. */
export type Operation = typeof Operation.Type

/** The other processes of the server. */
export interface Others {
  /** Does it in all of them. */
  readonly perform: (operation: Operation) => Effect.Effect<void, { readonly message: string }>
  /** Says what is done here when one of them asks. */
  readonly onAsked: (perform: (operation: Operation) => void) => void
}

/** There are no others, unless somebody says so. */
export const Elsewhere = Context.Reference<Others>("@sluice/server/admin/Elsewhere", {
  defaultValue: () => ({ perform: () => Effect.void, onAsked: () => {} })
})

/** Does it in this process. */
const perform = ({ fuses, scheduling }: Gateway, operation: Operation): void =>
  Operation.match(operation, {
    Drain: ({ provider }) => scheduling.drain(provider),
    Undrain: ({ provider }) => scheduling.undrain(provider),
    ResetCooldowns: ({ which }) => void scheduling.reset(which),
    ResetFuse: ({ id }) => void fuses.reset(id)
  })

/** Does what the other processes ask for, as long as there is a gateway. */
export const answering = Effect.gen(function*() {
  const { current } = yield* Generations
  const { onAsked } = yield* Elsewhere
  onAsked((operation) => perform(current(), operation))
})

/** Does an operation in every process of the server; what fails in another one was done here all the same. */
export const everywhere = Effect.gen(function*() {
  const { current } = yield* Generations
  const elsewhere = yield* Elsewhere
  return (operation: Operation): Effect.Effect<void, Unavailable> =>
    Effect.suspend(() => {
      perform(current(), operation)
      return elsewhere.perform(operation).pipe(
        Effect.mapError(({ message }) => new Unavailable({ detail: `It was done in this process, and not in every other: ${message}.` }))
      )
    })
})
