import { assert, describe, it } from "@effect/vitest"
import { isChoiceElsewhere, type Tool, type ToolChoice } from "../src/CanonicalRequest.ts"
import { DialectId } from "../src/Wire.ts"

const here = DialectId.make("here")
const there = DialectId.make("there")
const search: Tool = { type: "provider", dialect: there, name: "search_20250305", value: { type: "search_20250305", name: "search" } }
const choice: ToolChoice = { type: "named", kind: "function", name: "search" }

describe("a choice of one tool", () => {
  it("is elsewhere where only providers of another dialect run it", () => {
    assert.isTrue(isChoiceElsewhere(choice, [search, { type: "function", name: "f" }], here))
    assert.isFalse(isChoiceElsewhere(choice, [search], there))
  })

  it("is not elsewhere where a function has the name, too, or where nothing has it", () => {
    assert.isFalse(isChoiceElsewhere(choice, [search, { type: "function", name: "search" }], here))
    assert.isFalse(isChoiceElsewhere(choice, [{ type: "function", name: "f" }], here))
    assert.isFalse(isChoiceElsewhere(choice, undefined, here))
    assert.isFalse(isChoiceElsewhere({ type: "required" }, [search], here))
  })
})
