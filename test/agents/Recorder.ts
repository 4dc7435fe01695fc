/**
 * Stands between the agents and the gateway and writes down every call, so that each can be looked for in the ledger. It passes
 * bytes on and changes nothing. It is also the agents' proxy to everywhere else, and lets nothing through: a run needs no network.
 */
import { once } from "node:events"
import { createServer, request } from "node:http"

/** One call of an agent. */
export interface Call {
  readonly method: string
  readonly path: string
  /** 0 where the gateway could not be reached. */
  readonly status: number
  /** The id the gateway gave the call; absent where the call is no exchange. */
  readonly id: string | undefined
  /** What an agent was told that did not get what it asked for. */
  readonly refusal: string
}

/** A running recorder. */
export interface Recorder {
  /** Without a slash at its end. */
  readonly url: string
  /** The calls since the last time they were taken. */
  readonly take: () => ReadonlyArray<Call>
  /** Places an agent wanted to reach since the last time. */
  readonly takeRefusedHosts: () => ReadonlyArray<string>
}

/** Starts a recorder in front of the gateway at `port`. It does not keep the process alive. */
export const start = async (port: number): Promise<Recorder> => {
  let calls: Array<Call> = []
  let hosts: Array<string> = []
  const server = createServer((incoming, outgoing) => {
    const { headers, method = "", url = "" } = incoming
    if (!url.startsWith("/")) {
      hosts.push(new URL(url).host)
      return outgoing.writeHead(403).end()
    }
    const passed = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
      const status = answer.statusCode ?? 0
      const id = answer.headers["x-request-id"]
      let refusal = ""
      outgoing.writeHead(status, answer.headers)
      answer.on("data", (chunk: Buffer) => {
        if (status >= 400) refusal = (refusal + chunk.toString()).slice(0, 1000)
      })
      answer.on("end", () => calls.push({ method, path: url, status, id: typeof id === "string" ? id : undefined, refusal }))
      answer.pipe(outgoing)
    })
    passed.on("error", (error) => {
      if (!outgoing.headersSent) calls.push({ method, path: url, status: 0, id: undefined, refusal: error.message })
      outgoing.destroy()
    })
    outgoing.on("close", () => passed.destroy())
    incoming.pipe(passed)
  })
  server.on("connect", ({ url = "" }, socket) => {
    hosts.push(url)
    socket.on("error", () => undefined)
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
  })
  server.listen(0, "127.0.0.1").unref()
  await once(server, "listening")
  const address = server.address()
  return {
    url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
    take: () => {
      const taken = calls
      calls = []
      return taken
    },
    takeRefusedHosts: () => {
      const taken = [...new Set(hosts)]
      hosts = []
      return taken
    }
  }
}
