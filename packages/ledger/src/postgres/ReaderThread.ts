/**
 * The reader thread: a long report delays neither the event loop nor the writer. Started by `Threads` with the first query, never
 * imported; what it does is in `ReaderLoop`.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { FromReader } from "../Messages.ts"
import * as ReaderLoop from "./ReaderLoop.ts"
import type { ReaderData } from "./Threads.ts"

// Both ends of the channel are ours: what `Threads` declares is what arrives
const { url } = workerData as ReaderData

parentPort?.on("message", ReaderLoop.start(url, (message: FromReader) => parentPort?.postMessage(message), () => parentPort?.close()))
