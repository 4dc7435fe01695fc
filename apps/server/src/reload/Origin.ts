/**
 * Where the configuration comes from, each time it is read: the file the server was started with, or the defaults; with the address the
 * command line says, and the operator's token that was made for this run where none is configured.
 */
import { Effect, FileSystem, Redacted, Result } from "effect"
import { type Config, listenOn, loadDefaults, loadText, readText } from "../Config.ts"
import type { ConfigError } from "../config/ConfigError.ts"
import { ReloadFailure } from "./Reload.ts"

/** A file and its text, as it was read. */
export interface Source {
  readonly file: string
  readonly text: string
}

/** What was read. */
export interface Loaded {
  readonly config: Config
  /** The operator's token, where it is the one that was made for this run. */
  readonly madeToken?: string
  /** Absent = there is no file. */
  readonly source?: Source
}

/** The origin. */
export interface Origin {
  readonly file?: string
  readonly read: Effect.Effect<Loaded, ReloadFailure>
  /** The token that is made for this run, whether it is needed or not. */
  readonly madeToken: string
  /** Whether the file's text is another than was last read; undefined = there is no file. */
  readonly isNew: (text: string | undefined) => boolean
}

/** What goes before the file. */
export interface Overrides {
  readonly host?: string
  readonly port?: number
  /** The token of this run. */
  readonly madeToken: string
}

/** The configuration with the operator's token: its own, else that of this run. */
export const withToken = (config: Config, madeToken: string): Config =>
  config.auth.adminToken !== undefined
    ? config
    : { ...config, auth: { ...config.auth, adminToken: Redacted.make(madeToken) } }

const failed = (step: "read" | "check") => (error: ConfigError): ReloadFailure =>
  new ReloadFailure({ step, ...(error.file === undefined ? {} : { file: error.file }), problems: error.problems })

/** An origin; reading it again needs nothing but itself. */
export const make = Effect.fnUntraced(function*(file: string | undefined, { madeToken, ...address }: Overrides): Effect.fn.Return<
  Origin,
  never,
  FileSystem.FileSystem
> {
  const files = yield* FileSystem.FileSystem
  let seen: string | undefined
  const loaded = (config: Config): Result.Result<Loaded, ConfigError> =>
    Result.map(listenOn(config, address), (listening) => {
      const whole = withToken(listening, madeToken)
      return whole === listening ? { config: whole } : { config: whole, madeToken }
    })
  const facts = { madeToken, isNew: (text: string | undefined) => text !== seen }
  if (file === undefined) {
    return { ...facts, read: loadDefaults.pipe(Effect.flatMap((config) => Effect.fromResult(loaded(config))), Effect.mapError(failed("check"))) }
  }
  const read = Effect.gen(function*() {
    seen = undefined
    const text = yield* Effect.mapError(readText(file), failed("read"))
    seen = text
    const found = yield* loadText(file, text).pipe(Effect.flatMap((config) => Effect.fromResult(loaded(config))), Effect.mapError(failed("check")))
    return { ...found, source: { file, text } }
  })
  return { ...facts, file, read: Effect.provideService(read, FileSystem.FileSystem, files) }
})
