/**
 * Watches the configuration file and says when another text is in it. Directories are watched, not the file (WatchedEntries.ts); a text
 * counts when it was the same at two looks in a row, so that nobody reads half of one; and it is looked at now and then without being
 * told, because not every file system tells.
 */
import { Effect, Queue, type Scope } from "effect"
import { type FSWatcher, watch } from "node:fs"
import { readFile } from "node:fs/promises"
import * as WatchedEntries from "./WatchedEntries.ts"

/** What is watched, and what was last seen of it. */
export interface Watched {
  readonly file: string
  /** Whether this is another text than was last read; undefined = there is no file. */
  readonly isNew: (text: string | undefined) => boolean
}

/** Milliseconds between two looks that must find the same. */
const settleMs = 100

/** The same for a file that is gone: some programs take it away for a moment before they write it anew. */
const goneMs = 1_000

/** Looks at a file that never stays the same, before it is taken as it is. */
const maxLooks = 50

/** Milliseconds between looks that nobody asked for. */
const everyMs = 5_000

const read = (file: string): Effect.Effect<string | undefined> => Effect.promise(() => readFile(file, "utf8").catch(() => undefined))

/** The text, once two looks in a row have found the same; `undefined` = there is no file. */
export const settled = Effect.fnUntraced(function*(look: Effect.Effect<string | undefined>) {
  let text = yield* look
  for (let looks = 0; looks < maxLooks; looks++) {
    yield* Effect.sleep(text === undefined ? goneMs : settleMs)
    const again = yield* look
    if (again === text) return text
    text = again
  }
  return text
})

/** Watchers of all entries that matter now; those before are closed. */
const watchers = (file: string, onEvent: () => void) => {
  let open: ReadonlyArray<FSWatcher> = []
  let known = ""
  const close = (): void => {
    for (const each of open) each.close()
    open = []
    known = ""
  }
  const watchOne = (directory: string, names: ReadonlySet<string>): ReadonlyArray<FSWatcher> => {
    // A directory that is not there, or one too many: the looks that nobody asks for remain
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) => name === null || names.has(name) ? onEvent() : undefined)
      return [watcher.on("error", () => watcher.close())]
    } catch {
      return []
    }
  }
  const renew = (): void => {
    const entries = WatchedEntries.of(file)
    const text = JSON.stringify([...entries].map(([directory, names]) => [directory, ...names]))
    if (text === known) return
    close()
    known = text
    open = [...entries].flatMap(([directory, names]) => watchOne(directory, names))
  }
  return { renew, close }
}

/** Calls `onChange` for every new text while the scope lives, one call after the other. */
export const start = ({ file, isNew }: Watched, onChange: Effect.Effect<unknown, unknown>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function*() {
    const hints = yield* Queue.sliding<void>(1)
    const { close, renew } = watchers(file, () => void Queue.offerUnsafe(hints, undefined))
    yield* Effect.acquireRelease(Effect.sync(renew), () => Effect.sync(close))
    const look = Effect.gen(function*() {
      const text = yield* settled(read(file))
      renew()
      if (isNew(text)) yield* Effect.ignore(onChange)
    })
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Queue.take(hints), look)))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(everyMs), Queue.offer(hints, undefined))))
  })
