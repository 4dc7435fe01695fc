/**
 * What a worker is told when it starts: which one it is, and the configuration as the primary process read it once, so that one that
 * is started again later serves what the others serve, whatever became of the file.
 */
import { Effect, Redacted, Schema } from "effect"
import { type Config, listenOn, loadDefaults, loadText } from "../Config.ts"

/** The file's text, as it was read; absent = the server was started without a file. */
export interface Source {
  readonly file: string
  readonly text: string
}

/** The task. */
export const Task = Schema.Struct({
  number: Schema.Int,
  source: Schema.optionalKey(Schema.Struct({ file: Schema.String, text: Schema.String })),
  host: Schema.String,
  port: Schema.Int,
  /** The operator's token where it was made for this run. */
  madeToken: Schema.optionalKey(Schema.String),
  /** What replays are sealed with where nothing is configured. */
  replaySecret: Schema.String,
  /** Where simulated providers are reached. */
  simulatorUrl: Schema.optionalKey(Schema.String)
})

/** A worker's configuration. */
export const configOf = ({ host, madeToken, port, source }: typeof Task.Type) =>
  Effect.gen(function*() {
    const loaded = yield* source === undefined ? loadDefaults : loadText(source.file, source.text)
    const config: Config = yield* Effect.fromResult(listenOn(loaded, { host, port }))
    return madeToken === undefined ? config : { ...config, auth: { ...config.auth, adminToken: Redacted.make(madeToken) } }
  })
