/**
 * The server's own secret, without which the stored digests of keys are worth nothing: from the configuration, or in a file beside the
 * ledger that only its user may read, made when the first key is. Never empty, never in a log.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import { Effect, Redacted, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { chmodSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { type Config, isInMemory } from "./Config.ts"

/** The secret cannot be used, and why. */
export class KeySecretError extends Schema.TaggedError<KeySecretError>()("KeySecretError", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** Characters of a secret, at least: 128 random bits in base64url are 22. */
const shortest = 22

const suffix = ".keysecret"

/** The file beside the ledger; undefined where the ledger is no file. */
export const fileOf = ({ ledger: { url } }: Config): string | undefined => url._tag === "Sqlite" && !isInMemory(url) ? `${url.filename}${suffix}` : undefined

/** Why something could not be done with a file, in the system's own code and words. */
interface FileFailure {
  readonly code: unknown
  readonly reason: string
}

const failureOf = (error: unknown): FileFailure =>
  error instanceof Error ? { code: Reflect.get(error, "code"), reason: error.message } : { code: undefined, reason: String(error) }

/** What a file holds; undefined where there is none. */
const read = (file: string): Effect.Effect<Redacted.Redacted<string> | undefined, KeySecretError> =>
  Effect.gen(function*() {
    const found = yield* Effect.try({
      try: () => ({ mode: statSync(file).mode, text: readFileSync(file, "utf8").trim() }),
      catch: failureOf
    }).pipe(
      Effect.catch(({ code, reason }) =>
        code === "ENOENT" ? Effect.undefined : Effect.fail(new KeySecretError({ reason: `the secret of keys cannot be read: ${reason}` }))
      )
    )
    if (found === undefined) return undefined
    if ((found.mode & 0o077) !== 0) return yield* new KeySecretError({ reason: `the secret of keys in ${file} can be read by others: chmod 600 ${file}` })
    if (found.text.length < shortest) {
      return yield* new KeySecretError({
        reason: `the secret of keys in ${file} is empty or too short; put back what it was, or no key made with it is known again`
      })
    }
    return Redacted.make(found.text)
  })

/** Makes the file, whole or not at all, and never in the place of one that is there. */
const make = (file: string): Effect.Effect<void, KeySecretError> =>
  Effect.try({
    try: () => {
      const draft = `${file}.${randomBytes(6).toString("hex")}`
      writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" })
      chmodSync(draft, 0o600)
      try {
        linkSync(draft, file)
      } finally {
        rmSync(draft)
      }
    },
    catch: failureOf
  }).pipe(
    Effect.catch(({ code, reason }) =>
      code === "EEXIST" ? Effect.void : Effect.fail(new KeySecretError({ reason: `the secret of keys cannot be made: ${reason}` }))
    )
  )

const tooShort = new KeySecretError({
  reason: `auth.keySecret is shorter than ${shortest} characters: take 32 random bytes, as \`openssl rand -base64 32\` gives them`
})

/** The secret that is there; undefined where none was made, and so no key either. */
export const current = (config: Config): Effect.Effect<Redacted.Redacted<string> | undefined, KeySecretError> => {
  const { keySecret } = config.auth
  if (keySecret !== undefined) return Redacted.value(keySecret).length < shortest ? Effect.fail(tooShort) : Effect.succeed(keySecret)
  const file = fileOf(config)
  return file === undefined ? Effect.undefined : read(file)
}

/** The secret that is there, or one that is made now. */
export const ensure = (config: Config): Effect.Effect<Redacted.Redacted<string>, KeySecretError> =>
  Effect.gen(function*() {
    const file = fileOf(config)
    if (config.auth.keySecret === undefined && file !== undefined) yield* make(file)
    const found = yield* current(config)
    return found ?? (yield* new KeySecretError({ reason: "keys need a secret that every server of the ledger knows: set auth.keySecret" }))
  })

/** The secret as a running server looks for it: one that was found is kept, one that was made meanwhile is found. */
export const watched = (config: Config): Effect.Effect<Effect.Effect<Redacted.Redacted<string> | undefined, GatewayError>, KeySecretError> =>
  Effect.map(current(config), (first) => {
    let known = first
    return Effect.suspend(() =>
      known !== undefined ? Effect.succeed(known) : Effect.map(current(config), (found) => known = found).pipe(
        Effect.catch(({ reason }) =>
          Effect.andThen(
            Effect.logError("Stored keys cannot be checked", reason),
            fail({ class: "misconfigured", message: "Stored keys cannot be checked; the operator of the gateway has to look at it." })
          )
        )
      )
    )
  })
