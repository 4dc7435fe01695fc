/** Reads what a command is given: a file, or standard input where the file is called `-`. */
import { Effect, FileSystem, type PlatformError, Schema, Stdio, Stream } from "effect"
import { fileProblem } from "../FileProblem.ts"

/** It cannot be read. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { path: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `${this.path === "-" ? "standard input" : this.path} cannot be read: ${this.reason}`
  }
}

/** Names the place in what went wrong while reading it. */
export const unreadable = (path: string) => (error: PlatformError.PlatformError): Unreadable => new Unreadable({ path, reason: fileProblem(error) })

/** The whole text. */
export const readText = Effect.fn(function*(path: string) {
  if (path !== "-") return yield* FileSystem.FileSystem.use((files) => files.readFileString(path)).pipe(Effect.mapError(unreadable(path)))
  return yield* Stdio.Stdio.use(({ stdin }) => Stream.mkString(Stream.decodeText(stdin))).pipe(Effect.mapError(unreadable(path)))
})
