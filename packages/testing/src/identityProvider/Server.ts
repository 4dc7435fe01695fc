/** A simulated identity provider on a socket of this machine. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import { type Engine, make } from "./Engine.ts"
import type { Options } from "./Settings.ts"

/** It cannot listen. */
export class IdentityProviderListenError extends Schema.TaggedError<IdentityProviderListenError>()("IdentityProviderListenError", { message: Schema.String }) {}

const maxBody = 1024 * 1024

const onRequest = (engine: Engine) => (request: http.IncomingMessage, response: http.ServerResponse): void => {
  const chunks: Array<Buffer> = []
  let size = 0
  request.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size > maxBody) request.destroy()
    else chunks.push(chunk)
  })
  request.on("error", () => response.destroy())
  request.on("end", () => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]))
    const reply = engine.handle({ method: request.method ?? "", path, query, headers, body: Buffer.concat(chunks).toString("utf8") })
    if (reply.fate === "lost") response.destroy()
    else if (reply.fate === undefined) response.writeHead(reply.status, reply.headers).end(reply.body)
  })
}

/** Starts one that lives as long as its scope, on a free port unless told. */
export const start = Effect.fnUntraced(function*(
  options: Options & { readonly port?: number },
  now: () => number
): Effect.fn.Return<{ readonly engine: Engine; readonly issuer: string }, IdentityProviderListenError, Scope.Scope> {
  let issuer = ""
  const engine = make(options, () => issuer, now)
  const server = http.createServer(onRequest(engine))
  yield* Effect.addFinalizer(() =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
  )
  const port = yield* Effect.callback<number, IdentityProviderListenError>((resume) => {
    const failed = (error: Error): void => resume(Effect.fail(new IdentityProviderListenError({ message: error.message })))
    server.once("error", failed)
    server.listen({ port: options.port ?? 0, host: "127.0.0.1", backlog: 4096 }, () => {
      server.off("error", failed)
      const address = server.address()
      resume(
        address === null || typeof address === "string"
          ? Effect.fail(new IdentityProviderListenError({ message: "no TCP address" }))
          : Effect.succeed(address.port)
      )
    })
  })
  issuer = `http://127.0.0.1:${port}`
  return { engine, issuer }
})
