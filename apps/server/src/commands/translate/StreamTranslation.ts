/**
 * The stream of one protocol in the words of another, piece by piece: what has arrived is written at once and nothing is kept but
 * the state of the codecs. Reads server-sent events, or one JSON array. Pure but for that state.
 */
import * as OfferedTools from "@sluice/gateway/OfferedTools"
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Framing from "@sluice/protocol/Framing"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as JsonArray from "@sluice/protocol/JsonArray"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import * as Sse from "@sluice/protocol/Sse"
import { type Asked, contextOf, failureIn } from "./Translation.ts"

/** A piece of the translation. */
export interface Piece {
  readonly text: string
  /** Losses of a kind that was not told before: a stream loses the same thing many times. */
  readonly losses: ReadonlyArray<Loss>
  /** How the answer failed, told with the piece in which it did. */
  readonly failure?: Failure
}

/** A translation at work on one stream. */
export interface Running {
  readonly push: (chunk: Uint8Array) => Piece
  /** The stream is over; nothing may follow. */
  readonly end: () => Piece
}

/** Kinds of losses that are told apart; what comes after so many is not told. */
const maxKinds = 1000

const openBracket = 91
const openBrace = 123

const isSpace = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9 || byte === 0xef || byte === 0xbb || byte === 0xbf

/** Starts the translation of one stream; `created` in seconds since the epoch. */
export const start = (from: Dialect, to: Dialect, asked: Asked, created: number): Running => {
  const seen = new Set<string>()
  let losses: Array<Loss> = []
  const add = (loss: Loss): void => {
    const kind = `${Pointer.pattern(loss.canonical)};${loss.reason};${loss.weight}`
    if (seen.has(kind) || seen.size >= maxKinds) return
    seen.add(kind)
    losses.push(loss)
  }
  const decoder = from.events.decoder.start()
  const encoder = to.events.encoder.start(contextOf(asked, created, { losses: [], add }))
  const frames = Framing.writer(to.framing)
  const give = OfferedTools.giveBack(asked.tools)
  let splitter: Sse.Splitter | undefined
  let isOver = false

  const write = (decoded: ReadonlyArray<Frame>): { readonly text: string; readonly failure: Failure | undefined } => {
    let text = ""
    let failure: Failure | undefined
    for (const frame of decoded) {
      failure ??= failureIn(frame)
      const given = give(frame)
      if (given !== undefined) text += frames.write(encoder.step(given))
    }
    return { text, failure }
  }

  const piece = (decoded: ReadonlyArray<Frame>, last: () => string): Piece => {
    const { failure, text } = write(decoded)
    const told = losses
    losses = []
    return { text: text + last(), losses: told, ...(failure === undefined ? {} : { failure }) }
  }

  const decode = ({ events, overflow }: Sse.Split): ReadonlyArray<Frame> => {
    const decoded = events.flatMap((event) => decoder.step(event))
    if (overflow !== true) return decoded
    isOver = true
    return [...decoded, { events: [{ type: "error", failure: { class: "protocol-violation", message: "An event is larger than 1 MiB." } }] }]
  }

  const close = (): string => frames.write(encoder.end()) + frames.end()

  return {
    push: (chunk) => {
      if (isOver) return { text: "", losses: [] }
      if (splitter === undefined) {
        const first = chunk.find((byte) => !isSpace(byte))
        if (first === undefined) return { text: "", losses: [] }
        splitter = first === openBracket || first === openBrace ? JsonArray.splitter() : Sse.splitter()
      }
      return piece(decode(splitter.push(chunk)), () => isOver ? close() : "")
    },
    end: () => {
      if (isOver) return { text: "", losses: [] }
      isOver = true
      const rest = splitter === undefined ? [] : decode(splitter.end({ tolerant: true }))
      return piece([...rest, ...decoder.end("eof")], close)
    }
  }
}
