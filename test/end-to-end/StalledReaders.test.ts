/** Clients that stop reading while their providers write on: what the process holds for each of them is bounded, and does not grow. */
import { assert, layer } from "@effect/vitest"
import { Console, Effect } from "effect"
import { connect } from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Rig from "./Rig.ts"

const readers = 16
/** A megabyte for the gateway, and half of one for the upstream, which runs in the same process. */
const boundBytes = 1_500_000

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

/** Bytes that live, in the heap and beside it. */
const living = Effect.sync(() => {
  collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
})

/** What lives once it no longer grows. */
const settled = Effect.gen(function*() {
  let before = 0
  let now = yield* living
  for (let round = 0; round < 40 && Math.abs(now - before) > readers * boundBytes / 50; round++) {
    yield* Effect.sleep("500 millis")
    before = now
    now = yield* living
  }
  return now
})

/** A client that asks and never reads. */
const stalled = (url: string, model: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] })
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      socket.pause()
      socket.on("error", () => {})
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-test\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
      )
      return socket
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

layer(Rig.layer(), { excludeTestServices: true })("a reader that takes nothing", (it) => {
  for (const upstream of ["openai", "anthropic"]) {
    it.effect(`costs a megabyte at most while ${upstream} writes on`, () =>
      Effect.gen(function*() {
        const { simulator, url } = yield* Rig.Rig
        const before = yield* settled
        yield* Effect.forEach(Array.from({ length: readers }), () => stalled(url, `${upstream}/sim-long;events=200000;size=2000`))
        yield* Effect.repeat(Effect.sleep("50 millis"), { until: () => Effect.map(simulator.open, (open) => open === readers) })
        const each = ((yield* settled) - before) / readers
        yield* Console.log(`${upstream}: ${Math.round(each / 1000)} kB for each reader that takes nothing`)
        assert.isBelow(each, boundBytes)
      }).pipe(Effect.scoped), 60_000)
  }
})
