/**
 * The reader thread: a long report delays neither the event loop nor the writer. Started by `Threads` with the first query, never
 * imported; what it does is in `ReaderLoop`.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { FromReader, ReaderData } from "../Messages.ts"
import * as ReaderLoop from "./ReaderLoop.ts"

// Both ends of the channel are ours: what `Messages` declares is what arrives
const { filename } = workerData as ReaderData

parentPort?.on("message", ReaderLoop.start(filename, (message: FromReader) => parentPort?.postMessage(message), () => parentPort?.close()))
