/** Requests that arrive while the server listens but nobody hears them yet. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { createServer } from "node:http"
import * as EarlyRequests from "../src/EarlyRequests.ts"

it.live("are answered as soon as somebody listens, each once", () =>
  Effect.promise(async () => {
    const server = EarlyRequests.keep(createServer())
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
    let arrived = 0
    const both = new Promise<void>((resolve) => server.on("connection", () => ++arrived === 2 ? resolve() : undefined))
    const early = [fetch(`${url}/one`), fetch(`${url}/two`)]
    await both
    server.on("request", (request, response) => response.end(request.url))
    const answers = await Promise.all([...early, fetch(`${url}/three`)].map(async (answer) => (await answer).text()))
    assert.deepStrictEqual(answers, ["/one", "/two", "/three"])
    server.close()
    server.closeAllConnections()
  }))
