/**
 * Faults that translators really have, each planted into a working dialect by a wrapper that breaks one thing. The laws must
 * catch every one of them: a law that misses its fault proves nothing.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import type { Usage } from "@sluice/protocol/CanonicalUsage"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import * as Sse from "@sluice/protocol/Sse"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject } from "@sluice/protocol/Wire"
import { Result, Struct } from "effect"
import type { LawOptions } from "../../packages/testing/src/Laws.ts"

/** A planted fault. */
export interface Mutant {
  readonly name: string
  /** The laws of which at least one must catch it. */
  readonly caughtBy: ReadonlyArray<string>
  readonly plant: (dialect: Dialect) => Dialect
  readonly options?: LawOptions
}

type Change = (events: ReadonlyArray<CanonicalEvent>) => ReadonlyArray<CanonicalEvent>

/** Changes what encoders are given. `start` makes a fresh change for each stream. */
const beforeEncoding = (start: () => Change) => (dialect: Dialect): Dialect => ({
  ...dialect,
  events: {
    ...dialect.events,
    encoder: {
      start: (context) => {
        const running = dialect.events.encoder.start(context)
        const change = start()
        return { step: (frame) => running.step(changed(frame, change)), end: running.end }
      }
    }
  },
  response: {
    ...dialect.response,
    encode: (frames, context) => {
      const change = start()
      return dialect.response.encode(frames.map((frame) => changed(frame, change)), context)
    }
  }
})

/** Frames of the wire are left alone: the faults are in what is written afresh. */
const changed = (frame: Frame, change: Change): Frame => frame.wire === undefined ? { events: change(frame.events) } : frame

/** Changes what decoders give, as if the wire had said so. */
const afterDecoding = (change: Change) => (dialect: Dialect): Dialect => {
  const read = (frame: Frame): Frame => {
    const events = change(frame.events)
    return frame.wire === undefined ? { events } : { events, wire: { ...frame.wire, events } }
  }
  return {
    ...dialect,
    events: {
      ...dialect.events,
      decoder: {
        start: () => {
          const running = dialect.events.decoder.start()
          return { step: (event) => running.step(event).map(read), end: (ending) => running.end(ending).map(read) }
        }
      }
    },
    response: { ...dialect.response, decode: (body) => read(dialect.response.decode(body)) }
  }
}

const beforeRequest = (change: (request: CanonicalRequest) => CanonicalRequest) => (dialect: Dialect): Dialect => ({
  ...dialect,
  request: { ...dialect.request, encode: (request) => dialect.request.encode(change(request)) }
})

const each = (change: (event: CanonicalEvent) => CanonicalEvent): Change => (events) => events.map(change)

const onUsage = (change: (usage: Usage) => Usage): Change => each((event) => event.type === "usage" ? { ...event, usage: change(event.usage) } : event)

/** Takes away the last delta of each block: it is held back until the next one comes, and forgotten when none does. */
const losingLastDelta = (): Change => {
  const held = new Map<string, CanonicalEvent>()
  return (events) =>
    events.flatMap((event) => {
      if (event.type !== "text-delta") return [event]
      const key = `${event.choice}/${event.index}`
      const before = held.get(key)
      held.set(key, event)
      return before === undefined ? [] : [before]
    })
}

/** Gives every call the id of the first. */
const sharingIds = (): Change => {
  let first: string | undefined
  return each((event) => {
    if (event.type !== "block-start" || event.call === undefined) return event
    first ??= event.call.id
    return { ...event, call: { ...event.call, id: first } }
  })
}

const results = (turn: Turn, change: (part: Part) => Part): Turn => ({ ...turn, parts: turn.parts.map(change) })

/** The last id first. */
const byId = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> =>
  parts.toSorted((left, right) => left.type === "tool-call" && right.type === "tool-call" ? right.id.localeCompare(left.id) : 0)

/** Every chunk read as text by itself. */
const splitCarelessly = (chunks: ReadonlyArray<Uint8Array>): ReadonlyArray<WireEvent> => {
  const splitter = Sse.splitter()
  const text = chunks.map((chunk) => new TextDecoder().decode(chunk)).join("")
  return [...splitter.push(new TextEncoder().encode(text)).events, ...splitter.end({ tolerant: true }).events]
}

