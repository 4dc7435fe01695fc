// The provider of the benchmark, its own process: bare node:http that answers with bytes built beforehand.
// The path says the dialect and the end of the model name, in the path or the body, the shape (`200x16`: 200 events, 16 per network chunk).
// `idle` streams say one chunk and fall silent until the other side leaves; `flood` streams never end and are as fast as they are read.
// It has no timers: between two chunks of a stream lies one setImmediate.
import { createServer } from "node:http"
import type { IncomingMessage, ServerResponse } from "node:http"
import { bufferedAnswer, dialects, streamChunks } from "./Wire.ts"
import type { WireDialect } from "./Wire.ts"

const shapePattern = /(\d+)x(\d+)[":]/
const streams = new Map<string, ReadonlyArray<Buffer>>()
const buffered = new Map(dialects.map((dialect) => [dialect, bufferedAnswer(dialect)]))

const dialectOf = (path: string): WireDialect =>
  path.startsWith("/v1/messages")
    ? "anthropic-messages"
    : path.startsWith("/v1/responses")
    ? "openai-responses"
    : path.startsWith("/v1beta")
    ? "gemini-generate"
    : "openai-chat"

const chunksFor = (dialect: WireDialect, shape: RegExpExecArray): ReadonlyArray<Buffer> => {
  const key = `${dialect} ${shape[0]}`
  const known = streams.get(key)
  if (known !== undefined) return known
  const built = streamChunks(dialect, { events: Number(shape[1]), perChunk: Number(shape[2]) })
  streams.set(key, built)
  return built
}

const sendStream = (response: ServerResponse, chunks: ReadonlyArray<Buffer>) => {
  let position = 0
  const next = () => {
    const chunk = chunks[position++]
    if (chunk === undefined || response.destroyed) return void response.end()
    if (response.write(chunk)) setImmediate(next)
    else response.once("drain", next)
  }
  beginStream(response)
  next()
}

const beginStream = (response: ServerResponse) =>
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-request-id": "req_bench" })

const [opening = Buffer.alloc(0), delta = Buffer.alloc(0)] = streamChunks("openai-chat", { events: 64, perChunk: 16 })

const flood = (response: ServerResponse) => {
  const next = () => {
    if (response.destroyed) return
    if (response.write(delta)) setImmediate(next)
    else response.once("drain", next)
  }
  beginStream(response).write(opening)
  next()
}

const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
  const path = request.url ?? ""
  const dialect = dialectOf(path)
  if (body.includes("-idle\"")) return void beginStream(response).write(opening)
  if (body.includes("-flood\"")) return flood(response)
  const shape = shapePattern.exec(path) ?? shapePattern.exec(body)
  if (shape !== null) return sendStream(response, chunksFor(dialect, shape))
  const bytes = buffered.get(dialect) ?? Buffer.alloc(0)
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length, "x-request-id": "req_bench" }).end(bytes)
}

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const parts: Array<Buffer> = []
  request.on("data", (part: Buffer) => parts.push(part))
  request.on("end", () => answer(request, response, Buffer.concat(parts).toString("latin1")))
  request.on("error", () => response.destroy())
})

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.({ port: address !== null && typeof address === "object" ? address.port : 0 })
})
process.on("disconnect", () => process.exit(0))
