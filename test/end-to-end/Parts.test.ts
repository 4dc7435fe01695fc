/** Extensions and interceptors as parts of a served gateway: their order, what they may do, and that every one entered is finished once. */
import { assert, layer } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { fail } from "@sluice/protocol/GatewayError"
import { label } from "@sluice/protocol/Outcome"
import { Effect, Layer } from "effect"
import * as Rig from "./Rig.ts"

const told: Array<string> = []
const tell = (line: string) => Effect.sync(() => void told.push(line))

const extension = (id: string, rest: Partial<Extension.Extension>) =>
  Extension.layer({ id, finish: (settlement) => tell(`${id} finishes ${label(settlement.outcome)}`), ...rest })

const parts = Layer.mergeAll(
  extension("last", { phase: "late", admit: () => tell("last admits") }),
  extension("guard", {
    admit: ({ model }) => model.includes("forbidden") ? fail({ class: "denied", message: "Not today.", status: 403 }) : tell("guard admits"),
    onAttempt: ({ error }) => tell(`guard sees ${error?.class ?? "an answer"}`)
  }),
  extension("first", { priority: 10, admit: () => tell("first admits") }),
  Interceptor.layer({
    id: "brief",
    request: (request) => Effect.succeed({ ...request, instructions: [{ role: "system", parts: [{ type: "text", text: "Be brief." }] }] }),
    attempt: (request, { attempt }) => Effect.succeed({ ...request, maxOutputTokens: 100 + attempt })
  }),
  Interceptor.layer({
    id: "shout",
    events: () => ({
      step: (frame) => [{ ...frame, events: frame.events.map((event) => event.type === "text-delta" ? { ...event, text: event.text.toUpperCase() } : event) }]
    })
  })
)

const ask = (model: string, stream: boolean) =>
  Effect.gen(function*() {
    const { url } = yield* Rig.Rig
    told.length = 0
    const before = (yield* Rig.settled(0)).length
    const answer = yield* Effect.promise(() =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
        body: JSON.stringify({ model, stream, messages: [{ role: "user", content: "Hello" }] })
      }).then(async (response) => ({ status: response.status, text: await response.text() }))
    )
    yield* Rig.settled(before + 1)
    return answer
  })

for (const upstream of Rig.upstreams) {
  layer(Rig.layer({ parts, retries: 1 }), { excludeTestServices: true })(`parts, upstream ${upstream}`, (it) => {
    it.effect("admit in order, see attempts, and finish in reverse", () =>
      Effect.gen(function*() {
        const { status } = yield* ask(`${upstream}/sim-error;status=500;fail=1;tag=parts`, false)
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(told, [
          "first admits",
          "guard admits",
          "last admits",
          "guard sees transient",
          "guard sees an answer",
          "last finishes Completed",
          "guard finishes Completed",
          "first finishes Completed"
        ])
      }))

    it.effect("refuse in the client's own dialect, and only those entered are finished", () =>
      Effect.gen(function*() {
        const { ledger, simulator } = yield* Rig.Rig
        const { status, text } = yield* ask(`${upstream}/forbidden`, true)
        assert.strictEqual(status, 403)
        assert.strictEqual(JSON.parse(text).error.message, "Not today.")
        assert.deepStrictEqual(told, ["first admits", "guard finishes Denied(admit:guard)", "first finishes Denied(admit:guard)"])
        assert.strictEqual((yield* ledger.query({ limit: 1 }))[0]?.outcome, "Denied(admit:guard)")
        assert.isUndefined((yield* simulator.log).find(({ model }) => model.includes("forbidden")))
      }))

    for (const stream of [true, false]) {
      it.effect(`change the request and the ${stream ? "streamed" : "whole"} answer, and nothing else`, () =>
        Effect.gen(function*() {
          const { simulator } = yield* Rig.Rig
          const { text } = yield* ask(`${upstream}/sim-text;tag=edit-${stream}`, stream)
          const said = stream ? [...text.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word).join("") : JSON.parse(text).choices[0].message.content
          assert.match(said, /^HELLO FROM THE SIMULATOR/)
          const sent = JSON.stringify((yield* simulator.log).find(({ model }) => model.includes(`tag=edit-${stream}`))?.body)
          assert.include(sent, "Be brief.")
          assert.match(sent, /"max(?:_tokens|_completion_tokens|_output_tokens|OutputTokens)":101/)
        }))
    }
  })
}
