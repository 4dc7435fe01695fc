/**
 * What the reader thread does: answers queries over connections that may change nothing. Knows no `Worker`: the thread is
 * `ReaderThread`, and tests run this where they are.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { describeCause } from "../internal/describeCause.ts"
import type { FromReader, ToReader } from "../Messages.ts"
import * as Answers from "../reading/Answers.ts"
import * as PgClient from "./PgClient.ts"

/** Gives the function to call with each message; `close` ends the thread. */
export const start = (url: string, reply: (message: FromReader) => void, close: () => void): (message: ToReader) => void => {
  const runtime = ManagedRuntime.make(PgClient.layer({ url, readonly: true, connections: 2 }))

  return (message) => {
    if (message._tag === "Close") return void runtime.dispose().then(close)
    const { id, question } = message
    runtime.runFork(
      Answers.answer(question).pipe(
        Effect.matchCause({
          onFailure: (cause) => reply({ id, answer: { _tag: "Failed", reason: describeCause(cause) }, last: true }),
          onSuccess: (answer) => {
            for (const part of Answers.pieces(answer)) reply({ id, ...part })
          }
        })
      )
    )
  }
}
