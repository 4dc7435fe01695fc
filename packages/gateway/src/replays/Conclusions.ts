/**
 * Tells the store how claims ended, and again later where it could not be told: a claim nobody concludes would block its key for
 * as long as this process lives. Gives the store a sign of life while claims are open.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Ask, ReplayStore, ReplayStoreUnavailable, Told } from "../ReplayStore.ts"
import * as ReplayMetrics from "./ReplayMetrics.ts"

/** How a claim ended. */
export type Conclusion = Ask & { readonly _tag: "Keep" | "Lose" | "Release" }

/** The claims of this process. */
export interface Conclusions {
  /** One more claim is open. */
  readonly opened: () => void
  readonly conclude: (conclusion: Conclusion) => Effect.Effect<void>
  /** Says it with the next sign of life. */
  readonly later: (conclusion: Conclusion) => void
}

interface Options {
  readonly store: ReplayStore["Service"]
  readonly heartbeatMs: number
  readonly alive: Ask & { readonly _tag: "Alive" }
  readonly onConcluded: (scope: string) => void
}

/** Conclusions that may wait for the store at most, and the letters of answers among them; what is more forgets its answer. */
const capacity = 10_000
const capacityLetters = 16 * 1024 * 1024

const lettersOf = (conclusion: Conclusion): number => conclusion._tag === "Keep" ? conclusion.sealed.length : 0

/** Keeps up the signs of life until the scope closes. */
export const make = Effect.fnUntraced(function*({ alive, heartbeatMs, onConcluded, store }: Options): Effect.fn.Return<Conclusions, never, Scope.Scope> {
  const waiting = new Map<string, Conclusion>()
  let letters = 0
  let open = 0

  const forget = (claim: string): void => {
    const known = waiting.get(claim)
    if (known === undefined) return
    letters -= lettersOf(known)
    waiting.delete(claim)
  }

  const later = (conclusion: Conclusion): void => {
    if (waiting.size >= capacity) return
    const fits = letters + lettersOf(conclusion) <= capacityLetters
    const { claim, scope } = conclusion
    forget(claim)
    const kept: Conclusion = fits ? conclusion : { _tag: "Lose", scope, claim, why: "evicted" }
    letters += lettersOf(kept)
    waiting.set(claim, kept)
  }

  const noted = (told: Told): Effect.Effect<void> => told._tag === "Done" ? ReplayMetrics.held(told.entries, told.bytes) : Effect.void

  const say = (conclusion: Conclusion): Effect.Effect<void, ReplayStoreUnavailable> =>
    Effect.flatMap(store.ask(conclusion), (told) => {
      forget(conclusion.claim)
      onConcluded(conclusion.scope)
      return noted(told)
    })

  const beat = Effect.gen(function*() {
    for (const conclusion of waiting.values()) yield* say(conclusion)
    if (open > 0) yield* noted(yield* store.ask(alive))
  }).pipe(Effect.catch((error) => Effect.logWarning(`Idempotency-Keys: ${error.message}`)))

  yield* Effect.sleep(heartbeatMs).pipe(Effect.andThen(beat), Effect.forever, Effect.forkScoped)
  return {
    opened: () => {
      open += 1
    },
    conclude: (conclusion) =>
      Effect.suspend(() => {
        open -= 1
        return Effect.catch(say(conclusion), () => Effect.sync(() => later(conclusion)))
      }),
    later
  }
})
