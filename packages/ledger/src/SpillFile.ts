/**
 * Where rows go that the database does not take: appended to a file beside it and synced, off the event loop, all that wait at
 * once. Ended files are replayed by the writer. Not a second database: nothing is read from here while it is written.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as FileSystem from "node:fs"
import { dirname } from "node:path"
import * as Backlog from "./Backlog.ts"
import type { Row } from "./Rows.ts"
import { size } from "./Rows.ts"
import * as Spill from "./Spill.ts"
import type { WriterId } from "./WriterId.ts"

/** Spill files of one database. */
export interface SpillFile {
  /** Calls back when the row is on disk, or with the reason why it is not. */
  readonly append: (row: Row, done: (failure: string | undefined) => void) => void
  /** Ends the current file, and calls back with the paths of all that ended since it was last asked. */
  readonly rotate: (done: (paths: ReadonlyArray<string>) => void) => void
}

type Request =
  | { readonly _tag: "Append"; readonly row: Row; readonly done: (failure: string | undefined) => void }
  | { readonly _tag: "Rotate"; readonly done: (paths: ReadonlyArray<string>) => void }

interface Current {
  readonly path: string
  readonly file: number
  /** Whether anything in it was confirmed. */
  holdsRows: boolean
}

/** How many bytes may lie in spill files that were not yet handed over. */
const capacity = 1024 * 1024 * 1024

/** How much may be on its way to the files: a disk that hangs must cost a bounded memory, so what comes on top is refused, and told so. */
export interface Bounds {
  readonly rows: number
  readonly bytes: number
}

/** As much as may wait for the database itself. */
export const defaultBounds: Bounds = { rows: Backlog.capacityRows, bytes: Backlog.capacityBytes }

/** Writes spill files of a writer until the scope closes. Its id is in their names, so that they are nobody else's. */
export const make = (database: string, writer: WriterId, bounds = defaultBounds): Effect.Effect<SpillFile, never, Scope.Scope> =>
  Effect.gen(function*() {
    // Bounded by `waiting`, in rows and bytes; rotations come one at a time
    const requests = yield* Queue.unbounded<Request>()
    const waiting = { rows: 0, bytes: 0 }
    let number = 1
    let current: Current | undefined
    let ended: Array<string> = []
    let bytes = 0

    const open = Effect.suspend(() => {
      const path = Spill.fileName(database, writer, number++)
      return Effect.map(node<number>((done) => FileSystem.open(path, "ax", done)), (file) => {
        current = { path, file, holdsRows: false }
        return current
      }).pipe(Effect.tap(() => syncFolder(path)))
    })

    const end = Effect.suspend(() => {
      if (current === undefined) return Effect.void
      const { file, path } = current
      current = undefined
      ended.push(path)
      return Effect.ignore(node<void>((done) => FileSystem.close(file, done)))
    })

    /** Ends a file whose end is unknown: the next line must not begin behind half of one. A disk that fails for hours leaves no file for each try. */
    const giveUp = Effect.suspend(() => {
      if (current === undefined || current.holdsRows) return end
      const { file, path } = current
      current = undefined
      return Effect.ignore(node<void>((done) => FileSystem.close(file, done))).pipe(
        Effect.andThen(node<void>((done) => FileSystem.unlink(path, done))),
        Effect.catch(() => Effect.sync(() => void ended.push(path)))
      )
    })

    const write = (text: string) =>
      Effect.gen(function*() {
        if (bytes + text.length > capacity) return yield* Effect.fail("the spill files are full (1 GB)")
        const to = current ?? (yield* open)
        yield* node<void>((done) => FileSystem.appendFile(to.file, text, done)).pipe(
          Effect.andThen(node<void>((done) => FileSystem.fdatasync(to.file, done))),
          Effect.tapError(() => giveUp)
        )
        to.holdsRows = true
        bytes += text.length
      })

    const append = (requests: ReadonlyArray<Request & { readonly _tag: "Append" }>) =>
      Effect.match(write(requests.map(({ row }) => Spill.toLine(row)).join("")), {
        onFailure: (reason) => {
          for (const { done } of requests) done(reason)
        },
        onSuccess: () => {
          for (const { done } of requests) done(undefined)
        }
      })

    const serve = Effect.gen(function*() {
      const batch = yield* Queue.takeAll(requests)
      const rows = batch.filter((request) => request._tag === "Append")
      if (rows.length > 0) yield* append(rows)
      for (const request of batch) {
        if (request._tag !== "Rotate") continue
        yield* end
        const paths = ended
        ended = []
        bytes = 0
        request.done(paths)
      }
    })

    const offer = (row: Row, done: (failure: string | undefined) => void) => {
      const taken = size(row)
      if (waiting.rows >= bounds.rows || waiting.bytes + taken > bounds.bytes) return done("its queue is full: the disk does not keep up")
      waiting.rows++
      waiting.bytes += taken
      Queue.offerUnsafe(requests, {
        _tag: "Append",
        row,
        done: (failure) => {
          waiting.rows--
          waiting.bytes -= taken
          done(failure)
        }
      })
    }

    yield* Effect.addFinalizer(() => end)
    yield* Effect.forkScoped(Effect.forever(serve))
    return {
      append: offer,
      rotate: (done) => void Queue.offerUnsafe(requests, { _tag: "Rotate", done })
    }
  })

// Node calls back with an error, or with what the function's type says; the cast holds because callers name that type
const node = <A>(run: (done: (error: Error | null | undefined, value?: A) => void) => void): Effect.Effect<A, string> =>
  Effect.callback((resume) => run((error, value) => resume(error instanceof Error ? Effect.fail(error.message) : Effect.succeed(value as A))))

/** A new file is durable when its folder is; systems that cannot sync a folder do it themselves. */
const syncFolder = (path: string): Effect.Effect<void> =>
  Effect.acquireUseRelease(
    node<number>((done) => FileSystem.open(dirname(path), "r", done)),
    (folder) => node<void>((done) => FileSystem.fsync(folder, done)),
    (folder) => Effect.ignore(node<void>((done) => FileSystem.close(folder, done)))
  ).pipe(Effect.ignore)
