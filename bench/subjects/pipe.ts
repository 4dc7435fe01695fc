// Baseline `pipe`: a bare node:http server in front of a node:http agent; the bytes are piped both ways and nothing is looked at.
// It is the practical limit of the platform: a gateway below it would be a measuring error.
// Usage: node bench/subjects/pipe.ts --port N --upstream N
import { Agent, createServer, request } from "node:http"
import { parseArgs } from "node:util"

const { values } = parseArgs({ options: { port: { type: "string", default: "0" }, upstream: { type: "string", default: "0" } } })
const agent = new Agent({ keepAlive: true, maxSockets: 4096, maxFreeSockets: 4096 })

const server = createServer({ keepAliveTimeout: 600_000 }, (incoming, reply) => {
  const headers = { ...incoming.headers }
  delete headers.host
  delete headers.connection
  const outgoing = request({ host: "127.0.0.1", port: values.upstream, path: incoming.url, method: incoming.method, headers, agent }, (answer) => {
    const answerHeaders = { ...answer.headers }
    delete answerHeaders.connection
    delete answerHeaders["keep-alive"]
    delete answerHeaders["transfer-encoding"]
    reply.writeHead(answer.statusCode ?? 502, answerHeaders)
    answer.pipe(reply)
  })
  outgoing.on("error", () => reply.destroy())
  reply.on("close", () => outgoing.destroy())
  incoming.pipe(outgoing)
})
server.listen(Number(values.port), "127.0.0.1")
