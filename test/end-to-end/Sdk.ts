/**
 * What every client library must be able to do through the gateway, whichever protocol the upstream speaks: the same situations, each
 * buffered and streamed. A library is described by its own calls only ({@link Sdk}); the gateway, the questions and what has to come
 * back are here, once for all. What one library alone can be asked stands in its own file.
 */
import { assert, describe, layer, type Vitest } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Rig from "./Rig.ts"

/** The schema of an object whose properties are all required. */
export interface ObjectSchema {
  readonly type: "object"
  readonly properties: { readonly [name: string]: { readonly type: "string" | "integer" } }
  readonly required: Array<string>
  readonly additionalProperties: false
}

/** A tool offered to the model. */
export interface Tool {
  readonly name: string
  readonly schema: ObjectSchema
}

/** One question, in no library's words. */
export interface Question {
  /** The name the gateway knows: the upstream and the scenario. */
  readonly model: string
  readonly stream: boolean
  readonly prompt: string
  /** A PNG in base64. */
  readonly image?: string
  /** What the answer has to fit. */
  readonly schema?: ObjectSchema
  readonly think?: true
  readonly signal?: AbortSignal
  /** Called with the first piece of a streamed answer. */
  readonly onText?: () => void
}

/** What a library made of the answer. */
export interface Answer {
  readonly text: string
  readonly thinking: string
  /** The library's own word. */
  readonly finish: string
  /** All tokens in and all tokens out. */
  readonly usage: { readonly input: number; readonly output: number }
}

/** One call of a tool, as the library gives it. */
export interface Call {
  readonly id: string
  readonly name: string
  readonly input: unknown
}

/** What a conversation with tools came to. */
export interface Conversation {
  /** The calls of the first answer. */
  readonly calls: ReadonlyArray<Call>
  /** The text of the answer to their results. */
  readonly text: string
}

/** A client library, pointed at a gateway. */
export interface Client {
  /** Asks once; rejects as the library does. */
  readonly ask: (question: Question) => Promise<Answer>
  /** Asks, answers each call with {@link resultOf} its tool, and asks again. */
  readonly converse: (question: Question, tools: ReadonlyArray<Tool>) => Promise<Conversation>
}

/** A client library. */
export interface Sdk {
  readonly name: string
  /** `url` has no slash at its end. Retries are off. */
  readonly connect: (url: string, key: string) => Client
  /** Its word for an answer that came to its end. */
  readonly stopped: string
  /** The status of an error of its own class; `undefined` for any other error. */
  readonly statusOf: (error: unknown) => number | undefined
  /** Whether it says that the caller took the question back. */
  readonly isAbort: (error: unknown) => boolean
  /** Whether it says that a stream broke off. */
  readonly isBroken: (error: unknown) => boolean
  /** The library has no place where an answer's thinking could be read. */
  readonly hidesThinking?: true
}

/** What a tool says. */
export const resultOf = ({ name }: { readonly name: string }): string => `result of ${name}`

/** Most tokens an answer may have: enough for thinking too. */
export const maxTokens = 4000

/** What the own tests of a library are given. */
export interface Cell {
  readonly it: Vitest.MethodsNonLive<Rig.Rig>
  readonly upstream: typeof Rig.upstreams[number]
  readonly stream: boolean
}

const object = (properties: ObjectSchema["properties"]): ObjectSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false
})

/** Two tools. */
export const weather: Tool = { name: "get_weather", schema: object({ city: { type: "string" } }) }
export const time: Tool = { name: "get_time", schema: object({ zone: { type: "string" } }) }

/** A picture of one point, PNG in base64. */
export const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

/** What structured answers have to fit. */
export const person = object({ name: { type: "string" }, age: { type: "integer" } })

/** The error of a promise that must not be kept. */
export const rejection = (promise: Promise<unknown>): Effect.Effect<unknown> =>
  Effect.promise(() => promise.then((value) => assert.fail(`nothing was refused: ${JSON.stringify(value)}`), (error: unknown) => error))

/** Asks until the answer is there: what it depends on follows by moments. */
const soon = <A, R>(find: Effect.Effect<A | undefined, never, R>): Effect.Effect<A, never, R> =>
  find.pipe(
    Effect.flatMap((found) => found === undefined ? Effect.fail("pending" as const) : Effect.succeed(found)),
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }),
    Effect.orDie
  )

/** The upstream's record of the one request for this model. */
const arrived = (model: string) =>
  soon(Effect.gen(function*() {
    const { simulator } = yield* Rig.Rig
    return (yield* simulator.log).find((entry) => model.endsWith(entry.model))
  }))

/** The ledger's entries for this model, once the newest has ended. */
const entriesOf = (model: string) =>
  soon(Effect.gen(function*() {
    const { ledger } = yield* Rig.Rig
    const entries = yield* Effect.orDie(ledger.query({ limit: 10, model }))
    return entries[0] === undefined || entries[0].status === "open" ? undefined : entries
  }))

/** Tests a library in every cell of upstreams and modes; `own` adds what it alone is asked. */
export const describeSdk = (sdk: Sdk, own?: (cell: Cell) => void): void => {
  for (const upstream of Rig.upstreams) {
    describe(`${sdk.name}, ${upstream} upstream`, () => {
      layer(Rig.layer(), { excludeTestServices: true })((it) => {
        for (const stream of [false, true]) {
          describe(stream ? "streamed" : "buffered", () => {
            situations(sdk, { it, upstream, stream })
            own?.({ it, upstream, stream })
          })
        }
      })
    })
  }
}

