/** The event loop's side of the thread of replays: starts it with the first message, hands out answers, and starts another where it died. */
import type { Ask, Told } from "@sluice/gateway/ReplayStore"
import type { FromReplays, ToReplays } from "./Messages.ts"

/** A running thread of replays. */
export interface Thread {
  readonly post: (message: ToReplays) => void
}

/** Starts a thread; `onExit` is called once, when it is gone. */
export type StartThread = (onMessage: (message: FromReplays) => void, onExit: (reason: string) => void) => Thread

/** An answer, or why there is none. */
export type Answer = { readonly told: Told } | { readonly failure: string }

/** The thread as the store uses it. */
export interface ReplayAsks {
  /** Asks; gives a function that lets go of the answer, not of the message. */
  readonly ask: (message: Ask, done: (answer: Answer) => void) => () => void
  /** Ends the thread, where there is one, then calls back. */
  readonly close: (done: () => void) => void
}

/** Messages that may be under way. */
const capacity = 10_000

/** Nothing is asked. */
export const make = (start: StartThread): ReplayAsks => {
  const asked = new Map<number, (answer: Answer) => void>()
  let thread: Thread | undefined
  let onClosed: (() => void) | undefined
  let next = 0

  const onMessage = (message: FromReplays) => {
    const done = asked.get(message.id)
    asked.delete(message.id)
    done?.(message._tag === "Told" ? { told: message.told } : { failure: message.reason })
  }

  const onExit = (reason: string) => {
    thread = undefined
    const lost = Array.from(asked.values())
    asked.clear()
    for (const done of lost) done({ failure: `its thread has ended: ${reason}` })
    onClosed?.()
  }

  return {
    ask: (ask, done) => {
      const id = next++
      const obstacle = onClosed !== undefined ? "it is closed" : asked.size >= capacity ? "its queue is full" : undefined
      if (obstacle !== undefined) {
        done({ failure: obstacle })
        return () => {}
      }
      asked.set(id, done)
      thread ??= start(onMessage, onExit)
      thread.post({ _tag: "Ask", id, ask })
      return () => void asked.delete(id)
    },
    close: (done) => {
      onClosed = done
      if (thread === undefined) done()
      else thread.post({ _tag: "Close" })
    }
  }
}
