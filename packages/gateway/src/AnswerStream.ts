/**
 * One streamed answer at work: takes what the upstream sent, cuts it into frames, runs the lane over the whole batch and hands
 * out what the client gets, all in one synchronous step per pull. Effects and timers live outside.
 */
import { joined } from "@sluice/protocol/Chunks"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Sse from "@sluice/protocol/Sse"
import type { ByteSource } from "./ByteSource.ts"
import * as PlainBody from "./internal/plainBody.ts"
import type { Lane } from "./Lane.ts"
import type { ChunkRun } from "./stages/ChunkRun.ts"
import type { Stopped } from "./stages/FrameRun.ts"
import type { StreamTap, TapFacts } from "./StreamTap.ts"

/** An answer being streamed. */
export interface AnswerStream {
  /** Handles everything that has arrived. */
  readonly pump: (now: number) => void
  /** Takes what is to go to the client now. */
  readonly take: () => Uint8Array | undefined
  /** Puts the stages of interceptors between the answer and whoever takes it; before anything is taken. */
  readonly pass: (chunks: ChunkRun, onStopped: (stopped: Stopped) => void) => void
  readonly facts: () => TapFacts
  /** Nothing more will come: the terminal was seen, or the upstream ended and the lane said so. */
  readonly isOver: () => boolean
  /** Ends the answer with a failure of our own. */
  readonly fail: (failure: Failure, now: number) => void
  /** Nobody will take what comes: what the decoder held back (a finish that waits for what follows) is counted. */
  readonly abandon: (now: number) => void
  /** The whole body, where it has ended and was JSON instead of events; the lane was told nothing of it. */
  readonly plainBody: () => Uint8Array | undefined
  /** Milliseconds of the last upstream byte; the start of the stream before one came. */
  readonly lastByteAt: () => number
  /** Completes when there is something to pump. */
  readonly source: ByteSource
}

const maxEventBytes = 1_048_576

/** Starts streaming from a source. */
export const make = (options: { readonly source: ByteSource; readonly lane: Lane; readonly tap: StreamTap; readonly startedAt: number }): AnswerStream => {
  const { lane, source, tap } = options
  const splitter = Sse.splitter({ maxEventBytes })
  const plain = PlainBody.make(maxEventBytes)
  let lastByteAt = options.startedAt
  let over = false
  let passing: { readonly chunks: ChunkRun; readonly onStopped: (stopped: Stopped) => void } | undefined

  /** What is left of the pieces behind the stages; a stage that must not fail and did ends the answer. */
  const passed = (chunks: ChunkRun, onStopped: (stopped: Stopped) => void, now: number): Uint8Array | undefined => {
    const out = lane.take().flatMap((piece) => chunks.push(piece) ?? [])
    const stopped = chunks.stopped()
    if (stopped !== undefined && !over) {
      onStopped(stopped)
      lane.fail(stopped.failure, now)
      over = true
      out.push(...lane.take())
    }
    if (over) out.push(...chunks.end(tap.facts().failure === undefined ? "end" : tap.facts().failure?.class === "cancelled" ? "interrupted" : "error"))
    return out.length === 0 ? undefined : joined(out)
  }

  const push = (split: Sse.Split, now: number): void => {
    if (split.events.length > 0) {
      plain.forget()
      lane.push(split, now)
    }
    if (split.overflow === true) lane.fail({ class: "protocol-violation", message: `The provider sent an event larger than ${maxEventBytes} bytes.` }, now)
  }

  return {
    pump: (now) => {
      if (over) return
      for (const chunk of source.take()) {
        lastByteAt = now
        plain.push(chunk)
        push(splitter.push(chunk), now)
      }
      const ended = source.ended()
      const isPlain = ended?._tag === "Eof" && plain.bytes() !== undefined
      if (ended !== undefined && !isPlain && !tap.facts().terminal) {
        push(splitter.end({ tolerant: true }), now)
        lane.end(ended._tag === "Eof" ? "eof" : "reset", now)
      }
      over = ended !== undefined || tap.facts().terminal
    },
    take: () => {
      if (passing !== undefined) return passed(passing.chunks, passing.onStopped, lastByteAt)
      const [piece] = lane.take()
      return piece
    },
    pass: (chunks, onStopped) => {
      passing = { chunks, onStopped }
    },
    plainBody: () => over ? plain.bytes() : undefined,
    facts: tap.facts,
    isOver: () => over,
    fail: (failure, now) => {
      lane.fail(failure, now)
      over = true
    },
    abandon: (now) => {
      if (!over) {
        lane.interrupt()
        lane.end("reset", now)
      }
      over = true
      passing?.chunks.end("interrupted")
    },
    lastByteAt: () => lastByteAt,
    source
  }
}
