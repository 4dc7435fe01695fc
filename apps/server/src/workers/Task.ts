/**
 * What a worker is told when it starts: which one it is, and the configuration as the primary process last read and applied it, so that
 * one that is started again later serves what the others serve, whatever became of the file.
 */
import { Effect, Schema } from "effect"
import { listenOn, loadDefaults, loadText } from "../Config.ts"
import * as Origin from "../reload/Origin.ts"
import { Status } from "../reload/Reload.ts"

/** A file's text, as it is sent. */
export const Source = Schema.Struct({ file: Schema.String, text: Schema.String })

/** The task. */
export const Task = Schema.Struct({
  number: Schema.Int,
  /** Absent = the server was started without a file. */
  source: Schema.optionalKey(Source),
  host: Schema.String,
  port: Schema.Int,
  /** The operator's token where none is configured. */
  madeToken: Schema.String,
  /** What replays are sealed with where nothing is configured. */
  replaySecret: Schema.String,
  /** How the server stands. */
  status: Status
})

/** The task as it is sent. */
export const encode = Schema.encodeUnknownSync(Task)

/** A worker's configuration, as it is now or with another text. */
export const configOf = ({ host, madeToken, port, ...task }: typeof Task.Type, source = task.source) =>
  Effect.gen(function*() {
    const loaded = yield* source === undefined ? loadDefaults : loadText(source.file, source.text)
    return Origin.withToken(yield* Effect.fromResult(listenOn(loaded, { host, port })), madeToken)
  })
