/** The tracer over real sockets: a line for each step, nothing of what was said, and no harm where it cannot write. */
import { assert, it } from "@effect/vitest"
import * as Tracer from "@sluice/gateway/extensions/Tracer"
import * as TraceFile from "@sluice/gateway/TraceFile"
import { Effect, Layer } from "effect"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Rig from "../end-to-end/Rig.ts"
import { ask } from "./Asking.ts"

interface Line {
  readonly schema: number
  readonly time: string
  readonly kind: string
  readonly exchange: string
  readonly [field: string]: unknown
}

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-trace-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Runs against a gateway with a tracer, and gives the lines it has written when it has ended. */
const traced = <A>(options: Omit<Tracer.Options, "write">, run: Effect.Effect<A, never, Rig.Rig>) =>
  Effect.gen(function*() {
    const path = join(yield* folder, "trace.ndjson")
    const parts = Tracer.layer({ ...options, write: TraceFile.append(path) })
    yield* Effect.provide(run, Rig.layer({ parts, retries: 1 }))
    const lines: ReadonlyArray<Line> = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line))
    return { path, lines }
  })

it.live("tells the steps of an exchange in order, by lengths", () =>
  Effect.gen(function*() {
    const { lines, path } = yield* traced(
      {},
      Effect.gen(function*() {
        yield* ask({ model: "openai/sim-error;status=500;fail=1", text: "a secret question", stream: true })
        yield* Rig.settled(1)
      })
    )
    assert.deepStrictEqual(lines.map(({ kind }) => kind), ["asked", "sent", "tried", "sent", "tried", "ended"])
    assert.isTrue(lines.every(({ exchange, schema, time }) => schema === 1 && exchange === lines[0]?.exchange && !Number.isNaN(Date.parse(time))))
    assert.deepInclude(lines[0], { principal: "key-1", dialect: "openai-chat", operation: "generate", stream: true })
    assert.deepInclude(lines[1], { attempt: 1, provider: "openai", turns: 1, tools: 0 })
    assert.deepInclude(lines[3], { attempt: 2 })
    assert.deepInclude(lines[5], { outcome: "Completed", attempts: 2 })
    assert.notInclude(readFileSync(path, "utf8"), "secret question")
    assert.strictEqual(statSync(path).mode & 0o777, 0o600)
  }).pipe(Effect.scoped))

it.live("tells requests whole where it is told to", () =>
  Effect.gen(function*() {
    const { lines } = yield* traced({ content: "full" }, Effect.andThen(ask({ model: "openai/any", text: "a plain question" }), Rig.settled(1)))
    assert.include(JSON.stringify(lines.find(({ kind }) => kind === "sent")?.["request"]), "a plain question")
  }).pipe(Effect.scoped))

it.live("harms nobody where it cannot write", () =>
  Effect.gen(function*() {
    const write = TraceFile.append(join(yield* folder, "missing", "trace.ndjson"))
    const answers = yield* Effect.all([1, 2, 3].map(() => ask({ model: "openai/any" }))).pipe(Effect.provide(Rig.layer({ parts: Tracer.layer({ write }) })))
    assert.deepStrictEqual(answers.map(({ status }) => status), [200, 200, 200])
  }).pipe(Effect.scoped, Effect.provide(Layer.empty)))
