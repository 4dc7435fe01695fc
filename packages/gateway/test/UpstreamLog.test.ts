import { assert, it } from "@effect/vitest"
import { fail } from "@sluice/protocol/GatewayError"
import { Effect, Layer, Logger, References } from "effect"
import * as ByteSource from "../src/ByteSource.ts"
import { UpstreamClient } from "../src/UpstreamClient.ts"
import * as UpstreamLog from "../src/UpstreamLog.ts"

const body = ByteSource.make({ highWaterBytes: 1, onLow: () => {} }).source

const client = Layer.succeed(UpstreamClient)({
  open: ({ url }) => url.pathname === "/down" ? fail({ class: "transient", message: "down" }) : Effect.succeed({ status: 429, headers: {}, body })
})

const logOf = (url: string) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(JSON.stringify(message)))
    yield* UpstreamClient.use((upstream) =>
      upstream.open({ method: "POST", url: new URL(url), headers: { authorization: "Bearer sk-secret" }, body: "sk-secret", connectTimeoutMs: 1 })
    ).pipe(
      Effect.scoped,
      Effect.ignore,
      Effect.provide([UpstreamLog.layer.pipe(Layer.provide(client)), Logger.layer([logger])]),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
    return lines
  })

it.effect("every request is a line with its answer's status, without what may be secret", () =>
  Effect.gen(function*() {
    const lines = yield* logOf("https://models.example/v1/chat?key=sk-secret")
    assert.deepStrictEqual(lines, [`["Asked a provider",{"method":"POST","host":"models.example","path":"/v1/chat","headMs":0,"status":429}]`])
  }))

it.effect("a request without an answer is a line too", () =>
  Effect.gen(function*() {
    const lines = yield* logOf("https://models.example/down")
    assert.strictEqual(lines.length, 1)
    assert.include(lines[0], `"failed":true`)
  }))
