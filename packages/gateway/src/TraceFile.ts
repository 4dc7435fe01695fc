/** The file a tracer writes its lines to: opened for each write, so that it can be moved away at any time, and readable by its owner only. */
import * as Effect from "effect/Effect"
import { appendFile } from "node:fs/promises"

/** Appends to a file, which is made where it is missing. */
export const append = (path: string) => (text: string): Effect.Effect<void, { readonly message: string }> =>
  Effect.tryPromise({
    try: () => appendFile(path, text, { mode: 0o600 }),
    catch: (error) => ({ message: error instanceof Error ? error.message : String(error) })
  })
