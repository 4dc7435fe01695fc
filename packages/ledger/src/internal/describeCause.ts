/** A failure in one line of text, with the reasons below it: for messages that cross a thread boundary, where errors would lose their class. */
import * as Cause from "effect/Cause"

/** The first failure of a cause, and what caused it. */
export const describeCause = (cause: Cause.Cause<unknown>): string => describe(Cause.squash(cause))

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== error.message ? `${error.message}: ${describe(error.cause)}` : error.message
}
