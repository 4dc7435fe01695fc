import { assert, it } from "@effect/vitest"
import { describe } from "vitest"
import { drawModels, faults } from "../../src/Faults.ts"
import { scenarios } from "../../src/simulator/Scenarios.ts"
import { numberParameter, select } from "../../src/simulator/Selection.ts"

const chosen = (model: string, header?: string) => {
  const { scenario, parameters } = select(header, model)
  return [scenario, Object.fromEntries(parameters)]
}

describe("a scenario is chosen", () => {
  it("by a model name, with or without a path before it", () => {
    assert.deepStrictEqual(chosen("sim-text"), ["text", {}])
    assert.deepStrictEqual(chosen("openrouter/meta/sim-reset;after=3;delay=5"), ["reset", { after: "3", delay: "5" }])
    assert.deepStrictEqual(chosen("a/sim-wrong-type;type=text/csv"), ["wrong-type", { type: "text/csv" }])
    assert.deepStrictEqual(chosen("sim-parallel-tools;interleave"), ["parallel-tools", { interleave: "1" }])
  })
  it("by the header before the name", () => {
    assert.deepStrictEqual(chosen("sim-text", "long;events=2"), ["long", { events: "2" }])
    assert.deepStrictEqual(chosen("gpt-5", "sim-long"), ["long", {}])
  })
  it("as auto for every other name", () => {
    for (const model of ["gpt-5", "claude-opus-4-6", "my-sim-text", "sim-", "", "simulated"]) {
      assert.strictEqual(chosen(model)[0], model === "sim-" ? "" : "auto")
    }
  })
  it("with numbers that are none falling back", () => {
    assert.strictEqual(numberParameter(select(undefined, "sim-x;after=many"), "after", 4), 4)
    assert.strictEqual(numberParameter(select(undefined, "sim-x;after="), "after", 4), 4)
    assert.strictEqual(numberParameter(select(undefined, "sim-x;after=-1.5"), "after", 4), -1.5)
  })
})

describe("the catalogue of faults", () => {
  it("names existing scenarios, each of them once", () => {
    for (const { model } of faults) assert.isDefined(scenarios[select(undefined, model).scenario], model)
    assert.strictEqual(new Set(faults.map((fault) => fault.model)).size, faults.length)
  })
  it("holds every scenario marked as a fault", () => {
    const listed = new Set(faults.map((fault) => select(undefined, fault.model).scenario))
    for (const [name, scenario] of Object.entries(scenarios)) if (scenario?.fault === true) assert.isTrue(listed.has(name), name)
  })
  it("draws the same names from the same seed, about half of them faults", () => {
    const drawn = drawModels(7, 2000)
    assert.deepStrictEqual(drawModels(7, 2000), drawn)
    assert.notDeepEqual(drawModels(8, 2000), drawn)
    assert.strictEqual(new Set(drawn).size, 2000)
    const listed = new Set(faults.map((fault) => select(undefined, fault.model).scenario))
    const faulty = drawn.filter((model) => listed.has(select(undefined, model).scenario)).length
    assert.isAbove(faulty, 850)
    assert.isBelow(faulty, 1150)
    assert.strictEqual(drawModels(7, 200, { faultShare: 0 }).filter((model) => listed.has(select(undefined, model).scenario)).length, 0)
  })
})
