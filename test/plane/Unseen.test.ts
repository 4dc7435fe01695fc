/** Answers whose client is not there to see them: stages hear of it, and what is kept for its next request has passed them all the same. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Generations } from "@sluice/gateway/Generations"
import * as Interceptor from "@sluice/gateway/Interceptor"
import * as Replays from "@sluice/gateway/Replays"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import { fail } from "@sluice/protocol/GatewayError"
import { Effect, Exit, Layer, Schedule, Scope } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import * as Asking from "../idempotency/Asking.ts"
import * as InProcess from "./InProcess.ts"

const heard: Array<string> = []

const hearing = Interceptor.layer({
  id: "hear",
  events: () => ({
    step: (frame) => [frame],
    end: (reason) => {
      heard.push(`frames ${reason}`)
      return []
    }
  }),
  chunks: () => ({
    head: ({ index }) => {
      heard.push(`head ${index}`)
      return undefined
    },
    step: ({ bytes }) => bytes,
    end: (reason) => {
      heard.push(`chunks ${reason}`)
      return undefined
    }
  })
})

describe("a body that nobody pulls", () => {
  it.effect("is an interruption to the stages that were shown its head", () =>
    Effect.gen(function*() {
      heard.length = 0
      const { current } = yield* Generations
      const request = yield* Scope.make()
      const reply = yield* Scope.provide(InProcess.handle(current(), "stalls"), request)
      assert.strictEqual(reply.status, 200)
      assert.deepStrictEqual(heard, ["head -1"])
      yield* Scope.close(request, Exit.void)
      assert.deepStrictEqual(heard.toSorted(), ["chunks interrupted", "frames interrupted", "head -1"])
    }).pipe(Effect.provide(InProcess.layer(hearing), { local: true })))
})

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const masked = (bytes: Uint8Array): Uint8Array => encoder.encode(decoder.decode(bytes).replaceAll("simulator", "*********"))

const masking = Interceptor.layer({
  id: "mask",
  chunks: () => ({ step: ({ bytes }) => masked(bytes) }),
  response: ({ body }) => Effect.succeed({ body: masked(body) })
})

/** Refuses a whole answer that was paid for. */
const refusing = Interceptor.layer({
  id: "refuse",
  response: ({ failure }, { model }) =>
    model.endsWith("tag=refused") && failure === undefined ? fail({ class: "content-filter", message: "Not that answer." }) : Effect.succeed(undefined)
})

const rig = Rig.layer({ parts: Layer.merge(masking, refusing), replays: Replays.layer().pipe(Layer.provide(ReplayStoreMemory.layer())) })

layer(rig, { excludeTestServices: true })("an answer that is kept for a client that left before its head", (it) => {
  for (const stream of [true, false]) {
    it.effect(`has passed the interceptors of what goes to the client: ${stream ? "a stream" : "a body"}`, () =>
      Effect.gen(function*() {
        const question = { key: `left-${stream}`, scenario: "text;delay=15", tag: `left-${stream}`, stream }
        yield* Asking.askAndLeave(question, undefined)
        const again = yield* Asking.ask(question).pipe(
          Effect.flatMap((answer) => answer.replayed ? Effect.succeed(answer) : Effect.fail("pending" as const)),
          Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 200 })
        )
        assert.include(again.text, "*********")
        assert.notInclude(again.text, "simulator")
      }))
  }

  it.effect("is not asked for again where an interceptor has refused it: it has been paid for", () =>
    Effect.gen(function*() {
      const question = { key: "refused", scenario: "text", tag: "refused" }
      const first = yield* Asking.ask(question)
      assert.deepStrictEqual([first.status, JSON.parse(first.text).error.message], [400, "Not that answer."])
      const again = yield* Asking.ask(question)
      assert.deepStrictEqual([again.status, again.replayed, again.text], [400, true, first.text])
      assert.strictEqual(yield* Asking.upstreamCalls("refused"), 1)
      const [replay, refused] = yield* Asking.entries("refused", 2)
      assert.deepStrictEqual([replay?.outcome, refused?.outcome], ["Replayed", "Denied(interceptor:refuse)"])
      assert.isAbove(refused?.usage.input ?? 0, 0)
    }))
})
