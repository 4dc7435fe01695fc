import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { describe } from "vitest"
import * as Fields from "../src/Fields.ts"
import * as Loss from "../src/Loss.ts"
import { DialectId, type JsonObject, type Node } from "../src/Wire.ts"

interface Toy extends Node {
  readonly size?: number
  readonly label?: string
  readonly stop?: ReadonlyArray<string>
  readonly seed?: number
}

interface ToyWire {
  readonly max_size?: number | null
  readonly label?: string | null
  readonly stop?: string | ReadonlyArray<string> | null
}

const plain = Fields.plain<Toy, ToyWire, null>()
const fields: Fields.Fields<Toy, ToyWire, null> = [
  plain("size", "max_size", (value) => value, (value) => value),
  plain("label", "label", (value) => value, (value) => value),
  plain("stop", "stop", (value) => typeof value === "string" ? [value] : value, (value) => value)
]

const place = (): Fields.Place<null> => ({ canonical: "", at: "", sink: Loss.sink(), context: null })
const put = (node: Toy, origin?: ToyWire): JsonObject => Fields.put(fields, node, origin, place())

const Wire = Schema.Struct({
  max_size: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  label: Schema.optionalKey(Schema.NullOr(Schema.String)),
  stop: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Schema.String)]))),
  unknown: Schema.optionalKey(Schema.Json)
})

describe("reading", () => {
  it("gives the fields that are there; null and absent say nothing", () => {
    assert.deepStrictEqual(Fields.get(fields, { max_size: 3, label: null, stop: "x" }, ""), { size: 3, stop: ["x"] })
  })
})

describe("writing over the wire value a node came from", () => {
  it.effect.prop(
    "gives back the very same object when nothing was edited",
    [Wire],
    ([wire]) => Effect.sync(() => assert.strictEqual(put(Fields.get(fields, wire, ""), wire), wire))
  )

  it.effect.prop("shows an edit and changes nothing else", [Wire, Schema.String], ([wire, label]) =>
    Effect.sync(() => {
      const node = Fields.get(fields, wire, "")
      if (node.label === label) return
      assert.deepStrictEqual(put({ ...node, label }, wire), { ...wire, label })
    }))

  it("keeps surface forms, nulls, unknown keys and the order of keys beside an edit", () => {
    const wire = { zzz: 1, stop: "x", label: null, max_size: 3 }
    assert.strictEqual(JSON.stringify(put({ ...Fields.get(fields, wire, ""), size: 4 }, wire)), "{\"zzz\":1,\"stop\":\"x\",\"label\":null,\"max_size\":4}")
  })

  it("takes the key of a field away that was taken away", () => {
    assert.deepStrictEqual(put({}, { max_size: 3, label: "a" }), {})
  })
})

describe("writing afresh", () => {
  it("writes every field and no more", () => {
    assert.deepStrictEqual(put({ size: 1, stop: ["a"] }), { max_size: 1, stop: ["a"] })
    assert.deepStrictEqual(put({}), {})
  })

  it.effect.prop(
    "is read back as it was",
    [Schema.Struct({ size: Schema.Finite, label: Schema.String, stop: Schema.Array(Schema.String) })],
    ([node]) => Effect.sync(() => assert.deepStrictEqual(Fields.get(fields, put(node), ""), node))
  )
})

describe("wire keys without a home", () => {
  it("are those that neither the table nor the decoder itself owns", () => {
    assert.deepStrictEqual(Fields.foreignKeys(fields, { max_size: 1, type: "toy", a: 1, b: null }, new Set(["type"])), ["a", "b"])
    assert.isUndefined(Fields.foreignKeys(fields, { max_size: 1 }, new Set()))
  })
})

describe("places", () => {
  it("name the key a field was found under, escaped", () => {
    assert.deepStrictEqual(Fields.places(fields, { max_size: 1, label: null }, "/a~1b"), { size: "/a~1b/max_size", label: "/a~1b/label" })
  })
})

describe("what has no place", () => {
  const lossesOf = (node: Toy, isOwn: boolean) => {
    const at = place()
    Fields.loseRest(fields, node, new Set(["handled"]), at, (field) => field === "seed" ? "hint" : "meaning", isOwn)
    return at.sink.losses
  }

  it("is lost at the client's own field", () => {
    assert.deepStrictEqual(lossesOf({ size: 1, seed: 7, places: { seed: "/rand" } }, false), [
      { at: "/rand", canonical: "/seed", reason: "dropped", weight: "hint", before: 7 }
    ])
  })

  it("includes another dialect's unknown keys, but not the own dialect's", () => {
    const node: Toy = { foreign: ["a/b"], wire: { dialect: DialectId.make("other"), value: {} } }
    assert.deepStrictEqual(lossesOf(node, false), [{ at: "/a~1b", canonical: "/foreign/a~1b", reason: "dropped", weight: "hint" }])
    assert.deepStrictEqual(lossesOf(node, true), [])
  })

  it("falls back to the node's place, then to where the field would have been", () => {
    assert.strictEqual(lossesOf({ seed: 7, at: "/tools/3" }, false)[0]?.at, "/tools/3")
    assert.strictEqual(lossesOf({ seed: 7 }, false)[0]?.at, "/seed")
    assert.strictEqual(lossesOf({ seed: 7, at: "", places: {} }, false)[0]?.at, "/seed")
  })
})

describe("a patch", () => {
  it("that changes nothing gives the same object", () => {
    const wire = { a: 1, b: "x" }
    assert.strictEqual(Fields.patched(wire, { a: 1, c: undefined }), wire)
    assert.deepStrictEqual(Fields.patched(wire, { a: undefined, c: null }), { b: "x", c: null })
  })
})
