/** A failure in one line of text, with the reasons below it: for messages that cross a thread boundary, where errors would lose their class. */
import * as Cause from "effect/Cause"

/** The first failure of a cause, and what caused it. */
export const describeCause = (cause: Cause.Cause<unknown>): string => {
  const messages: Array<string> = []
  let error = Cause.squash(cause)
  // SqlError keeps what happened in `reason`, the others in `cause`
  for (let depth = 0; depth < 8 && error instanceof Error; depth++) {
    if (error.message !== "" && !messages.includes(error.message)) messages.push(error.message)
    error = error.cause ?? Reflect.get(error, "reason")
  }
  return messages.length === 0 ? String(error) : messages.join(": ")
}
