/**
 * The event loop's side of the writer thread: sends the rows of one tick in one message, lets settlements wait for company,
 * starts a dead thread again with what it had not confirmed, and spills what must not be lost. Callbacks, because this is the
 * part of every exchange that costs the event loop.
 */
import type { Waiting } from "./Backlog.ts"
import * as Backlog from "./Backlog.ts"
import type { FromWriter, ToWriter } from "./Messages.ts"
import * as Overflow from "./Overflow.ts"
import type { Row } from "./Rows.ts"
import type { SpillFile } from "./SpillFile.ts"

/** A running writer thread. */
export interface Thread {
  readonly post: (message: ToWriter) => void
  /** Ends it without asking. */
  readonly kill: () => void
}

/** Starts a thread; `onExit` is called once, when it is gone. */
export type StartThread = (recover: boolean, onMessage: (message: FromWriter) => void, onExit: (reason: string) => void) => Thread

/** How the first start went. */
export type StartResult = FromWriter & { readonly _tag: "Ready" | "StartFailed" }

/** How a writer is doing. */
export interface State {
  readonly waitingRows: number
  readonly isFailing: boolean
  readonly isSpilling: boolean
  /** Since it was made. */
  readonly spilledRows: number
}

/** What a writer is made of. */
export interface Options {
  readonly start: StartThread
  readonly spill: SpillFile
  /** Told how the first start went; after a failure the writer is of no use. */
  readonly onStart: (result: StartResult) => void
  /** Told what an operator should know, in words. */
  readonly onTrouble: (message: string) => void
  /** Told every second how it is doing. */
  readonly onState?: (state: State) => void
}

/** The writer, as the ledger uses it. */
export interface Writer {
  /** Queues a row that goes out at the end of this tick. */
  readonly write: (waiting: Waiting) => void
  /** Queues a row that goes out with the next one of {@link Writer.write}, at most 20 ms later. */
  readonly writeSoon: (waiting: Waiting) => void
  /** Queues a row as {@link Writer.write} does, or says why it is refused; once queued it is spilled rather than lost. */
  readonly tryWrite: (row: Row) => string | undefined
  /** Calls back when everything queued so far is stored, or has failed. */
  readonly drain: (done: () => void) => void
  /** Stores or spills what waits, ends the thread, then calls back. Whatever is written later is refused. */
  readonly close: (done: () => void) => void
}

/** How long a settlement waits for an opening to share a commit with, in milliseconds. */
const patience = 20

/** Rows that go out without waiting further: a whole group of the writer thread. */
const crowd = 500

/** How often a failing database is tried again, and how long the second death of a thread in a row delays the next start; milliseconds. */
const retryDelay = 1000

const longestDelay = 5000

/** How long rows wait for a sign of life before they are refused or spilled, in milliseconds: twice what the thread waits for a locked file. */
const stallPatience = 10_000

