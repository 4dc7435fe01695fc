/**
 * How a hook of an extension or interceptor is called: skipped where its part is fused, stopped where it takes too long, and its faults
 * are caught, counted and answered by its fail policy. What it fails with as a value is its word, and goes on as it is.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type { Installed } from "./Hooks.ts"
import * as Metrics from "./Metrics.ts"
import type { Stop } from "./ShortCircuit.ts"

/** Where a call belongs: for times, and to say who refused. */
export interface Place {
  readonly gateway: Pick<Gateway, "clock" | "wheel">
  readonly exchange: Pick<Exchange, "id" | "step">
  /** What refuses where the part does: `admit`, `interceptor`. */
  readonly step: string
}

/** Who refused, as the ledger says it: `interceptor:brief`. */
export const nameOf = ({ step }: Pick<Place, "step">, { id }: Pick<Installed<unknown>, "id">): string => `${step}:${id}`

/** What an exchange fails with that needs a part which is at fault or fused. */
const unavailable = ({ id, kind }: Installed<unknown>): GatewayError =>
  fail({ class: "unavailable", message: `The ${kind} "${id}" does not work, and nothing passes without it.`, retryAfterMs: 1000 })

/** Says that the exchange ends here, and by whom. */
const stopped = (place: Place, hook: Installed<unknown>): void => {
  place.exchange.step = nameOf(place, hook)
}

/** What stands for a call that did not happen or came to nothing: `otherwise` where the part is open, else a failure. */
const instead = <A>(place: Place, hook: Installed<unknown>, otherwise: A): Result.Result<A, GatewayError> => {
  if (hook.failPolicy === "open") return Result.succeed(otherwise)
  stopped(place, hook)
  return Result.fail(unavailable(hook))
}

/** Counts a fault. */
const note = (gateway: Place["gateway"], hook: Installed<unknown>, kind: "defect" | "timeout", message: string): boolean => {
  Metrics.partFault(`${hook.kind}:${hook.id}`, kind)
  return hook.fuse.fault(message, gateway.clock.currentTimeMillisUnsafe())
}

const textOf = (thrown: unknown): string => thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)

/** A fault of a synchronous stage: counted, and what stands for the call. Nothing is logged here; the fuse keeps the last words. */
export const fault = <A>(place: Place, hook: Installed<unknown>, thrown: unknown, otherwise: A): Result.Result<A, GatewayError> => {
  note(place.gateway, hook, "defect", textOf(thrown))
  return instead(place, hook, otherwise)
}

/** Whether a part is fused, and what that means for the exchange; `undefined` = it may be called. */
export const skipped = <A>(place: Place, hook: Installed<unknown>, otherwise: A): Result.Result<A, GatewayError> | undefined => {
  if (!hook.fuse.isFused()) return undefined
  Metrics.partSkipped(`${hook.kind}:${hook.id}`, hook.failPolicy)
  return instead(place, hook, otherwise)
}

const faulty = <A>(
  place: Place,
  hook: Installed<unknown>,
  kind: "defect" | "timeout",
  cause: Cause.Cause<unknown>,
  otherwise: A
): Effect.Effect<A, GatewayError> => {
  const message = kind === "timeout" ? `It took longer than ${hook.timeoutMs} ms.` : textOf(Cause.squash(cause))
  const isBlown = note(place.gateway, hook, kind, message)
  const facts = { part: `${hook.kind}:${hook.id}`, exchange: place.exchange.id, failPolicy: hook.failPolicy, fault: kind }
  return Effect.logError(isBlown ? "A part of the gateway failed once too often and is fused" : "A part of the gateway failed", cause, facts).pipe(
    Effect.andThen(Effect.suspend(() => Effect.fromResult(instead(place, hook, otherwise))))
  )
}

/**
 * Runs an effect in a fiber of its own until it ends or the wheel has turned too often; that fiber is interrupted then, but not waited
 * for: what hangs may not want to be interrupted.
 */
const within = <A, E>(gateway: Place["gateway"], effect: Effect.Effect<A, E>, timeoutMs: number): Effect.Effect<Exit.Exit<A, E> | "late"> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.suspend(() => {
      const fiber = Effect.runForkWith(context)(effect)
      const ended = fiber.pollUnsafe()
      if (ended !== undefined) return Effect.succeed(ended)
      return Effect.callback<Exit.Exit<A, E> | "late">((resume) => {
        const startedAt = gateway.wheel.now()
        const unregister = gateway.wheel.register({
          tick: (now) => {
            if (now - startedAt < timeoutMs) return
            unregister()
            // First: the fiber may end at once, and then it was late all the same
            resume(Effect.succeed("late"))
            fiber.interruptUnsafe()
          }
        })
        fiber.addObserver((exit) => {
          unregister()
          resume(Effect.succeed(exit))
        })
        return Effect.sync(() => {
          unregister()
          fiber.interruptUnsafe()
        })
      })
    })
  )

/**
 * Calls a hook. Gives what it gave, fails with what it failed with; where it is fused, at fault or too slow, `otherwise` stands for it
 * if its part fails open, and the exchange fails with `unavailable` if it fails closed.
 */
export const run = <F, A, E extends Stop>(
  place: Place,
  hook: Installed<F>,
  call: (hook: F) => Effect.Effect<A, E>,
  otherwise: A
): Effect.Effect<A, E | GatewayError> =>
  Effect.suspend(() => {
    const instead = skipped(place, hook, otherwise)
    return instead === undefined ? always(place, hook, call, otherwise) : Effect.fromResult(instead)
  })

const isEnded = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Exit<A, E> => Exit.isExit(effect)

/** As {@link run}, also where the part is fused: for what was promised to a part before. */
export const always = <F, A, E extends Stop>(
  place: Place,
  hook: Installed<F>,
  call: (hook: F) => Effect.Effect<A, E>,
  otherwise: A
): Effect.Effect<A, E | GatewayError> => {
  const made = Result.try({ try: () => call(hook.call), catch: (thrown) => thrown })
  if (Result.isFailure(made)) return faulty(place, hook, "defect", Cause.die(made.failure), otherwise)
  const effect = made.success
  const judge = (exit: Exit.Exit<A, E> | "late"): Effect.Effect<A, E | GatewayError> => {
    if (exit === "late") return faulty(place, hook, "timeout", Cause.empty, otherwise)
    if (Exit.isSuccess(exit)) return exit
    // A part that interrupts itself is as good as one that dies
    if (Cause.hasDies(exit.cause) || Cause.hasInterrupts(exit.cause)) {
      return faulty(place, hook, Cause.isTimeoutError(Cause.squash(exit.cause)) ? "timeout" : "defect", exit.cause, otherwise)
    }
    stopped(place, hook)
    Metrics.partStopped(place.step, hook.id)
    return exit
  }
  // What is there already costs no fiber
  return isEnded(effect) ? judge(effect) : Effect.flatMap(within(place.gateway, effect, hook.timeoutMs), judge)
}
