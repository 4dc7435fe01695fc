/**
 * Tells extensions every event of every answer, beside the exchanges: each has a bounded queue of its own and a fiber that empties it,
 * so that one that is slow delays neither answers nor others. What does not fit is dropped and counted.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ExchangeContext, Extension } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import type { Installed } from "./Hooks.ts"
import * as Signal from "./internal/Signal.ts"
import * as Metrics from "./Metrics.ts"
import * as PartCall from "./PartCall.ts"

/** A queue as management shows it. */
export interface Status {
  readonly extension: string
  /** Frames that wait. */
  readonly waiting: number
  /** Events that were dropped since the start. */
  readonly dropped: number
}

/** The extensions that observe. */
export interface Observers {
  /** Hands over the events of one frame; never waits. */
  readonly offer: (events: ReadonlyArray<CanonicalEvent>, context: ExchangeContext) => void
  /** Waits until an extension was told what was handed over before; at once for one that does not observe. */
  readonly told: (extension: string) => Effect.Effect<void>
  readonly status: () => ReadonlyArray<Status>
}

/** Frames that may wait for one extension. */
export const capacity = 4096

type Observe = NonNullable<Extension["observe"]>

interface Waiting {
  readonly events: ReadonlyArray<CanonicalEvent>
  readonly context: ExchangeContext
}

type Queue = ReturnType<typeof queueOf>

const queueOf = (hook: Installed<Observe>) => {
  const signal = Signal.make()
  let waiting: Array<Waiting> = []
  /** Frames that were handed over, and those that were told, since the start. */
  let offered = 0
  let told = 0
  let dropped = 0
  const marks: Array<{ readonly at: number; readonly resume: () => void }> = []

  return {
    hook,
    signal,
    offer: (one: Waiting): void => {
      if (offered - told >= capacity) {
        dropped += one.events.length
        Metrics.observationsDropped(hook.id, one.events.length)
        return
      }
      offered += 1
      waiting.push(one)
      signal.wake()
    },
    take: (): ReadonlyArray<Waiting> => {
      const taken = waiting
      waiting = []
      return taken
    },
    tell: (): void => {
      told += 1
      while (marks[0] !== undefined && marks[0].at <= told) marks.shift()?.resume()
    },
    reached: Effect.callback<void>((resume) => {
      if (told >= offered) return resume(Effect.void)
      marks.push({ at: offered, resume: () => resume(Effect.void) })
    }),
    status: (): Status => ({ extension: hook.id, waiting: offered - told, dropped })
  }
}

const drain = (place: Pick<PartCall.Place, "gateway">, queue: Queue): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (const { context, events } of queue.take()) {
      const at: PartCall.Place = { ...place, exchange: { id: context.id, step: undefined }, step: "observe" }
      for (const event of events) yield* Effect.ignore(PartCall.run(at, queue.hook, (observe) => observe(event, context), undefined))
      queue.tell()
    }
    yield* queue.signal.await
  }).pipe(Effect.forever)

/** Starts a queue for each extension that observes, until the scope closes; `undefined` where none does. */
export const start = Effect.fnUntraced(function*(
  gateway: Pick<Gateway, "clock" | "wheel">,
  hooks: ReadonlyArray<Installed<Observe>>
): Effect.fn.Return<Observers | undefined, never, Scope.Scope> {
  if (hooks.length === 0) return undefined
  const queues = hooks.map(queueOf)
  yield* Effect.forEach(queues, (queue) => Effect.forkScoped(drain({ gateway }, queue)), { discard: true })
  return {
    offer: (events, context) => {
      if (events.length > 0) { for (const queue of queues) queue.offer({ events, context }) }
    },
    told: (extension) => queues.find(({ hook }) => hook.id === extension)?.reached ?? Effect.void,
    status: () => queues.map((queue) => queue.status())
  }
})
