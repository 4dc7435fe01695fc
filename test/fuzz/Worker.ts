/** One thread of a long run: takes ranges of inputs, answers with what happened, and measures its own heap when asked. */
import "effect/schema/SchemaJITCompiler/enable"
import { getHeapStatistics } from "node:v8"
import { parentPort, workerData } from "node:worker_threads"
import * as Attack from "./Attack.ts"
import type { Batch } from "./Run.ts"
import * as Run from "./Run.ts"

/** What a thread is started with. `marks` holds the index it is at, for a watcher that must notice a hang. */
export interface Start {
  readonly seed: number
  readonly chosen: ReadonlyArray<number>
  readonly marks: SharedArrayBuffer
}

/** A range of inputs to run, by their place in the run. */
export interface Order {
  readonly from: number
  readonly to: number
  /** Whether to collect garbage behind it and to measure what is left. */
  readonly measures: boolean
}

/** The answer to an order. `heap` is bytes in use. */
export interface Answer extends Batch {
  readonly order: Order
  readonly heap?: number
}

const { chosen, marks, seed }: Start = workerData
const mark = new Float64Array(marks)

const heapInUse = (): number | undefined => {
  if (globalThis.gc === undefined) return undefined
  globalThis.gc()
  globalThis.gc()
  const { external_memory: external, used_heap_size: used } = getHeapStatistics()
  return used + external
}

const run = Run.make(seed, {
  began: (index) => {
    mark[0] = index
    mark[1] = (mark[1] ?? 0) + 1
  }
})

function* indexes({ from, to }: Order): Generator<number> {
  for (let n = from; n < to; n++) yield Attack.indexOf(n, chosen)
}

parentPort?.on("message", (order: Order) => {
  const batch = run(indexes(order))
  const heap = order.measures ? heapInUse() : undefined
  const answer: Answer = { ...batch, order, ...(heap === undefined ? {} : { heap }) }
  parentPort?.postMessage(answer)
})
