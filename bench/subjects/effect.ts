// Baseline `effect`: the smallest Effect server that forwards, with HttpRouter, NodeHttpServer and the undici HttpClient as they come.
// A body of known length is read and sent whole, any other is streamed: the cheaper way of the two for each.
// It is what the stack itself costs before a gateway adds anything; it authenticates, counts and translates nothing.
// Usage: node bench/subjects/effect.ts --port N --upstream N
import { NodeHttpClient, NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Headers, HttpBody, HttpClient, HttpClientRequest, HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { parseArgs } from "node:util"

const { values } = parseArgs({ options: { port: { type: "string", default: "0" }, upstream: { type: "string", default: "0" } } })
const origin = `http://127.0.0.1:${values.upstream}`

const forward = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const client = yield* HttpClient.HttpClient
  yield* router.add("POST", "/*", (request) =>
    Effect.gen(function*() {
      const body = yield* request.arrayBuffer
      const headers = Headers.removeMany(request.headers, ["host", "connection", "content-length"])
      const answer = yield* client.execute(HttpClientRequest.post(`${origin}${request.url}`, {
        headers,
        body: HttpBody.uint8Array(new Uint8Array(body), "application/json")
      }))
      const head = { status: answer.status, contentType: answer.headers["content-type"] ?? "application/json" }
      return answer.headers["content-length"] === undefined
        ? HttpServerResponse.stream(answer.stream, head)
        : HttpServerResponse.uint8Array(new Uint8Array(yield* answer.arrayBuffer), head)
    }))
}))

HttpRouter.serve(forward, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provide(NodeHttpServer.layer(() => createServer({ keepAliveTimeout: 600_000 }), { port: Number(values.port), host: "127.0.0.1" })),
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.launch,
  NodeRuntime.runMain
)
