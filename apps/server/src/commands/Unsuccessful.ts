/**
 * How a command that printed its answer says that the answer is no: the exit code is 1 and nothing more is printed.
 * Not for failures that still have to be told: those are errors with a message of their own.
 */
import { Schema } from "effect"

/** The command did its work, and what it found is bad. */
export class Unsuccessful extends Schema.TaggedError<Unsuccessful>()("Unsuccessful", {}) {}
