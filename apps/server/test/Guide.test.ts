import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { toLine } from "../src/commands/ledger/Line.ts"
import { parse } from "../src/Config.ts"
import { sluice } from "./commands/Sluice.ts"

const guide = readFileSync(join(import.meta.dirname, "../../../docs/guides/run-the-server.md"), "utf8")

describe("docs/guides/run-the-server.md", () => {
  it("shows a configuration that is good", () => {
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? []
    const variables = { OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b", CI_KEY: "c", TEAM_KEY: "d" }
    assert.deepStrictEqual(Result.match(parse(yaml ?? "", variables), { onSuccess: () => "good", onFailure: ({ message }) => message }), "good")
  })

  it.effect("names every command and none that is not there", () =>
    Effect.gen(function*() {
      const { stdout } = yield* sluice(["--help"])
      const commands = stdout.slice(stdout.indexOf("SUBCOMMANDS")).split("\n").slice(1).map((line) => line.trim().split(" ")[0])
      const named = new Set([...guide.matchAll(/`sluice ([a-z-]+)/g)].map(([, name]) => name))
      assert.deepStrictEqual([...named].toSorted(), commands.filter((name) => name !== "").toSorted())
    }))

  it("lists the keys of a ledger line in their order", () => {
    const [, paragraph = ""] = /never null:\n\n([\s\S]*?)\n\n/.exec(guide) ?? []
    const keys = [...paragraph.matchAll(/`(\w+)`/g)].map(([, key]) => key ?? "")
    // Whatever the values: the line gives the keys
    const line = toLine(Object.fromEntries(keys.map((key) => [key, key])) as unknown as Parameters<typeof toLine>[0])
    assert.deepStrictEqual(Object.keys(JSON.parse(line)), keys)
    assert.strictEqual(keys.length, 29)
  })
})
