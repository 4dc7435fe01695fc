/** A protocol of one's own: `{ model, ask }` is answered with `{ answer }`. Clients may speak it, and so may providers. */
import { CanonicalDialect, CanonicalEvent, CanonicalPart, Collect, type Dialect, type Loss, Machine, type Sse, Wire } from "@sluice/protocol"
import { Result } from "effect"

const asked = (body: Wire.Json) => Wire.isObject(body) && typeof body["ask"] === "string" ? body["ask"] : undefined
const handled = new Set(["model", "turns", "stream", "streamOptions", "wire", "at", "places", "foreign"])
const lost = (field: string, weight: Loss.Loss["weight"] = "hint"): Loss.Loss => ({ at: `/${field}`, canonical: `/${field}`, reason: "dropped", weight })

const answered = (text: string): CanonicalEvent.Frame =>
  CanonicalEvent.frame(...Collect.unfold({
    choices: [{ index: 0, parts: [{ part: { type: "text", text } }], finish: { reason: "stop" }, annotations: [] }],
    annotations: [],
    foreignEvents: []
  }))

const written = ({ events }: CanonicalEvent.Frame): ReadonlyArray<Sse.WireEvent> =>
  events.flatMap((event) => {
    if (event.type === "text-delta") return [{ data: JSON.stringify({ more: event.text }) }]
    return event.type === "end" || event.type === "error" ? [{ data: JSON.stringify({ done: event.type === "end" }) }] : []
  })

export const dialect: Dialect.Dialect = {
  ...CanonicalDialect.dialect,
  id: Wire.DialectId.make("ask"),
  endpoints: [{ ...CanonicalDialect.endpoint, path: "/ask", upstream: "/ask" }],
  credential: { header: "authorization", prefix: "Bearer ", accepts: [{ header: "authorization", prefix: "Bearer " }] },
  request: {
    check: ({ body }) => asked(body) === undefined ? { class: "bad-request", message: "Say what you ask.", param: "/ask" } : undefined,
    decode: ({ body }) => Result.succeed({ model: "", turns: [{ role: "user", parts: [{ type: "text", text: asked(body) ?? "" }] }] }),
    encode: (request) => ({
      body: { model: request.model, ask: CanonicalPart.textOf(request.turns.at(-1)?.parts ?? []) },
      headers: {},
      losses: [
        ...Object.keys(request).filter((field) => !handled.has(field)).map((field) => lost(field)),
        ...(request.turns.length > 1 ? [lost("turns/0", "meaning")] : [])
      ],
      renamed: new Map()
    })
  },
  response: {
    decode: (body) => answered(Wire.isObject(body) && typeof body["answer"] === "string" ? body["answer"] : ""),
    encode: (frames) => ({ answer: CanonicalPart.textOf(Collect.collectFrames(frames).choices.flatMap(({ parts }) => parts.map(({ part }) => part))) })
  },
  events: {
    ...CanonicalDialect.dialect.events,
    encoder: Machine.of({ initial: () => undefined, step: (state, frame: CanonicalEvent.Frame) => [state, written(frame)], end: () => [] })
  }
}
