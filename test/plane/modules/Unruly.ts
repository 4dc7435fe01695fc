/** A module as nobody wants it: what it does is in the name of the model. Runs in a thread of its own. */
import type { WorkerExtensionModule, WorkerInterceptorModule } from "@sluice/gateway/WorkerModule"
import { exit } from "node:process"

const forever = (): never => {
  for (;;);
}

const hoard = (): never => {
  const all: Array<ReadonlyArray<number>> = []
  for (;;) all.push(Array.from({ length: 100_000 }, (_, index) => index * Math.random()))
}

// What a module without types may give
const junk = JSON.parse(`{ "request": { "turns": "none" } }`)
const odd = JSON.parse(`{ "nonsense": true }`)

/** Interceptors in a thread. */
export const interceptor: WorkerInterceptorModule = {
  request: (request, { headers, model, principal }) => {
    const name = model.slice(model.indexOf("/") + 1)
    switch (name) {
      case "changes":
        return { request: { ...request, maxOutputTokens: 77, user: `${principal.id} ${headers["x-team"] ?? "nobody"}` } }
      case "refuses":
        return { refuse: { message: "Not from this thread.", class: "forbidden" } }
      case "replies":
        return { reply: { status: 418, headers: { "x-by": "thread" }, body: "tea" } }
      case "throws":
        throw new Error("a bug")
      case "rejects":
        return Promise.reject(new Error("a bug"))
      case "hangs":
        return forever()
      case "waits":
        return new Promise(() => {})
      case "exits":
        return exit(3)
      case "hoards":
        return hoard()
      case "junk":
        return junk
      case "odd":
        return odd
      case "function":
        return { request: { ...request, metadata: Object.assign({}, { f: () => "cannot be sent" }) as never } }
      case "environment":
        return { refuse: { message: `env ${Object.keys(process.env).length}` } }
      default:
        return undefined
    }
  },
  attempt: (request, { attempt }) =>
    request.model.endsWith("attempt") || request.model === "attempts" ? { headers: { set: { "x-attempt": String(attempt) } } } : undefined,
  response: ({ body, status }) => status === 200 ? { headers: { set: { "x-length": String(body.length) } } } : undefined
}

let finished = 0

/** Extensions in a thread. */
export const extension: WorkerExtensionModule = {
  admit: ({ model }) => model.endsWith("denied") ? { refuse: { message: `No, after ${finished}.` } } : undefined,
  finish: () => {
    finished += 1
  }
}
