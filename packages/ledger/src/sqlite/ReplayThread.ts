/**
 * The thread of replays: claims wait for the disk here and not on the event loop. Started by `Threads` with the first claim, never
 * imported; what it does is in `ReplayLoop`.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { FromReplays, ReplaysData } from "../Messages.ts"
import * as ReplayLoop from "./ReplayLoop.ts"

// Both ends of the channel are ours: what `Messages` declares is what arrives
const data = workerData as ReplaysData

parentPort?.on("message", ReplayLoop.start(data, (message: FromReplays) => parentPort?.postMessage(message), () => parentPort?.close()))
