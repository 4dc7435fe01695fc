/**
 * A gateway that is replaced again and again while requests run: none fails, each is answered whole by one provider, and when it is over
 * nothing is left of the generations that were: no connection, no scope, no fiber. The long form is the experiment R1 of `npm run chaos`.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Logger, Metric } from "effect"
import { Agent, request as httpRequest } from "node:http"
import * as GatedUpstream from "./GatedUpstream.ts"
import { type Events, eventually, parts, start, toProvider } from "./ReplaceableGateway.ts"

const reloads = 20
const requests = 400
const clients = 20

/** Fibers that run now, of everything that is run with it. */
const fibers = () => {
  let running = 0
  const service: Metric.FiberRuntimeMetricsService = {
    recordFiberStart: () => void running++,
    recordFiberEnd: () => void running--
  }
  return { service, running: () => running }
}

const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length

interface Seen {
  readonly status: number | undefined
  readonly provider: unknown
  readonly text: string
}

const ask = (url: string, agent: Agent, stream: boolean): Effect.Effect<Seen> =>
  Effect.callback<Seen>((resume) => {
    const headers = { authorization: "Bearer sk-test", "content-type": "application/json" }
    const failed = (error: Error): void => resume(Effect.succeed({ status: undefined, provider: undefined, text: error.message }))
    const sent = httpRequest(`${url}/v1/chat/completions`, { method: "POST", agent, headers }, (response) => {
      let text = ""
      response.on("data", (chunk) => text += chunk)
      response.on("error", failed)
      response.on("end", () => resume(Effect.succeed({ status: response.statusCode, provider: response.headers["x-sluice-provider"], text })))
    })
    sent.on("error", failed)
    sent.end(JSON.stringify({ model: "chat", stream, messages: [{ role: "user", content: "Who are you?" }] }))
  })

/** What is wrong with an answer. */
const faultOf = ({ provider, status, text }: Seen, stream: boolean): string | undefined => {
  if (status !== 200) return `${status}: ${text}`
  if (typeof provider !== "string" || !text.includes(`"content":"${provider}"`)) return `${String(provider)} did not say its name: ${text}`
  return stream && !text.includes("data: [DONE]") ? `a stream is not whole: ${text}` : undefined
}

it.live("replaced 20 times during hundreds of requests it fails none of them and leaves nothing open", () => {
  const counted = fibers()
  return Effect.gen(function*() {
    const events: Events = []
    const [one, two] = [yield* GatedUpstream.start("one"), yield* GatedUpstream.start("two")]
    const providers = [{ name: "one", ...one }, { name: "two", ...two }] as const
    const gateway = yield* start(parts("one", one.url, events), { models: toProvider("one") })
    const agent = new Agent({ keepAlive: true, maxSockets: clients })
    const before = { fibers: counted.running(), sockets: sockets() }
    assert.isAbove(before.fibers, 0, "fibers are counted")
    const finishing = yield* Effect.forkChild(Effect.forever(Effect.andThen(Effect.sleep(5), Effect.andThen(one.finish, two.finish))))

    const faults: Array<string> = []
    const by = new Map<unknown, number>()
    let asked = 0
    const client = Effect.gen(function*() {
      while (asked < requests || gateway.generations.current().generation.number <= reloads) {
        const stream = asked++ % 3 === 0
        const seen = yield* ask(gateway.url, agent, stream)
        const fault = faultOf(seen, stream)
        if (fault !== undefined) faults.push(fault)
        by.set(seen.provider, (by.get(seen.provider) ?? 0) + 1)
      }
    })
    const working = yield* Effect.forkChild(Effect.forEach(Array.from({ length: clients }), () => client, { concurrency: "unbounded", discard: true }))
    for (let count = 1; count <= reloads; count++) {
      const { name, url } = providers[count % 2] ?? providers[0]
      // Some requests have come to every generation before it is replaced
      const reached = asked + requests / reloads
      yield* eventually(() => asked >= reached)
      yield* gateway.generations.replace(parts(name, url, events), { models: toProvider(name) })
      const broken = parts("one", "no address", events)
      assert.include((yield* Effect.flip(gateway.generations.replace(broken, { models: toProvider("one") }))).message, "Invalid URL")
    }
    yield* Fiber.join(working)

    assert.deepStrictEqual(faults, [])
    assert.isAtLeast(asked, requests)
    assert.sameMembers([...by.keys()], ["one", "two"])
    yield* eventually(() => gateway.generations.status().length === 1)
    assert.strictEqual(gateway.generations.current().generation.number, reloads + 1)
    assert.strictEqual(events.filter((event) => event.startsWith("+")).length - events.filter((event) => event.startsWith("-")).length, 1)

    // One more, which nobody has used: what it replaces closes its connections
    yield* gateway.generations.replace(parts("two", two.url, events), { models: toProvider("two") })
    agent.destroy()
    yield* Fiber.interrupt(finishing)
    yield* eventually(() => one.connections() + two.connections() === 0)
    yield* eventually(() => sockets() <= before.sockets)
    yield* eventually(() => counted.running() <= before.fibers)
    assert.deepStrictEqual(gateway.generations.status().map(({ exchanges }) => exchanges), [0])
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([])), Effect.provideService(Metric.FiberRuntimeMetrics, counted.service))
})
