/** What parts cost that have nothing to do: no fiber, no timer and no decoding for an exchange they leave alone. */
import { assert, it } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import type { Gateway } from "@sluice/gateway/Gateway"
import { Generations } from "@sluice/gateway/Generations"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { Ledger } from "@sluice/gateway/Ledger"
import type { Extensions, Interceptors } from "@sluice/gateway/Registries"
import { Effect, Layer } from "effect"
import * as InProcess from "./InProcess.ts"

const sixteen = Array.from({ length: 16 }, (_, index) => `p${index}`)

const extensions = Layer.mergeAll(
  Layer.empty,
  ...sixteen.map((id) => Extension.layer({ id, admit: () => Effect.void, onAttempt: () => Effect.void, finish: () => Effect.void }))
)

const interceptors = Layer.mergeAll(
  Layer.empty,
  ...sixteen.map((id) =>
    Interceptor.layer({
      id,
      request: (request) => Effect.succeed(request),
      attempt: (request) => Effect.succeed(request),
      response: () => Effect.succeed(undefined)
    })
  )
)

/** How many watches of the wheel one exchange asks for: each call that is waited for takes one. */
const watches = (parts: Layer.Layer<never, never, Extensions | Interceptors>) =>
  Effect.gen(function*() {
    const gateway = (yield* Generations).current()
    let count = 0
    const counting: Gateway = {
      ...gateway,
      wheel: {
        ...gateway.wheel,
        register: (watch) => {
          count += 1
          return gateway.wheel.register(watch)
        }
      }
    }
    const text = yield* Effect.scoped(Effect.flatMap(InProcess.handle(counting, "stream"), InProcess.text))
    const [entry] = yield* Effect.flatMap(Ledger, ({ query }) => query({ limit: 1 }))
    return { count, text, lane: entry?.lane, outcome: entry?.outcome }
  }).pipe(Effect.provide(InProcess.layer(parts), { local: true }))

it.effect("sixteen parts that do nothing change nothing of an exchange, and wait for nothing", () =>
  Effect.gen(function*() {
    const none = yield* watches(Layer.empty)
    assert.deepInclude(none, { lane: "bytes", outcome: "Completed" })
    for (const parts of [extensions, interceptors]) assert.deepStrictEqual(yield* watches(parts), none)
  }))
