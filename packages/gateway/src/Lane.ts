/**
 * The two ways an answer passes through, with one meaning. The typed lane decodes every frame, checks it against the grammar,
 * lets interceptors change it and encodes it for the client. The byte lane forwards the provider's whole frames and decodes
 * only those that may say something about start, usage, finish or failure. Both are synchronous and pure but for their own
 * state and the tap.
 */
import { type Frame, frame } from "@sluice/protocol/CanonicalEvent"
import { joined } from "@sluice/protocol/Chunks"
import type { AnswerContext, Dialect, Ending } from "@sluice/protocol/Dialect"
import type { FrameWriter } from "@sluice/protocol/Framing"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Grammar from "@sluice/protocol/Grammar"
import type * as Sse from "@sluice/protocol/Sse"
import type { ToolName } from "@sluice/protocol/ToolNames"
import * as OfferedTools from "./OfferedTools.ts"
import type { FrameRun, Stopped } from "./stages/FrameRun.ts"
import type { EventRun } from "./stages/Normalizing.ts"
import type { StreamTap } from "./StreamTap.ts"

/** What a lane is made of. */
export interface LaneOptions {
  readonly upstream: Dialect
  readonly client: Dialect
  readonly tap: StreamTap
  readonly context: AnswerContext
  /** The stages of interceptors that want frames; the byte lane has none. */
  readonly stages?: FrameRun | undefined
  /** Normalizers of the provider's events; absent where there are none. */
  readonly normalizing?: EventRun | undefined
  /** Told that a stage ended the answer. */
  readonly onStopped?: ((stopped: Stopped) => void) | undefined
  /** Whether what goes to the client is handed out event by event, for interceptors of chunks. */
  readonly isSplit?: boolean
  /** Is shown every frame the client is told, in either lane; absent where nobody looks, and then most frames need not be decoded. */
  readonly watch?: ((frame: Frame) => void) | undefined
  /** Tools whose calls look different to the provider, by its name of them. */
  readonly tools: ReadonlyMap<string, ToolName>
  /** Frames what goes to the client. */
  readonly frames: FrameWriter
  /** The client did not ask for the usage that the upstream was asked for. */
  readonly hideUsage: boolean
  /** Is shown what the client is told, frame by frame; absent where there is nothing to learn. Only the typed lane has anything to show. */
  readonly learn?: ((frame: Frame) => void) | undefined
}

/** One answer on its way to the client. */
export interface Lane {
  /** Whole frames that have arrived; `now` in milliseconds. */
  readonly push: (split: Sse.Split, now: number) => void
  /** A frame that did not come as a wire event of the stream: a buffered body in answer to a stream request. */
  readonly pushFrame: (frame: Frame, now: number) => void
  /** The upstream ended, with or without its terminal event. */
  readonly end: (how: Ending, now: number) => void
  /** The gateway itself ends the answer: the client is told in its own dialect. */
  readonly fail: (failure: Failure, now: number) => void
  /** Nobody is there to read any more: stages are told. */
  readonly interrupt: () => void
  /** Takes what is to go to the client now: one piece, or one for each event where the lane is split. */
  readonly take: () => ReadonlyArray<Uint8Array>
}

const encoder = new TextEncoder()

const nothing: ReadonlyArray<Uint8Array> = []

/** Gathers text until it is taken, in one piece or as it was written. */
const outlet = (isSplit: boolean) => {
  let text = ""
  let pieces: Array<Uint8Array> = []
  return {
    write: (written: string): void => {
      if (!isSplit) text += written
      else if (written !== "") pieces.push(encoder.encode(written))
    },
    take: (): ReadonlyArray<Uint8Array> => {
      if (isSplit ? pieces.length === 0 : text === "") return nothing
      const taken = isSplit ? pieces : [encoder.encode(text)]
      text = ""
      pieces = []
      return taken
    }
  }
}

/** The error a failed decode is, before anything went to the client, is the attempt's and not the client's. */
const isEarlyFailure = (original: Frame, committedBefore: boolean): boolean => !committedBefore && original.events.some((event) => event.type === "error")

