/** The dialect that docs/guides/write-a-dialect.md makes, put together from its blocks as a reader would, keeps every law. */
import { assert, it } from "@effect/vitest"
import type { Dialect } from "@sluice/protocol/Dialect"
import { Effect } from "effect"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, describe } from "vitest"
import * as AnthropicMessages from "../../packages/anthropic/src/messages/Dialect.ts"
import * as OpenAiChat from "../../packages/openai/src/chat/Dialect.ts"
import * as Laws from "../../packages/testing/src/Laws.ts"
import { root } from "../Repository.ts"
import { blocks, fileOf } from "./Markdown.ts"

const page = "docs/guides/write-a-dialect.md"

// Ignored by git, and outside node_modules, where types are not stripped
const folder = join(root, "test/docs/dist", `dialect-${process.pid}`)

const assembled = async (change: (name: string, code: string) => string = (_, code) => code, name = "whole"): Promise<Dialect> => {
  const target = join(folder, name)
  mkdirSync(target, { recursive: true })
  for (const block of blocks(page)) {
    const file = fileOf(block)
    if (file !== undefined) writeFileSync(join(target, file), change(file, block.code))
  }
  const module: { readonly dialect: Dialect } = await import(/* @vite-ignore */ pathToFileURL(join(target, "Dialect.ts")).href)
  return module.dialect
}

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the dialect of the guide", () => {
  let dialect: Dialect
  beforeAll(async () => {
    dialect = await assembled()
  })

  it.effect("keeps every law on values that reach everything", () =>
    Effect.gen(function*() {
      const report = yield* Laws.report(dialect, { runs: 500 })
      assert.isTrue(report.holds, report.text)
    }), 300_000)

  it.effect("crosses to and from dialects it was not written for", () =>
    Effect.gen(function*() {
      for (const [from, to] of [[dialect, OpenAiChat.dialect], [OpenAiChat.dialect, dialect], [AnthropicMessages.dialect, dialect]] as const) {
        assert.strictEqual(Laws.failures(yield* Laws.checkCrossing(from, to, { runs: 100 })), "")
      }
    }), 300_000)
})

describe("a slip in one of the guide's files", () => {
  const slips: ReadonlyArray<readonly [what: string, file: string, before: string, after: string]> = [
    ["a loss that is not reported", "EncodeRequest.ts", "place.sink.add(", "Object.is("],
    ["keys that do not survive an edit", "WriteEvents.ts", "{ ...value, ...only }", "only"],
    ["an answer that always stopped of itself", "WriteEvents.ts", "why: event.reason", "why: \"stop\""]
  ]
  for (const [what, file, before, after] of slips) {
    it.effect(`is caught: ${what}, with a token that replays it`, () =>
      Effect.gen(function*() {
        const faulty = yield* Effect.promise(() =>
          assembled((name, code) => {
            if (name !== file) return code
            assert.include(code, before)
            return code.replace(before, after)
          }, what.replaceAll(" ", "-"))
        )
        const verdicts = yield* Laws.check(faulty, { runs: 200, maxShrinks: 300 })
        const failed = verdicts.find(({ failure }) => failure !== undefined)
        assert.isDefined(failed?.replay)
        const again = yield* Laws.check(faulty, { replay: failed?.replay ?? "" })
        assert.deepStrictEqual(again.map(({ failure }) => failure?.split("\n")[0]), [failed?.failure?.split("\n")[0]])
      }), 300_000)
  }
})
