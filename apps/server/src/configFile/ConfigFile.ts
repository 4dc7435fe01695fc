/**
 * The configuration file on its disk: read with a tag that changes with its text, and replaced whole or not at all, with the text before
 * kept beside it. Whoever writes has to say which text he changes, so that two people do not undo each other's work.
 */
import { Effect, Schema } from "effect"
import { createHmac, randomBytes } from "node:crypto"
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { basename, dirname, join } from "node:path"

/** The file cannot be read or written. */
export class ConfigFileFailed extends Schema.TaggedError<ConfigFileFailed>()("ConfigFileFailed", { file: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `the configuration file ${this.file} ${this.reason}`
  }
}

/** The file is not what it was when it was read. */
export class ConfigFileChanged extends Schema.TaggedError<ConfigFileChanged>()("ConfigFileChanged", { file: Schema.String }) {
  override get message(): string {
    return `the configuration file ${this.file} was changed meanwhile: read it again`
  }
}

/** A text of the file. */
export interface Version {
  readonly text: string
  readonly etag: string
}

// Of this process, so that nobody can try out from a tag what a secret in the text is
const tagKey = randomBytes(32)

const versionOf = (text: string, key: Buffer | string): Version => ({
  text,
  etag: `"${createHmac("sha256", key).update(text).digest("base64url").slice(0, 22)}"`
})

const reasonOf = (error: unknown): string => error instanceof Error ? String(Reflect.get(error, "code") ?? error.message) : String(error)

const attempt = <A>(file: string, what: string, run: () => A): Effect.Effect<A, ConfigFileFailed> =>
  Effect.try({ try: run, catch: (error) => new ConfigFileFailed({ file, reason: `${what}: ${reasonOf(error)}` }) })

/** The file as it is. `key` makes the tags of several processes equal. */
export const read = (file: string, key: string | undefined): Effect.Effect<Version, ConfigFileFailed> =>
  Effect.map(attempt(file, "cannot be read", () => readFileSync(file, "utf8")), (text) => versionOf(text, key ?? tagKey))

/** Texts kept beside the file; older ones are removed. */
const backups = 10

/** A lock that is older belongs to a process that has died. */
const staleLockMs = 30_000

const lock = (file: string, now: number): Effect.Effect<string, ConfigFileFailed> => {
  const path = `${file}.lock`
  return attempt(file, "cannot be locked", () => {
    const held = statSync(path, { throwIfNoEntry: false })
    if (held !== undefined && now - held.mtimeMs > staleLockMs) rmSync(path, { force: true })
    closeSync(openSync(path, "wx", 0o600))
    return path
  })
}

/** `2026-11-20T10:00:00.000Z` as a part of a file's name that every system takes. */
const stamp = (now: number): string => new Date(now).toISOString().replaceAll(/[:.]/g, "-")

const replace = (file: string, text: string, now: number): string => {
  const folder = dirname(file)
  const mode = statSync(file).mode & 0o777
  const backup = `${file}.${stamp(now)}.bak`
  copyFileSync(file, backup)
  chmodSync(backup, mode & 0o600)
  const draft = join(folder, `.${basename(file)}.${randomBytes(6).toString("hex")}`)
  try {
    writeFileSync(draft, text, { mode, flag: "wx", flush: true })
    chmodSync(draft, mode)
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    rmSync(backup, { force: true })
    throw error
  }
  const directory = openSync(folder, "r")
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
  const old = readdirSync(folder).filter((name) => name.startsWith(`${basename(file)}.`) && name.endsWith(".bak")).toSorted().slice(0, -backups)
  for (const name of old) rmSync(join(folder, name), { force: true })
  return backup
}

/** What was written, and where the text before is kept. */
export interface Written extends Version {
  readonly backup: string
}

/** Replaces the text of the file, where it is still the one with this tag. A link is followed: what it leads to is replaced. */
export const write = (
  file: string,
  change: { readonly text: string; readonly etag: string; readonly now: number; readonly key: string | undefined }
): Effect.Effect<Written, ConfigFileFailed | ConfigFileChanged> =>
  Effect.gen(function*() {
    const { etag, key, now, text } = change
    const real = yield* attempt(file, "cannot be found", () => realpathSync(file))
    return yield* Effect.acquireUseRelease(
      lock(real, now),
      () =>
        Effect.gen(function*() {
          const current = yield* read(real, key)
          if (current.etag !== etag) return yield* new ConfigFileChanged({ file })
          const backup = yield* attempt(file, "cannot be written", () => replace(real, text, now))
          return { ...versionOf(text, key ?? tagKey), backup }
        }),
      (path) => Effect.sync(() => rmSync(path, { force: true }))
    )
  }).pipe(Effect.uninterruptible)