const violation = (wrong: Grammar.Violation): Frame =>
  frame({ type: "error", failure: { class: "protocol-violation", message: `The provider broke its protocol: ${wrong.message}.` } })

type Hide = ((event: Sse.WireEvent) => Sse.WireEvent | undefined) | undefined

/** Takes usage out of events whose client did not ask for it; only between two ends of one dialect, whose events carry it on. */
const hiding = ({ client, hideUsage, upstream }: LaneOptions): Hide => hideUsage && client.id === upstream.id ? client.bytes.hideUsage : undefined

const shown = (hide: Hide, events: ReadonlyArray<Sse.WireEvent>): ReadonlyArray<Sse.WireEvent> =>
  hide === undefined ? events : events.flatMap((event) => {
    const visible = hide(event)
    return visible === undefined ? [] : [visible]
  })

/** What closes the body, once. */
const closing = (frames: FrameWriter): () => string => {
  let isClosed = false
  return () => {
    if (isClosed) return ""
    isClosed = true
    return frames.end()
  }
}

/** A lane that decodes everything. */
export const typed = (options: LaneOptions): Lane => {
  const { isSplit = false, normalizing, stages, tap, watch } = options
  const decoder = options.upstream.events.decoder.start()
  const writer = options.client.events.encoder.start(options.context)
  const hide = hiding(options)
  // Nothing stands between decoder and encoder: the commonest crossing
  const isDirect = stages === undefined && watch === undefined && hide === undefined && !isSplit
  const close = closing(options.frames)
  const give = OfferedTools.giveBack(options.tools)
  const out = outlet(isSplit)
  let grammar: Grammar.State = Grammar.initial
  let hasStopped = false

  const write = (outgoing: Frame): void => {
    const events = shown(hide, writer.step(outgoing))
    if (!isSplit) return out.write(options.frames.write(events))
    for (const event of events) out.write(options.frames.write([event]))
  }

  const tell = (outgoing: Frame): void => {
    options.learn?.(outgoing)
    watch?.(outgoing)
    write(outgoing)
  }

  const say = (failure: Failure, now: number): void => {
    const last = frame({ type: "error", failure })
    tap.observe(last.events, now)
    watch?.(last)
    write(last)
  }

  /** Sees to a stage that ended the answer; what it let through until then has gone out. */
  const heed = (now: number): void => {
    const stopped = stages?.stopped() ?? normalizing?.stopped()
    if (stopped === undefined || hasStopped) return
    hasStopped = true
    const { commits, terminal } = tap.facts()
    options.onStopped?.(stopped)
    stages?.end("error")
    if (terminal) write(frame({ type: "error", failure: stopped.failure }))
    else if (commits) say(stopped.failure, now)
    else tap.observe([{ type: "error", failure: stopped.failure }], now)
  }

  const deliver = (original: Frame, now: number): void => {
    const checked = Grammar.check(grammar, original.events)
    const legal = Grammar.isViolation(checked) ? violation(checked) : original
    if (!Grammar.isViolation(checked)) grammar = checked
    const { commits, terminal } = tap.facts()
    if (terminal) return
    tap.observe(legal.events, now)
    if (isEarlyFailure(legal, commits)) return
    const given = give(legal)
    if (given === undefined) return
    if (isDirect) {
      options.learn?.(given)
      return out.write(options.frames.write(writer.step(given)))
    }
    if (stages === undefined) return tell(given)
    for (const outgoing of stages.step(given)) tell(outgoing)
    heed(now)
  }

  return {
    push: (split, now) => {
      for (const event of split.events) {
        const normal = normalizing === undefined ? event : normalizing.step(event)
        if (normalizing?.stopped() !== undefined) return heed(now)
        for (const decoded of decoder.step(normal)) deliver(decoded, now)
      }
    },
    pushFrame: ({ events }, now) => deliver({ events }, now),
    end: (how, now) => {
      for (const decoded of decoder.end(how)) deliver(decoded, now)
    },
    fail: (failure, now) => {
      if (tap.facts().terminal) return
      for (const held of stages?.end(failure.class === "cancelled" ? "interrupted" : "error") ?? []) tell(held)
      say(failure, now)
    },
    interrupt: () => {
      stages?.end("interrupted")
    },
    take: () => {
      if (tap.facts().terminal) out.write(close())
      return out.take()
    }
  }
}

