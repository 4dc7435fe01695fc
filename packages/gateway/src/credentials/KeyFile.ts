/**
 * A key, or the login of another program, in a file that somebody else keeps: read again every few seconds, and at once when the
 * provider refuses what was read. It is never written and its tokens are never refreshed here, since whoever writes it refreshes them.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { readFile } from "node:fs/promises"
import { type CredentialError, forGood, temporary } from "./CredentialError.ts"
import * as CredentialProvider from "./CredentialProvider.ts"
import * as ImportedFile from "./ImportedFile.ts"
import { isSendable, key, type Material } from "./Material.ts"

const maxLength = 64 * 1024

const reasonOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined
  return code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "this user may not read it" : typeof code === "string" ? code : "it cannot be read"
}

/** A file of one line is a key; one that begins as JSON does is what another program wrote. */
const materialOf = (path: string, text: string, now: number): Effect.Effect<Material, CredentialError> => {
  const content = text.trim()
  if (content.startsWith("{")) return Effect.fromResult(ImportedFile.parse(content, now))
  if (content === "") return Effect.fail(forGood("empty", `The key file ${path} is empty.`))
  if (!isSendable(content) || content.length > maxLength) return Effect.fail(forGood("unknown_shape", `The key file ${path} is neither one line nor JSON.`))
  return Effect.succeed(key(Redacted.make(content)))
}

/** The source of what is in a file, looked at every `everyMs` milliseconds (2 seconds unless told). */
export const make = (path: string, options: { readonly everyMs?: number } = {}): CredentialProvider.CredentialProvider =>
  CredentialProvider.make({
    source: "file",
    kind: "key",
    reloadEveryMs: options.everyMs ?? 2000,
    load: Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const text = yield* Effect.tryPromise({
        try: () => readFile(path, "utf8"),
        catch: (error) => temporary(`The key file ${path} cannot be used: ${reasonOf(error)}.`)
      })
      return yield* materialOf(path, text, now)
    })
  })
