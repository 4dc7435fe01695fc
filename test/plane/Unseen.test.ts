/** Answers whose client is not there to see them: stages hear of it, and what is kept for its next request has passed them all the same. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Generations } from "@sluice/gateway/Generations"
import * as Interceptor from "@sluice/gateway/Interceptor"
import * as Replays from "@sluice/gateway/Replays"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
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

const rig = Rig.layer({ parts: masking, replays: Replays.layer().pipe(Layer.provide(ReplayStoreMemory.layer())) })

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
})