/** The list. */
export const mutants: ReadonlyArray<Mutant> = [
  { name: "gives parallel calls one id", caughtBy: ["10"], plant: beforeEncoding(sharingIds) },
  {
    name: "swaps two classes of usage",
    caughtBy: ["8"],
    plant: afterDecoding(
      onUsage(({ input, output, ...usage }) => ({
        ...usage,
        ...(output === undefined ? {} : { input: output }),
        ...(input === undefined ? {} : { output: input })
      }))
    )
  },
  { name: "loses the last delta", caughtBy: ["2"], plant: beforeEncoding(losingLastDelta) },
  {
    name: "invents a stop when the stream breaks off",
    caughtBy: ["7"],
    plant: (dialect) => ({
      ...dialect,
      events: {
        ...dialect.events,
        decoder: {
          start: () => {
            const running = dialect.events.decoder.start()
            const open = new Map<string, { readonly choice: number; readonly index: number }>()
            const choices = new Set<number>()
            return {
              step: (event) => {
                const frames = running.step(event)
                for (const said of frames.flatMap((frame) => frame.events)) {
                  if (said.type === "block-start") {
                    open.set(`${said.choice}/${said.index}`, said)
                    choices.add(said.choice)
                  }
                  if (said.type === "block-end") open.delete(`${said.choice}/${said.index}`)
                  if (said.type === "finish") choices.delete(said.choice)
                }
                return frames
              },
              end: (ending) => {
                const frames = running.end(ending)
                if (choices.size === 0 || !frames.some((frame) => frame.events.some((event) => event.type === "error"))) return frames
                const closed = [...open.values()].map(({ choice, index }): CanonicalEvent => ({ type: "block-end", choice, index }))
                return [{ events: [...closed, ...[...choices].map((choice): CanonicalEvent => ({ type: "finish", choice, reason: "stop" })), { type: "end" }] }]
              }
            }
          }
        }
      }
    })
  },
  { name: "reads each network chunk as text by itself", caughtBy: ["5"], plant: (dialect) => dialect, options: { split: splitCarelessly } },
  {
    name: "answers parallel calls in another order",
    caughtBy: ["10"],
    plant: beforeRequest((request) => ({
      ...request,
      turns: request.turns.map((turn) => ({ ...Struct.omit(turn, ["wire"]), parts: byId(turn.parts) }))
    }))
  },
  {
    name: "drops what it does not know",
    caughtBy: ["1"],
    plant: (dialect) => ({
      ...dialect,
      request: {
        ...dialect.request,
        decode: (input) => Result.map(dialect.request.decode(input), (request) => Struct.omit(request, ["wire", "foreign"])),
        encode: dialect.request.encode
      }
    })
  },
  {
    name: "counts cached tokens twice",
    caughtBy: ["8"],
    plant: afterDecoding(onUsage((usage) => ({ ...usage, input: (usage.input ?? 0) + (usage.cacheRead ?? 0) })))
  },
  {
    name: "says stop when the limit was reached",
    caughtBy: ["2"],
    plant: beforeEncoding(() => each((event) => event.type === "finish" && event.reason === "length" ? { ...event, reason: "stop" } : event))
  },
  {
    name: "forgets that a tool failed",
    caughtBy: ["2"],
    plant: beforeRequest((request) => ({
      ...request,
      turns: request.turns.map((turn) => results(turn, (part) => part.type === "tool-result" ? Struct.omit(part, ["isError"]) : part))
    }))
  },
  {
    name: "gives back the wire of an edited request",
    caughtBy: ["1b"],
    plant: (dialect) => ({
      ...dialect,
      request: {
        ...dialect.request,
        encode: (request) => {
          const encoded = dialect.request.encode(request)
          const wire = request.wire?.value
          return isObject(wire) && request.wire?.dialect === dialect.id ? { ...encoded, body: wire } : encoded
        }
      }
    })
  },
  {
    name: "trusts every number it is sent",
    caughtBy: ["6"],
    plant: afterDecoding((events) => {
      for (const event of events) if (event.type === "error" && event.failure.class === "protocol-violation") throw new TypeError("cannot read this")
      return events
    })
  },
  { name: "forgets to close a block", caughtBy: ["4"], plant: afterDecoding((events) => events.filter((event) => event.type !== "block-end")) },
  {
    name: "streams another answer than it buffers",
    caughtBy: ["3"],
    plant: (dialect) => ({
      ...dialect,
      response: { ...dialect.response, decode: beforeBody(dialect) }
    })
  }
]

/** A body whose texts are trimmed, as careless readers do. */
const beforeBody = (dialect: Dialect): Dialect["response"]["decode"] => (body) => {
  const frame = dialect.response.decode(body)
  const events = frame.events.map((event) => event.type === "text-delta" ? { ...event, text: event.text.trim() } : event)
  return Equality.same(events, frame.events) ? frame : { events }
}
