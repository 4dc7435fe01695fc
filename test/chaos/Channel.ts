/**
 * Questions and answers between the rig and its helper processes: one call on this side is one handler on the other. A helper
 * ends when its channel closes, so that none outlives the rig.
 */
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"

/** The calls a helper answers: each takes at most one plain value and gives another. */
export type Calls<C> = { readonly [K in keyof C]: (argument: never) => unknown }

/** A running helper as its parent sees it. */
export interface Helper<C extends Calls<C>> {
  readonly pid: number
  readonly ask: <K extends keyof C & string>(name: K, ...argument: Parameters<C[K]>) => Promise<Awaited<ReturnType<C[K]>>>
  readonly stop: () => void
}

interface Question {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

interface Reply {
  readonly id: number
  readonly answer?: unknown
  readonly failure?: string
}

const children = new Set<ChildProcess>()
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")))

/** Starts a helper from a file of this folder. */
export const start = <C extends Calls<C>>(file: string): Helper<C> => {
  // Flags of a test runner are not meant for helpers
  const child = fork(join(import.meta.dirname, file), { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] })
  children.add(child)
  const waiting = new Map<number, { readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void }>()
  let next = 0
  child.on("message", (reply: Reply) => {
    const asked = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (reply.failure === undefined) asked?.resolve(reply.answer)
    else asked?.reject(new Error(`${file}: ${reply.failure}`))
  })
  child.on("exit", (code, signal) => {
    children.delete(child)
    for (const { reject } of waiting.values()) reject(new Error(`the helper ${file} ended (${signal ?? code})`))
    waiting.clear()
  })
  return {
    pid: child.pid ?? 0,
    ask: (name, ...[argument]) =>
      new Promise((resolve, reject) => {
        const id = ++next
        // What comes back is what the handler of this name gave: both ends are typed by the same calls
        waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject })
        const question: Question = { id, name, argument }
        child.send(question, (error) => error === null ? undefined : reject(error))
      }),
    stop: () => void child.kill("SIGKILL")
  }
}

/** Answers the calls of the parent; for the main module of a helper. */
export const answer = <C extends Calls<C>>(calls: C): void => {
  const handlers = new Map<string, (argument: never) => unknown>(Object.entries(calls))
  process.on("message", ({ argument, id, name }: Question) => {
    const call = handlers.get(name)
    const reply = (message: Reply): void => void process.send?.(message)
    // The parent's types say what each call takes
    Promise.resolve().then(() => call?.(argument as never)).then(
      (given) => reply({ id, answer: given }),
      (error: unknown) => reply({ id, failure: error instanceof Error ? error.stack ?? error.message : String(error) })
    )
  })
  process.on("disconnect", () => process.exit(0))
}

/** Milliseconds of the machine's monotonic clock, which all processes share. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6
