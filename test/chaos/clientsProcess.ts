// Clients on bare sockets as a process of its own: what a client sees must be logged by what shares nothing with the gateway.
// Asked by Clients.ts; started by the rig only.
import { createHash } from "node:crypto"
import { connect, type Socket } from "node:net"
import { answer, monotonic } from "./Channel.ts"
import type { ClientCalls, ClientEntry, ClientRequest, Leaving } from "./Clients.ts"
import * as Framing from "./Framing.ts"

const tailLength = 400
const headLimit = 16_384

interface Running {
  readonly entry: ClientEntry
  readonly socket: Socket
  readonly leave: (how: Leaving) => number
}

let requests = new Map<string, Running>()
const log: Array<ClientEntry> = []

const eventsIn = (text: string): number => text.split("\ndata: ").length - 1

const send = (request: ClientRequest): Promise<void> =>
  new Promise((written) => {
    const { hostname, port } = new URL(request.url)
    const entry: ClientEntry = { tag: request.tag, sentAt: monotonic(), bytes: 0, events: 0, tail: "" }
    log.push(entry)
    const digest = createHash("sha256")
    let framing: Framing.Framing | undefined
    // Half-open, so that ending our own half leaves the other one to the server
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    const end = (ending: ClientEntry["ending"] & string): void => {
      if (entry.ending !== undefined) return
      entry.ending = entry.leftAt === undefined ? framing?.isWhole() === true ? "whole" : ending : "left"
      entry.endedAt = monotonic()
      entry.digest = digest.digest("base64url")
      requests.delete(request.tag)
      // Half-open as it is, it is closed by both sides only when this one answers the other's end
      if (entry.ending === "whole" && request.keep === true) socket.once("end", () => socket.end())
      else socket.destroy()
      written()
    }
    const leave = (how: Leaving): number => {
      entry.leftAt ??= monotonic()
      if (how === "half-close") socket.end()
      else if (how === "FIN") socket.destroy()
      else socket.resetAndDestroy()
      return entry.leftAt
    }
    requests.set(request.tag, { entry, socket, leave })
    let head = ""
    const take = (text: string): void => {
      framing?.take(text)
      entry.bytes = framing?.payload() ?? 0
      const joined = entry.tail + text
      entry.events += eventsIn(joined) - eventsIn(entry.tail)
      if (request.leave !== undefined && entry.leftAt === undefined && joined.includes(request.leave.after)) leave(request.leave.how)
      entry.tail = joined.slice(-tailLength)
      // A framed end is the end, whether or not the server closes the connection
      if (framing?.isWhole() === true) end("whole")
    }
    socket.once("connect", () => {
      const body = JSON.stringify(request.body)
      const headers = { host: hostname, "content-type": "application/json", "content-length": String(Buffer.byteLength(body)), ...request.headers }
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("")
      socket.write(`POST ${request.path} HTTP/1.1\r\n${lines}\r\n${body}`, () => written())
    })
    // One byte is one character: lengths are bytes, and every mark looked for is ASCII
    socket.setEncoding("latin1")
    socket.on("data", (text: string) => {
      if (entry.headAt !== undefined) return take(text)
      head += text
      const at = head.indexOf("\r\n\r\n")
      if (at < 0) return head.length > headLimit ? socket.destroy() : undefined
      entry.headAt = monotonic()
      entry.head = head.slice(0, at)
      framing = Framing.of(`${entry.head}\r\n`, (payload) => void digest.update(payload, "latin1"))
      entry.status = Number(head.slice(9, 12))
      take(head.slice(at + 4))
    })
    socket.on("error", () => end(entry.headAt === undefined && socket.connecting ? "refused" : "cut"))
    socket.on("end", () => end("cut"))
    socket.on("close", () => end(socket.bytesWritten === 0 ? "refused" : "cut"))
  })

/** Looks every few milliseconds; gives the last value when the time is over. */
const until = async <A>(value: () => A, isReached: (value: A) => boolean, withinMs: number): Promise<A> => {
  const deadline = monotonic() + withinMs
  while (!isReached(value()) && monotonic() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
  return value()
}

const calls: ClientCalls = {
  send: async (all) => void await Promise.all(all.map(send)),
  leave: ({ how, tag }) => requests.get(tag)?.leave(how) ?? Number.NaN,
  ended: (withinMs) => until(() => requests.size, (open) => open === 0, withinMs),
  received: ({ bytes, requests, withinMs }) => until(() => log.filter((entry) => entry.bytes >= bytes).length, (count) => count >= requests, withinMs),
  log: () => log,
  clear: () => {
    for (const { socket } of requests.values()) socket.destroy()
    requests = new Map()
    log.length = 0
  }
}
answer(calls)
