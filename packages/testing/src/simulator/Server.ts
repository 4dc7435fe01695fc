/**
 * The simulator on a socket: plain node:http with one callback loop per connection, since a fault upstream needs
 * what HTTP frameworks hide (resets, bodies without end, back-pressure, the instant a peer leaves). Timers run only
 * where a scenario waits. `/__log` and `/__open` answer tests of other processes.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import type { Action, Write } from "./Actions.ts"
import { type Engine, type EngineOptions, makeEngine } from "./Engine.ts"
import type { Incoming } from "./Provider.ts"
import { endEntry, type Ending, type LogEntry, toNdjson } from "./RequestLog.ts"

/** The server cannot listen, for example because the port is taken. */
export class SimulatorListenError extends Schema.TaggedError<SimulatorListenError>()("SimulatorListenError", { message: Schema.String }) {}

/** Where to listen: port 0 (a free one) and 127.0.0.1 unless told; how many requests the log keeps, and who is let in. */
export interface ServerOptions extends EngineOptions {
  readonly port?: number
  readonly host?: string
}

/** A running simulator. `url` has no slash at its end. */
export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly engine: Engine
}

// The log wants real, monotonic time of this process, also under a test clock
const now = (): number => performance.now()

const maxBody = 64 * 1024 * 1024

const incomingOf = (request: http.IncomingMessage, body: string): Incoming => {
  const [path = "", query = ""] = (request.url ?? "").split("?", 2)
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value ?? ""]))
  return { method: request.method ?? "", path, query, headers, body }
}

/** Performs the actions of one exchange on its response, as fast as the peer reads. */
const perform = (response: http.ServerResponse, entry: LogEntry, actions: Iterator<Action>): void => {
  let timer: NodeJS.Timeout | undefined
  let ending: Ending | undefined
  response.on("close", () => {
    clearTimeout(timer)
    endEntry(entry, ending ?? (response.writableFinished ? "completed" : "client-closed"), now())
    actions.return?.()
  })
  const drop = (how: "reset" | "cut"): void => {
    ending = how
    const { socket } = response
    if (how === "reset") socket?.resetAndDestroy()
    else socket?.destroySoon()
  }
  const write = (action: Write): boolean => {
    entry.eventsSent += action.events
    entry.bytesSent += Buffer.byteLength(action.data)
    return response.write(action.data)
  }
  const step = (): void => {
    while (!response.destroyed) {
      const next = actions.next()
      if (next.done === true) {
        response.end()
        return
      }
      const action = next.value
      switch (action.type) {
        case "informational":
          response.writeEarlyHints({ link: "</>; rel=preconnect" })
          break
        case "head":
          entry.status = action.status
          entry.headAt = now()
          response.writeHead(action.status, action.headers).flushHeaders()
          break
        case "write":
          if (!write(action)) {
            response.once("drain", step)
            return
          }
          break
        case "wait":
        case "linger":
          if (action.millis > 0) timer = setTimeout(step, action.millis)
          else setImmediate(step)
          return
        case "stall":
          return
        case "truncate":
          ending = "truncated"
          response.end()
          return
        default:
          drop(action.type)
          return
      }
    }
  }
  step()
}

/** The administration paths, which leave no log entry; false for every other path. */
const administer = (engine: Engine, request: http.IncomingMessage, response: http.ServerResponse): boolean => {
  if (request.url === "/__log" && request.method === "GET") {
    response.writeHead(200, { "content-type": "application/x-ndjson" }).end(toNdjson(engine.log.entries()))
  } else if (request.url === "/__log" && request.method === "DELETE") {
    engine.log.clear()
    response.writeHead(204).end()
  } else if (request.url === "/__open" && request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ open: engine.log.open() }))
  } else {
    return false
  }
  return true
}

const onRequest = (engine: Engine) => (request: http.IncomingMessage, response: http.ServerResponse): void => {
  if (administer(engine, request, response)) {
    request.resume()
    return
  }
  const chunks: Array<Buffer> = []
  let size = 0
  request.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size > maxBody) request.destroy()
    else chunks.push(chunk)
  })
  request.on("error", () => response.destroy())
  request.on("end", () => {
    const { entry, actions } = engine.receive(incomingOf(request, Buffer.concat(chunks).toString("utf8")), now())
    perform(response, entry, actions[Symbol.iterator]())
  })
}

const listen = (server: http.Server, options: ServerOptions) =>
  Effect.callback<AddressInfo, SimulatorListenError>((resume) => {
    const failed = (error: Error): void => resume(Effect.fail(new SimulatorListenError({ message: error.message })))
    server.once("error", failed)
    // A backlog as deep as the kernel allows: tests connect hundreds of clients in one tick
    server.listen({ port: options.port ?? 0, host: options.host ?? "127.0.0.1", backlog: 4096 }, () => {
      server.off("error", failed)
      const address = server.address()
      resume(address === null || typeof address === "string" ? Effect.fail(new SimulatorListenError({ message: "no TCP address" })) : Effect.succeed(address))
    })
  })

/** Starts a simulator that lives as long as its scope; closing it drops every open connection. */
export const startServer = Effect.fnUntraced(function*(options: ServerOptions = {}): Effect.fn.Return<RunningServer, SimulatorListenError, Scope.Scope> {
  const engine = makeEngine(options)
  const server = http.createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, onRequest(engine))
  yield* Effect.addFinalizer(() =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
  )
  const { port } = yield* listen(server, options)
  const host = options.host ?? "127.0.0.1"
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`, port, engine }
})
