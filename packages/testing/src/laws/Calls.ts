/**
 * Law 10: parallel calls keep ids, names, order and arguments on their way from the provider to the client and back in the
 * client's next request.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Part, ToolCallPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import * as Collect from "@sluice/protocol/Collect"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Json from "@sluice/protocol/Json"
import * as Result from "effect/Result"
import * as Draw from "../arbitraries/Draw.ts"
import * as JsonValues from "../arbitraries/JsonValues.ts"
import * as Texts from "../arbitraries/Texts.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Law from "./Law.ts"

interface Call {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

const answer = (calls: ReadonlyArray<Call>, isInterleaved: boolean): ReadonlyArray<CanonicalEvent> => {
  const start = (call: Call, index: number): CanonicalEvent => ({
    type: "block-start",
    choice: 0,
    index,
    kind: "tool-call",
    call: { kind: "function", id: call.id, name: call.name }
  })
  const rest = (call: Call, index: number): ReadonlyArray<CanonicalEvent> => [
    { type: "tool-arguments-delta", choice: 0, index, text: call.arguments },
    { type: "block-end", choice: 0, index }
  ]
  const blocks = isInterleaved ? [...calls.map(start), ...calls.flatMap(rest)] : calls.flatMap((call, index) => [start(call, index), ...rest(call, index)])
  return [{ type: "start", id: "a" }, ...blocks, { type: "finish", choice: 0, reason: "tool-calls" }, { type: "end" }]
}

const callsIn = (parts: ReadonlyArray<Part>): ReadonlyArray<ToolCallPart> => parts.flatMap((part) => part.type === "tool-call" ? [part] : [])

/** Names and arguments, as JSON where they are. */
const facts = (calls: ReadonlyArray<Call>) => calls.map((call) => ({ name: call.name, arguments: Json.parseArguments(call.arguments) ?? call.arguments }))

/** The next request: the calls as the client got them, one result for each, in the order of the calls. */
const next = (calls: ReadonlyArray<ToolCallPart>): CanonicalRequest => ({
  model: "m",
  turns: [
    { role: "user", parts: [{ type: "text", text: "go" }] },
    { role: "assistant", parts: calls },
    ...calls.map((call, index): Turn => ({
      role: "tool",
      parts: [{ type: "tool-result", id: call.id, kind: "function", parts: [{ type: "text", text: `result ${index}` }] }]
    }))
  ],
  tools: calls.map((call) => ({ type: "function", name: call.name, parameters: { type: "object", properties: {} } }))
})

/** Sends a request over the wire of a dialect. */
const over = (dialect: Dialect, request: CanonicalRequest): Result.Result<CanonicalRequest, string> => {
  const encoded = dialect.request.encode(request)
  const received = Codec.receive(dialect, request, encoded)
  if (Result.isFailure(received)) return Result.fail(`${dialect.id} refuses the next request: ${received.failure.message}`)
  return Result.succeed(received.success)
}

/** The law for an upstream dialect and a client's, which may be the same. */
export const laws = (upstream: Dialect, client: Dialect): ReadonlyArray<Law.Law> => [
  Law.make(
    "10",
    `parallel calls keep their identity, ${upstream.id} → ${client.id} and back`,
    Draw.arbitrary((draw) => ({
      isInterleaved: draw.chance(40),
      isBuffered: draw.chance(40),
      calls: draw.list(
        1,
        4,
        () => ({ id: `call_${draw.serial()}`, name: `${Texts.name(draw)}_${draw.serial()}`, arguments: JSON.stringify(JsonValues.object(draw)) })
      )
    })),
    ({ calls, isInterleaved, isBuffered }) => {
      const events = answer(calls, isInterleaved)
      const context = Codec.contextFor(Codec.plainRequest)
      const received = isBuffered
        ? [
          client.response.decode(
            Codec.transmit(client.response.encode([upstream.response.decode(Codec.transmit(upstream.response.encode([{ events }], context)))], context))
          )
        ]
        : Codec.decodeStream(
          client,
          Codec.encodeStream(client, Codec.decodeStream(upstream, Codec.encodeStream(upstream, events.map((event) => ({ events: [event] })), context)), context)
        )
      const seen = callsIn(Collect.collectFrames(received).choices[0]?.parts.map(({ part }) => part) ?? [])
      const wrong = Law.first(
        explain("the calls the client sees", facts(calls), facts(seen)),
        explain("the ids the client sees", calls.map((call) => call.id), seen.map((call) => call.id))
      )
      if (wrong !== undefined) return wrong
      const sent = over(client, next(seen))
      if (Result.isFailure(sent)) return sent.failure
      const arrived = over(upstream, sent.success)
      if (Result.isFailure(arrived)) return arrived.failure
      const parts = arrived.success.turns.flatMap((turn) => turn.parts)
      return Law.first(
        explain("the calls that come back", facts(calls), facts(callsIn(parts))),
        explain("the ids that come back", calls.map((call) => call.id), callsIn(parts).map((call) => call.id)),
        explain("the results that come back", calls.map((call) => call.id), parts.flatMap((part) => part.type === "tool-result" ? [part.id] : []))
      )
    }
  )
]
