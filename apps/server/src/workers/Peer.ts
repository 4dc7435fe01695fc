/**
 * Questions and answers between two processes over a channel of plain messages: either side may ask, and every question ends, with an
 * answer, a refusal, or because the other side took too long or is gone. It knows no processes: whoever has a channel makes a peer.
 */
import { Effect, Schema } from "effect"

/** The other side did not answer. */
export class PeerFailed extends Schema.TaggedError<PeerFailed>()("PeerFailed", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** What one side is asked for, by name. A failure's message is what the other side is told. */
export interface Handlers {
  readonly [name: string]: (payload: unknown) => Effect.Effect<unknown, { readonly message: string }>
}

/** One side. */
export interface Peer {
  /** `withinMs` = how long this answer may take, where that is not as long as others. */
  readonly ask: (name: string, payload?: unknown, withinMs?: number) => Effect.Effect<unknown, PeerFailed>
  /** Takes a message that came through the channel; whatever is none of ours is ignored. */
  readonly receive: (message: unknown) => void
  /** The channel is gone: all questions end. */
  readonly close: (reason: string) => void
}

/** Bounds of a side. */
export interface Bounds {
  /** Milliseconds an answer may take. */
  readonly withinMs: number
  /** Questions that may wait for their answers. */
  readonly pending: number
}

/** 2 s, 10,000 questions. */
export const defaultBounds: Bounds = { withinMs: 2_000, pending: 10_000 }

const Message = Schema.Union([
  Schema.Struct({ sluice: Schema.tag("ask"), id: Schema.Int, name: Schema.String, payload: Schema.optionalKey(Schema.Unknown) }),
  Schema.Struct({ sluice: Schema.tag("answer"), id: Schema.Int, payload: Schema.optionalKey(Schema.Unknown), failure: Schema.optionalKey(Schema.String) })
])
const decode = Schema.decodeUnknownOption(Message)

interface Question {
  readonly askedAt: number
  readonly withinMs: number
  readonly resume: (answer: Effect.Effect<unknown, PeerFailed>) => void
}

/** A side that sends with `send`, which says whether the channel took the message. */
export const make = (
  send: (message: typeof Message.Type) => boolean,
  handlers: Handlers,
  bounds: Bounds = defaultBounds
): Effect.Effect<Peer> =>
  Effect.gen(function*() {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const questions = new Map<number, Question>()
    let closed: string | undefined
    let count = 0
    let timer: NodeJS.Timeout | undefined

    const end = (id: number, answer: Effect.Effect<unknown, PeerFailed>): void => {
      const question = questions.get(id)
      questions.delete(id)
      question?.resume(answer)
    }

    /** One timer for all questions, and none while nothing is asked. */
    const watch = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        const now = performance.now()
        for (const [id, { askedAt, withinMs }] of questions) {
          if (now - askedAt >= withinMs) end(id, new PeerFailed({ reason: `it did not answer within ${withinMs} ms` }))
        }
        if (questions.size > 0) watch()
      }, bounds.withinMs / 4)
    }

    const reply = (id: number, answer: Effect.Effect<unknown, { readonly message: string }>) =>
      Effect.match(answer, {
        onSuccess: (payload) => send(payload === undefined ? { sluice: "answer", id } : { sluice: "answer", id, payload }),
        onFailure: ({ message }) => send({ sluice: "answer", id, failure: message })
      })

    return {
      ask: (name, payload, withinMs = bounds.withinMs) =>
        Effect.callback<unknown, PeerFailed>((resume) => {
          if (closed !== undefined) return resume(new PeerFailed({ reason: closed }))
          if (questions.size >= bounds.pending) return resume(new PeerFailed({ reason: "too many questions wait for its answers" }))
          const id = count++
          questions.set(id, { askedAt: performance.now(), withinMs, resume })
          watch()
          if (!send({ sluice: "ask", id, name, ...(payload === undefined ? {} : { payload }) })) end(id, new PeerFailed({ reason: "it cannot be reached" }))
          return Effect.sync(() => questions.delete(id))
        }),
      receive: (message) => {
        const decoded = decode(message)
        if (decoded._tag === "None") return
        const { value } = decoded
        if (value.sluice === "answer") {
          return end(value.id, value.failure === undefined ? Effect.succeed(value.payload) : new PeerFailed({ reason: value.failure }))
        }
        const handler = handlers[value.name]
        run(reply(value.id, handler === undefined ? new PeerFailed({ reason: `it knows nothing of "${value.name}"` }) : handler(value.payload)))
      },
      close: (reason) => {
        closed = reason
        clearTimeout(timer)
        for (const id of questions.keys()) end(id, new PeerFailed({ reason }))
      }
    }
  })
