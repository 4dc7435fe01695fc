/** A client on a bare TCP socket, to see how a connection ends and which bytes it carried. */
import { Effect } from "effect"
import * as net from "node:net"
import type { Incoming } from "../../src/Simulator.ts"

/** All bytes of a connection and how it ended: the peer's FIN, or an error code. */
export interface RawReply {
  readonly text: string
  readonly end: string
}

/** The bytes of a request, for a connection of its own. */
export const wire = (incoming: Incoming): string => {
  const headers = { host: "simulator", connection: "close", "content-length": String(Buffer.byteLength(incoming.body)), ...incoming.headers }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const query = incoming.query === "" ? "" : `?${incoming.query}`
  return `${incoming.method} ${incoming.path}${query} HTTP/1.1\r\n${lines.join("")}\r\n${incoming.body}`
}

/** Sends a request and reads until the connection ends. */
export const exchange = (port: number, incoming: Incoming) =>
  Effect.callback<RawReply>((resume) => {
    const parts: Array<Buffer> = []
    const socket = net.connect(port, "127.0.0.1", () => socket.write(wire(incoming)))
    const done = (end: string) => resume(Effect.succeed({ text: Buffer.concat(parts).toString("utf8"), end }))
    socket.on("data", (part) => parts.push(part))
    socket.on("end", () => done("FIN"))
    socket.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    return Effect.sync(() => socket.destroy())
  })

/** Sends a request, waits until `enough` bytes arrived, and leaves by closing the socket. */
export const leaveAfter = (port: number, incoming: Incoming, enough: (text: string) => boolean) =>
  Effect.callback<string>((resume) => {
    let text = ""
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.write(wire(incoming), () => enough(text) && leave())
    })
    const leave = () => socket.destroy()
    socket.on("data", (part) => {
      text += part.toString("utf8")
      if (enough(text)) leave()
    })
    socket.on("close", () => resume(Effect.succeed(text)))
  })

/** A GET or DELETE of an administration path, as text. */
export const administer = (url: string, method = "GET") =>
  Effect.promise(async () => {
    const response = await fetch(url, { method })
    return { status: response.status, text: await response.text() }
  })
