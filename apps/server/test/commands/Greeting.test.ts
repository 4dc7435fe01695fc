import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { greeting } from "../../src/commands/Greeting.ts"
import { parse } from "../../src/Config.ts"

const of = (server: string, models: ReadonlyArray<string>, more = "") =>
  greeting(
    Result.getOrThrow(parse(
      `server: ${server}\nproviders: [{ id: sim, dialect: openai-chat, simulator: true }]\nmodels: [${
        models.map((id) => `{ id: "${id}", targets: [{ provider: sim }] }`).join(", ")
      }]\n${more}`,
      {}
    )),
    8080,
    undefined
  )

describe("the greeting of a server", () => {
  it("asks for a model that is served", () => {
    const asked = (models: ReadonlyArray<string>) => /"model":"([^"]+)"/.exec(of("{}", models))?.[1]
    assert.deepStrictEqual([["*"], ["fast", "*"], ["a/*", "*"], ["a/*", "b-*"], ["a/*", "slow"]].map(asked), ["gpt-4o", "fast", "gpt-4o", "a/gpt-4o", "slow"])
  })

  it("gives clients an address they can reach", () => {
    assert.match(of("{ host: 0.0.0.0 }", ["*"]), /^Sluice is listening on http:\/\/0\.0\.0\.0:8080\n[\s\S]*curl http:\/\/127\.0\.0\.1:8080\//)
    assert.match(of("{ host: \"::\" }", ["*"]), /^Sluice is listening on http:\/\/\[::\]:8080\n[\s\S]*curl http:\/\/\[::1\]:8080\//)
    assert.match(of("{ host: 10.0.0.1 }", ["*"]), /curl http:\/\/10\.0\.0\.1:8080\//)
  })

  it("says when nobody can get in yet", () => {
    assert.include(of("{}", ["*"]), "Keys:      none in the file: those made with `sluice keys create`, or add some under keys")
    assert.include(of("{}", ["*"], "keys: [{ id: ci, key: canary }]"), "Keys:      ci\n")
    assert.include(of("{}", ["*"], "auth: { mode: open }"), "Keys:      none asked (this machine only)")
  })
})