const situations = (sdk: Sdk, { it, stream, upstream }: Cell): void => {
  const client = Effect.map(Rig.Rig, ({ url }) => sdk.connect(url, "sk-test"))
  const question = (scenario: string, prompt: string, more: Partial<Question> = {}): Question => ({
    model: `${upstream}/sim-${scenario};tag=${stream ? "streamed" : "buffered"}`,
    stream,
    prompt,
    ...more
  })
  const ask = (scenario: string, prompt: string, more: Partial<Question> = {}) =>
    Effect.flatMap(client, ({ ask }) => Effect.promise(() => ask(question(scenario, prompt, more))))
  const converse = (scenario: string, ...tools: ReadonlyArray<Tool>) =>
    Effect.flatMap(client, ({ converse }) => Effect.promise(() => converse(question(scenario, "Weather and time in Paris?"), tools)))

  it.effect("text, with its end and the usage the ledger has", () =>
    Effect.gen(function*() {
      const { finish, text, usage } = yield* ask("text", "Hello")
      assert.match(text, /^Hello from the simulator/)
      assert.strictEqual(finish, sdk.stopped)
      assert.isAbove(usage.input, 0)
      assert.isAbove(usage.output, 0)
      const [entry] = yield* entriesOf(question("text", "").model)
      assert.strictEqual(usage.input + usage.output, Object.values(entry?.usage ?? {}).reduce((sum, count) => sum + count, 0))
    }))

  it.effect("a tool, whose result goes back", () =>
    Effect.gen(function*() {
      const { calls, text } = yield* converse("tools", weather)
      assert.deepStrictEqual(calls.map(({ name }) => name), ["get_weather"])
      assert.hasAllKeys(calls[0]?.input, ["city"])
      assert.include(text, resultOf(weather))
    }))

  it.effect("two parallel tools, whose results go back", () =>
    Effect.gen(function*() {
      const { calls, text } = yield* converse("parallel-tools", weather, time)
      assert.deepStrictEqual(calls.map(({ name }) => name), ["get_weather", "get_time"])
      assert.strictEqual(new Set(calls.map(({ id }) => id)).size, 2)
      assert.hasAllKeys(calls[0]?.input, ["city"])
      assert.hasAllKeys(calls[1]?.input, ["zone"])
      assert.include(text, resultOf(weather))
      assert.include(text, resultOf(time))
    }))

  it.effect("thinking, apart from the text", () =>
    Effect.gen(function*() {
      const { text, thinking } = yield* ask("reasoning", "Think.", { think: true })
      assert.match(text, /^Hello from the simulator/)
      assert.match(thinking, sdk.hidesThinking === true ? /^$/ : /I should think about it first/)
    }))

  it.effect("a tool called after thinking, whose result goes back", () =>
    Effect.gen(function*() {
      const { converse } = yield* client
      const { calls, text } = yield* Effect.promise(() => converse(question("reasoning;tools=1", "Think.", { think: true }), [weather]))
      assert.deepStrictEqual(calls.map(({ name }) => name), ["get_weather"])
      assert.include(text, resultOf(weather))
    }))

  it.effect("structured output", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("auto", "Who?", { schema: person })
      assert.hasAllKeys(JSON.parse(text), ["name", "age"])
    }))

  it.effect("an image", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("auto", "What is this?", { image: pixel })
      assert.match(text, /1 image/)
    }))

  it.effect("errors of the library's own class, with the status", () =>
    Effect.gen(function*() {
      const { ask } = yield* client
      const { url } = yield* Rig.Rig
      for (const [status, expected] of [[400, 400], [404, 404], [429, 429], [500, 502], [401, 502]] as const) {
        const error = yield* rejection(ask(question(`error;status=${status}`, "Hello")))
        assert.strictEqual(sdk.statusOf(error), expected, String(error))
      }
      const stranger = yield* rejection(sdk.connect(url, "sk-wrong").ask(question("text", "Hello")))
      assert.strictEqual(sdk.statusOf(stranger), 401, String(stranger))
      if (!stream) return
      const broken = yield* rejection(ask(question("stream-error;after=3", "Hello")))
      assert.isTrue(sdk.isBroken(broken), String(broken))
    }))

  it.effect("abort, which closes the upstream and leaves one cancelled entry", () =>
    Effect.gen(function*() {
      const { ask } = yield* client
      const abort = new AbortController()
      // A stream is left in its middle; an answer that comes whole is left while it is waited for
      const asked = question(stream ? "stall;after=3;tag=abort" : "stall-head;tag=abort", "Count.", {
        signal: abort.signal,
        ...(stream ? { onText: () => abort.abort() } : {})
      })
      const refused = ask(asked).then(() => "an answer", (error: unknown) => error)
      yield* arrived(asked.model)
      if (!stream) abort.abort()
      const error = yield* Effect.promise(() => refused)
      assert.isTrue(sdk.isAbort(error), String(error))
      assert.deepStrictEqual((yield* entriesOf(asked.model)).map(({ outcome }) => outcome), ["Cancelled(client)"])
      const ending = yield* soon(Effect.map(arrived(asked.model), ({ ending }) => ending))
      assert.strictEqual(ending, "client-closed")
    }))
}
