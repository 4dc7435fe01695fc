/** What once broke a law breaks it no more. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import { groups } from "./Groups.ts"
import { regressions } from "./regressions.ts"

const laws = groups(Coverage.make()).flatMap((group) => group.laws)

describe("a counter-example that was kept:", () => {
  for (const { law, replay, value, was } of regressions) {
    it.effect(`${was} (${law})`, () =>
      Effect.gen(function*() {
        const judge = laws.find(({ name }) => name === law)
        if (judge === undefined) return assert.fail("there is no law of this name")
        assert.isTrue((value === undefined) !== (replay === undefined), "a value or a token")
        assert.isUndefined(value === undefined ? (yield* judge.check({ replay: replay ?? "" })).failure : judge.judge(value))
      }))
  }
})