/** Starts a writer. */
export const make = (options: Options): Writer => {
  const backlog = Backlog.make()
  const overflow = Overflow.make(options.spill, {
    replay: (path) => thread?.post({ _tag: "Replay", path }),
    onStranded: (reason) => options.onTrouble(`ended exchanges wait in memory: neither the ledger nor a spill file takes them: ${reason}`)
  })
  let thread: Thread | undefined
  let isReady = false
  let hasStarted = false
  let deathsInARow = 0
  let spilledRows = 0
  // Whether the last thing heard of the database was a failure
  let isFailing = false
  let onClosed: (() => void) | undefined
  // Whether the thread was told to close: nothing comes after that
  let isTold = false
  let isFlushScheduled = false
  let lateFlush: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined
  // Seconds in which rows waited and nothing was heard
  let silence = 0
  let drains: Array<{ readonly through: number; readonly done: () => void }> = []

  const flush = () => {
    isFlushScheduled = false
    clearTimeout(lateFlush)
    lateFlush = undefined
    if (isReady && backlog.unsentRows() > 0) thread?.post({ _tag: "Rows", ...backlog.unsent() })
  }

  const flushThisTick = () => {
    if (isFlushScheduled) return
    isFlushScheduled = true
    setImmediate(flush)
  }

  const flushLater = () => {
    if (isFailing || backlog.unsentRows() >= crowd) return flushThisTick()
    if (!isFlushScheduled) lateFlush ??= setTimeout(flush, patience)
  }

  const write = (waiting: Waiting, schedule: () => void) => {
    const obstacle = obstacleTo(waiting.row)
    if (obstacle !== undefined) return giveUp(waiting, obstacle)
    backlog.add(waiting)
    schedule()
  }

  const obstacleTo = (row: Row): string | undefined => {
    if (onClosed !== undefined) return "it is closed"
    // While it fails, one group at a time finds out whether it recovered; nobody queues behind it
    if (isFailing && (backlog.rows() > 0 || !isReady)) return "the database does not take writes"
    return backlog.hasRoom(row) ? undefined : "its queue is full"
  }

  const giveUp = ({ done, fallback, row }: Waiting, reason: string) => {
    if (fallback !== "spill" || isTold) return done?.(reason)
    retry ??= setInterval(retrySpilled, retryDelay).unref()
    overflow.keep(row, (failure) => {
      if (failure === undefined) spilledRows++
      done?.(failure === undefined ? undefined : `${reason}, nor does the spill file: ${failure}`)
      endIfIdle()
    })
  }

  const retrySpilled = () => {
    if (isTold) return
    overflow.retry()
    offerSpilled()
  }

  const offerSpilled = () => {
    if (isTold) return
    if (overflow.hasRows()) {
      if (isReady && backlog.rows() <= Backlog.capacityRows / 2) overflow.offer()
    } else if (retry !== undefined) {
      clearInterval(retry)
      retry = undefined
    }
  }

  const take = (through: number, each: (waiting: Waiting) => void) => {
    for (const waiting of backlog.take(through)) each(waiting)
    if (drains.length > 0) {
      for (const { done } of drains.filter((drain) => drain.through <= through)) done()
      drains = drains.filter((drain) => drain.through > through)
    }
    endIfIdle()
  }

  const fail = (through: number, reason: string) => {
    if (!isFailing) options.onTrouble(`the ledger does not take writes: ${reason}`)
    isFailing = true
    take(through, (waiting) => giveUp(waiting, reason))
  }

  const recover = () => {
    deathsInARow = 0
    if (isFailing) options.onTrouble("the ledger takes writes again")
    isFailing = false
  }

  // A disk that never answers blocks the thread, not the gateway
  const watchdog = setInterval(() => {
    silence = backlog.rows() === 0 ? 0 : silence + 1000
    if (silence >= stallPatience) fail(backlog.newest(), "the database does not answer")
    options.onState?.({ waitingRows: backlog.rows(), isFailing, isSpilling: overflow.hasRows(), spilledRows })
  }, 1000).unref()

  const onMessage = (message: FromWriter) => {
    silence = 0
    switch (message._tag) {
      case "Ready":
        isReady = true
        if (!hasStarted) options.onStart(message)
        hasStarted = true
        backlog.resend()
        return flush()
      case "StartFailed":
        return hasStarted ? options.onTrouble(`the ledger's writer thread does not start: ${message.reason}`) : options.onStart(message)
      case "Recovered":
        return options.onTrouble(
          `the ledger recovered what another process left when it died: ${message.swept} exchanges abandoned, ${message.replayed} rows replayed, ${message.quarantined} set aside`
        )
      case "UpkeepFailed":
        return options.onTrouble(`the ledger's upkeep is put off: ${message.reason}`)
      case "Replaced":
        return options.onTrouble("the ledger's file is not the one that was opened: it is opened, and where it is gone created, again")
      case "Committed":
        recover()
        take(message.through, ({ done }) => done?.(undefined))
        return retry === undefined ? undefined : offerSpilled()
      case "Failed":
        return fail(message.through, message.reason)
      case "Refused":
        options.onTrouble(`the ledger cannot store a row: ${message.reason}`)
        return backlog.withdraw(message.row)?.done?.(message.reason)
      case "Replayed":
        recover()
        overflow.replayed()
        options.onTrouble(`${message.applied} spilled rows are in the ledger again; ${message.quarantined} could not be applied`)
        return offerSpilled()
      case "ReplayFailed":
        isFailing = true
        return overflow.notReplayed()
    }
  }

  const onExit = (reason: string) => {
    thread = undefined
    isReady = false
    overflow.notReplayed()
    if (isTold) return onClosed?.()
    if (!hasStarted) return options.onStart({ _tag: "StartFailed", reason })
    deathsInARow++
    options.onTrouble(`the ledger's writer thread has ended: ${reason}`)
    if (deathsInARow === 1) return startThread()
    setTimeout(startThread, Math.min(retryDelay * 2 ** (deathsInARow - 2), longestDelay)).unref()
    fail(backlog.newest(), "its writer thread keeps ending")
  }

  const startThread = () => {
    if (!isTold) thread = options.start(!hasStarted, onMessage, onExit)
  }

  const endIfIdle = () => {
    if (onClosed === undefined || isTold || backlog.rows() > 0 || !overflow.isIdle()) return
    isTold = true
    clearInterval(retry)
    clearInterval(watchdog)
    if (thread === undefined) onClosed()
    else thread.post({ _tag: "Close" })
  }

  startThread()
  return {
    write: (waiting) => write(waiting, flushThisTick),
    writeSoon: (waiting) => write(waiting, flushLater),
    tryWrite: (row) => {
      const obstacle = obstacleTo(row)
      if (obstacle === undefined) write({ row, fallback: "spill", done: undefined }, flushThisTick)
      return obstacle
    },
    drain: (done) => {
      if (backlog.rows() === 0) return done()
      drains.push({ through: backlog.newest(), done })
      flushThisTick()
    },
    close: (done) => {
      // Longer than the watchdog takes to spill what waits
      const deadline = setTimeout(() => {
        overflow.abandon()
        thread?.kill()
      }, stallPatience + 2000)
      onClosed = () => {
        clearTimeout(deadline)
        done()
      }
      flush()
      endIfIdle()
    }
  }
}
