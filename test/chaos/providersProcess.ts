// Providers as a process of its own, as cheap as they can be: bare node:http that says its name in Chat's words. A model's name says
// how its answer comes: `whole`, or `stream` with so many events at so many milliseconds. Asked by Load.ts; started by the rig only.
import { createServer, type ServerResponse } from "node:http"
import { answer } from "./Channel.ts"
import type { ProviderCalls } from "./Load.ts"

const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }

const whole = (name: string): string =>
  JSON.stringify({
    id: "c1",
    object: "chat.completion",
    created: 5,
    model: name,
    choices: [{ index: 0, message: { role: "assistant", content: name }, finish_reason: "stop" }],
    usage
  })

const chunk = (delta: object, reason: string | null, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 5, choices: [{ index: 0, delta, finish_reason: reason }], ...more })}\n\n`

const stream = (response: ServerResponse, name: string, events: number, everyMs: number): void => {
  const said = chunk({ content: name }, null)
  const end = `${chunk({}, "stop")}data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 5, choices: [], usage })}\n\ndata: [DONE]\n\n`
  let sent = 0
  const timer = setInterval(() => {
    if (sent++ < events) return response.write(said)
    clearInterval(timer)
    response.end(end)
  }, everyMs)
  response.on("close", () => clearInterval(timer))
  response.writeHead(200, { "content-type": "text/event-stream" }).write(said)
}

let connections = 0

const start = (name: string): Promise<string> =>
  new Promise((resolve) => {
    const text = whole(name)
    const server = createServer((request, response) => {
      let body = ""
      request.setEncoding("latin1").on("data", (piece) => body += piece)
      request.on("end", () => {
        const [, events, everyMs] = /"stream-(\d+)x(\d+)/.exec(body) ?? []
        if (events === undefined) response.writeHead(200, { "content-type": "application/json" }).end(text)
        else stream(response, name, Number(events), Number(everyMs))
      })
    })
    server.keepAliveTimeout = 60_000
    server.on("connection", (socket) => {
      connections++
      socket.on("close", () => connections--)
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`)
    })
  })

const calls: ProviderCalls = { start, connections: () => connections }
answer(calls)