/** A lane that forwards whole frames as they are. Only between two ends of the same dialect, without interceptors of frames. */
export const bytes = (options: LaneOptions): Lane => {
  const { isSplit = false, normalizing, tap, upstream, watch } = options
  const decoder = upstream.events.decoder.start()
  const hide = hiding(options)
  const isSameFraming = options.frames.framing === upstream.framing && !isSplit
  const close = closing(options.frames)
  let pending: Array<Uint8Array> = []

  const writeText = (text: string): void => {
    if (text !== "") pending.push(encoder.encode(text))
  }

  const writeEvents = (events: ReadonlyArray<Sse.WireEvent>): void => {
    if (!isSplit) return writeText(options.frames.write(events))
    for (const event of events) writeText(options.frames.write([event]))
  }

  /** Shows a frame to the tap, and to whoever watches what the client is told: not the failure of an attempt that another may follow. */
  const see = (decoded: Frame, now: number): void => {
    const { commits } = tap.facts()
    tap.observe(decoded.events, now)
    if (watch !== undefined && !isEarlyFailure(decoded, commits)) watch(decoded)
  }

  const observe = (event: Sse.WireEvent, now: number): void => {
    // A payload that breaks off is not taken for a delta, however it begins
    const isDelta = watch === undefined && tap.facts().commits && event.data.endsWith("}")
    const length = isDelta ? upstream.bytes.deltaLength(event) : undefined
    if (length !== undefined) return tap.observeDelta(length, now)
    for (const decoded of decoder.step(event)) see(decoded, now)
  }

  /** A failure of our own making, or one the upstream's end made: the client's encoder says it. */
  const say = (failure: Failure): void => {
    writeEvents(upstream.events.encoder.start(options.context).step(frame({ type: "error", failure })))
  }

  return {
    push: (split, now) => {
      const kept: Array<Sse.WireEvent> = []
      let broken: Failure | undefined
      let isChanged = false
      for (const sent of split.events) {
        if (tap.facts().terminal) break
        const before = tap.facts().commits
        const event = normalizing === undefined ? sent : normalizing.step(sent)
        const stopped = normalizing?.stopped()
        if (stopped !== undefined) {
          options.onStopped?.(stopped)
          writeEvents(shown(hide, kept))
          tap.observe([{ type: "error", failure: stopped.failure }], now)
          return before ? say(stopped.failure) : undefined
        }
        isChanged ||= event !== sent
        observe(event, now)
        const { failure } = tap.facts()
        if (failure !== undefined && !before) return
        // The provider's own error event is forwarded; what is no event of its protocol is not
        if (failure?.class === "protocol-violation") broken = failure
        else kept.push(event)
      }
      if (hide !== undefined) {
        writeEvents(shown(hide, kept))
      } else if (kept.length === split.events.length && isSameFraming && !isChanged) {
        if (kept.length > 0) pending.push(split.bytes)
      } else writeEvents(kept)
      if (broken !== undefined) say(broken)
    },
    pushFrame: ({ events }, now) => {
      if (tap.facts().terminal) return
      const before = tap.facts().commits
      tap.observe(events, now)
      if (isEarlyFailure({ events }, before)) return
      watch?.({ events })
      writeEvents(upstream.events.encoder.start(options.context).step({ events }))
    },
    end: (how, now) => {
      for (const decoded of decoder.end(how)) {
        const { commits, terminal } = tap.facts()
        if (terminal) return
        see(decoded, now)
        const failed = tap.facts().failure
        if (failed !== undefined && commits) say(failed)
        else if (decoded.events.some(({ type }) => type === "end")) writeEvents(upstream.bytes.terminal)
      }
    },
    fail: (failure, now) => {
      if (tap.facts().terminal) return
      const last = frame({ type: "error", failure })
      tap.observe(last.events, now)
      watch?.(last)
      say(failure)
    },
    interrupt: () => {},
    take: () => {
      if (tap.facts().terminal) writeText(close())
      if (pending.length === 0) return nothing
      const taken = isSplit ? pending : [joined(pending)]
      pending = []
      return taken
    }
  }
}
