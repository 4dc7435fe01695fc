// The clients of a crowd, their own process: opens as many streams as it is told, reads their first piece, and then either goes on reading or
// never reads again. Tells how many are open, and how many the other side has ended.
import { connect, type Socket } from "node:net"
import type { Exchange } from "./Wire.ts"

/** What the clients are told. */
export type Order =
  | { readonly kind: "open"; readonly port: number; readonly exchange: Exchange; readonly count: number; readonly reads: boolean }
  | { readonly kind: "count" }
  | { readonly kind: "close" }

/** Streams whose head has come, those the other side has ended, and those that never began. */
export interface Counts {
  readonly open: number
  readonly ended: number
  readonly failed: number
}

/** Milliseconds a stream may take to begin; one that takes longer is left and counted as failed. */
const patienceMs = 10_000

/** Streams opened at the same time: what a listening socket keeps waiting without refusing. */
const atOnce = 100

let sockets: Array<Socket> = []
let open = 0
let ended = 0
let failed = 0

const requestOf = ({ body, headers, path }: Exchange): string =>
  [
    `POST ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body
  ].join("\r\n")

/** Resolves when the answer's first event has come, or when it is clear that none will. */
const begin = (port: number, request: string, reads: boolean): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => void socket.write(request))
    let isOpen = false
    let text = ""
    const note = (chunk: Buffer): void => {
      text += chunk.toString("latin1")
      if (!text.includes("data:")) return
      isOpen = true
      open++
      clearTimeout(giveUp)
      socket.off("data", note)
      if (reads) socket.resume()
      else socket.pause()
      resolve()
    }
    const giveUp = setTimeout(() => isOpen ? undefined : socket.destroy(), patienceMs)
    sockets.push(socket)
    socket.on("data", note)
    socket.on("error", () => {})
    socket.on("close", () => {
      clearTimeout(giveUp)
      if (isOpen) {
        open--
        ended++
      } else failed++
      resolve()
    })
  })

const openAll = async ({ count, exchange, port, reads }: Order & { readonly kind: "open" }): Promise<void> => {
  const request = requestOf(exchange)
  for (let started = 0; started < count; started += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - started) }, () => begin(port, request, reads)))
  }
}

const closeAll = (): void => {
  for (const socket of sockets) socket.destroy()
  sockets = []
}

process.on("message", (order: Order) => {
  const answer = (): void => void process.send?.({ open, ended, failed } satisfies Counts)
  if (order.kind === "open") return void openAll(order).then(answer)
  if (order.kind === "close") closeAll()
  return answer()
})
process.on("disconnect", () => process.exit(0))
