/** A client that names its requests with Idempotency-Keys, and what the upstream and the ledger saw of them. */
import type { Entry } from "@sluice/gateway/Ledger"
import { Effect, Schedule } from "effect"
import { request } from "node:http"
import * as Rig from "../end-to-end/Rig.ts"

/** One request. `tag` tells its upstream requests from those of others. */
export interface Question {
  readonly key?: string
  readonly scenario: string
  readonly tag: string
  readonly upstream?: string
  /** Another name for the scenario and its tag. */
  readonly model?: string
  readonly stream?: boolean
  readonly text?: string
  readonly apiKey?: string
  readonly headers?: { readonly [name: string]: string }
}

/** What came back. */
export interface Answered {
  readonly status: number
  readonly text: string
  readonly replayed: boolean
  readonly headers: Headers
}

/** The body of a question. */
export const bodyOf = ({ scenario, stream = false, tag, text = "Hello", upstream = "openai", model = `${upstream}/sim-${scenario};tag=${tag}` }: Question) => ({
  model,
  messages: [{ role: "user", content: text }],
  ...(stream ? { stream: true } : {})
})

const headersOf = ({ apiKey = "sk-test", headers, key }: Question): { readonly [name: string]: string } => ({
  authorization: `Bearer ${apiKey}`,
  "content-type": "application/json",
  ...(key === undefined ? {} : { "idempotency-key": key }),
  ...headers
})

/** Asks and reads the whole answer. */
export const ask = (question: Question): Effect.Effect<Answered, never, Rig.Rig> =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers: headersOf(question), body: JSON.stringify(bodyOf(question)) })
      return {
        status: response.status,
        text: await response.text(),
        replayed: response.headers.get("idempotent-replayed") === "true",
        headers: response.headers
      }
    }))

/** Asks, and leaves as soon as `isEnough` holds of what came, or at once where the upstream has the request and nothing is to come. */
export const askAndLeave = (question: Question, isEnough: ((received: string) => boolean) | undefined): Effect.Effect<string, never, Rig.Rig> =>
  Effect.gen(function*() {
    const { url } = yield* Rig.Rig
    let received = ""
    let leave = (): void => {}
    const left = new Promise<void>((resolve) => {
      const sent = request(`${url}/v1/chat/completions`, { method: "POST", headers: headersOf(question) }, (response) => {
        response.setEncoding("utf8").on("data", (chunk: string) => {
          received += chunk
          if (isEnough?.(received) === true) sent.destroy()
        })
      })
      sent.on("error", () => resolve()).on("close", () => resolve())
      sent.end(JSON.stringify(bodyOf(question)))
      leave = () => void sent.destroy()
    })
    if (isEnough === undefined) {
      yield* asked(question.tag, 1)
      leave()
    }
    yield* Effect.promise(() => left)
    return received
  })

const soon = <A, R>(find: Effect.Effect<A | undefined, never, R>): Effect.Effect<A, never, R> =>
  find.pipe(
    Effect.flatMap((found) => found === undefined ? Effect.fail("pending" as const) : Effect.succeed(found)),
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }),
    Effect.orDie
  )

/** The number of upstream requests with this tag. */
export const upstreamCalls = (tag: string): Effect.Effect<number, never, Rig.Rig> =>
  Effect.flatMap(Rig.Rig, ({ simulator }) => Effect.map(simulator.log, (log) => log.filter(({ model }) => model.endsWith(`;tag=${tag}`)).length))

/** Waits until the upstream has `count` requests with this tag. */
export const asked = (tag: string, count: number): Effect.Effect<number, never, Rig.Rig> =>
  soon(Effect.map(upstreamCalls(tag), (calls) => calls >= count ? calls : undefined))

/** The entries of this tag once there are `count` and all have ended, newest first. */
export const entries = (tag: string, count: number): Effect.Effect<ReadonlyArray<Entry>, never, Rig.Rig> =>
  soon(Effect.gen(function*() {
    const { ledger } = yield* Rig.Rig
    const all = (yield* Effect.orDie(ledger.query({ limit: 10_000 }))).filter(({ model }) => model?.endsWith(`;tag=${tag}`))
    return all.length >= count && all.every(({ status }) => status !== "open") ? all : undefined
  }))
