/**
 * A module in a thread of its own: calls go in as plain data, answers come back checked. A call that takes too long ends the thread,
 * and so do junk and the module itself; the next call starts another, and calls under way that were none of it are made again once.
 * It keeps faults apart, not secrets: the module may still reach files and the network of the process.
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Worker } from "node:worker_threads"
import { type Ask, type IsolateData, Told } from "./Messages.ts"

/** Which module, and how much it may take. */
export interface Options extends IsolateData {
  readonly timeoutMs: number
  /** The largest heap of the thread, in mebibytes. */
  readonly memoryMb: number
}

/** A module that can be called. */
export interface Isolate {
  /** What a hook gave, unchecked. A fault of the module, or one that takes too long, dies. */
  readonly call: (hook: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<unknown>
}

interface Pending {
  readonly ask: Ask
  readonly done: (result: Effect.Effect<unknown, Ended>) => void
}

/** The thread ended while a call was under way. */
class Ended extends Data.TaggedError("Ended")<{ readonly reason: string }> {}

const closed = new Error("The gateway this part belongs to has ended.")

/** How long a thread may take to load its module, in milliseconds. */
const startWithinMs = 10_000

const decode = Schema.decodeUnknownOption(Told)

const modulePath = (): URL => new URL(`IsolateThread${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url)

/** Makes it; the thread starts with the first call and ends with the scope. */
export const make = (options: Options): Effect.Effect<Isolate, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(() => open(options)), ({ close }) => Effect.promise(close))

const open = ({ exportName, memoryMb, module, timeoutMs }: Options): Isolate & { readonly close: () => Promise<unknown> } => {
  const pending = new Map<number, Pending>()
  const workerData: IsolateData = { module, exportName }
  let worker: Worker | undefined
  let next = 0
  let isClosed = false
  let isReady = false
  const waiting = new Set<(result: Effect.Effect<void, Ended>) => void>()

  /** Lets those go on who wait for the thread to be there. */
  const release = (result: Effect.Effect<void, Ended>): void => {
    const released = [...waiting]
    waiting.clear()
    for (const resume of released) resume(result)
  }

  const settle = (id: number, result: Effect.Effect<unknown, Ended>): void => {
    const found = pending.get(id)
    pending.delete(id)
    found?.done(result)
  }

  const start = (): Worker => {
    isReady = false
    // Nothing of the environment, where secrets are
    const started = new Worker(modulePath(), { name: "part", workerData, env: {}, resourceLimits: { maxOldGenerationSizeMb: memoryMb } })
    let reason: string | undefined
    started.on("message", (message: unknown) => {
      if (worker !== started) return
      const told = decode(message)
      // Whoever speaks past the hooks is not to be trusted with another call
      if (told._tag === "None") return void started.terminate()
      const { value } = told
      if (value._tag === "Ready") {
        isReady = true
        return release(Effect.void)
      }
      settle(value.id, value._tag === "Gave" ? Effect.succeed(value.value) : Effect.die(new Error(value.message)))
    })
    started.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error)
    })
    started.on("exit", (code) => {
      if (worker === started) gone(reason ?? `it ended with code ${code}`)
    })
    return started
  }

  const post = (call: Pending): void => {
    if (isClosed) return settle(call.ask.id, Effect.die(closed))
    worker?.postMessage(call.ask)
  }

  /** Loading the module has a time of its own: what it costs is no call's fault. */
  const ready = Effect.callback<void, Ended>((resume) => {
    if (isClosed) return resume(Effect.die(closed))
    worker ??= start()
    if (isReady) return resume(Effect.void)
    waiting.add(resume)
    return Effect.sync(() => void waiting.delete(resume))
  })

  /** The thread is gone, and with it what was under way. */
  const gone = (reason: string): void => {
    worker = undefined
    isReady = false
    const lost = new Ended({ reason })
    release(Effect.fail(lost))
    // Whoever is told may ask again at once, of the next thread
    const ids = Array.from(pending.keys())
    for (const id of ids) settle(id, Effect.fail(lost))
  }

  /** The call that waits longest has hung the thread: it alone is to blame, and the others have waited for it. */
  const tooLong = (limitMs: number) =>
    Effect.suspend(() => {
      void worker?.terminate()
      gone("another call took too long")
      return Effect.die(new Cause.TimeoutError(`The module took longer than ${limitMs} ms.`))
    })

  const inTime = <A>(effect: Effect.Effect<A, Ended>, limitMs: number): Effect.Effect<A, Ended> =>
    Effect.timeoutOrElse(effect, { duration: limitMs, orElse: () => tooLong(limitMs) })

  const called = (hook: string, args: ReadonlyArray<unknown>): Effect.Effect<unknown, Ended> =>
    Effect.suspend(() => isReady ? inTime(asked(hook, args), timeoutMs) : Effect.andThen(inTime(ready, startWithinMs), inTime(asked(hook, args), timeoutMs)))

  const asked = (hook: string, args: ReadonlyArray<unknown>): Effect.Effect<unknown, Ended> =>
    Effect.callback<unknown, Ended>((resume) => {
      const id = next++
      const call: Pending = { ask: { id, hook, args }, done: resume }
      pending.set(id, call)
      post(call)
      return Effect.sync(() => void pending.delete(id))
    })

  return {
    // Who was to blame for the end of a thread is not known: each call gets a second one
    call: (hook, ...args) =>
      called(hook, args).pipe(
        Effect.catch(() => called(hook, args)),
        Effect.catch(({ reason }) => Effect.die(new Error(`The thread of the module ended: ${reason}.`)))
      ),
    close: () => {
      isClosed = true
      const last = worker
      worker = undefined
      for (const call of pending.values()) call.done(Effect.die(closed))
      release(Effect.die(closed))
      return last === undefined ? Promise.resolve() : last.terminate()
    }
  }
}
