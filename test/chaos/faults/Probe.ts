/** How the rig looks into the gateway's process while faults are injected into it; the inside is ProbeInside.ts. */
import { connect } from "node:net"
import { join } from "node:path"

/** Milliseconds between two looks at the event loop. */
export const sampleEveryMs = 5

/** What was measured since it was last asked. */
export interface Measured {
  /** How late the event loop was, in milliseconds; a stall counts for as long as it lasted. */
  readonly p99Ms: number
  readonly worstMs: number
  /** The same without the time in which there was no processor for it, where the system says so: what the program itself is to blame for. */
  readonly ownP99Ms: number
  readonly ownWorstMs: number
  /** Resident memory in kB, four times a second. */
  readonly rssKb: ReadonlyArray<number>
  /** What is alive after a whole collection, in kB: a leak shows here, however late the collector is. */
  readonly liveKb: number
}

/** A probe in a process that is started with `env`. */
export interface Probe {
  readonly env: { readonly [name: string]: string }
  readonly measure: () => Promise<Measured>
  /** Ends the ledger's writer thread as a crash of it would. */
  readonly endWriter: () => Promise<void>
}

/** A probe for one process; its socket stands in this folder. */
export const make = (folder: string): Probe => {
  // Paths of socket files are short
  const path = join(folder, "probe")
  const order = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = ""
      const socket = connect(path, () => void socket.write(`${text}\n`))
      socket.setEncoding("utf8")
        .on("data", (chunk: string) => answer += chunk)
        .on("end", () => resolve(answer))
        .on("error", reject)
    })
  return {
    env: { SLUICE_PROBE: path, NODE_OPTIONS: `--import=${join(import.meta.dirname, "ProbeInside.ts")}` },
    measure: async () => JSON.parse(await order("measure")),
    endWriter: async () => void await order("end writer")
  }
}
