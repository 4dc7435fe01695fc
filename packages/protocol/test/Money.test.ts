import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Money from "../src/Money.ts"

const read = (text: string) => Option.getOrUndefined(Money.fromDecimal(text))

describe("an amount of money", () => {
  it("is read from decimal text, to the pico-dollar", () => {
    assert.strictEqual(read("25.00"), 25_000_000_000_000n)
    assert.strictEqual(read("0.000182"), 182_000_000n)
    assert.strictEqual(read("0.000000000001"), 1n)
    assert.strictEqual(read("1.0000000000010000"), 1_000_000_000_001n)
  })

  it("is not read from anything else, nor from finer text", () => {
    for (const text of ["", "-1", "1e3", ".5", "1.", "1,5", " 1", "0.0000000000001", "1234567890123456"]) assert.isUndefined(read(text))
  })

  it("is shown with as many digits as it has", () => {
    for (const text of ["0", "25", "0.000182", "0.000000000001", "999999999999999.999999999999"]) {
      assert.strictEqual(Option.match(Money.fromDecimal(text), { onNone: () => "", onSome: Money.toDecimal }), text)
    }
  })

  it("is rounded up to whole nano-dollars, never down", () => {
    assert.strictEqual(Money.toNanos(Money.fromPicos(1n)), 1n)
    assert.strictEqual(Money.toNanos(Money.fromPicos(1000n)), 1n)
    assert.strictEqual(Money.toNanos(Money.fromPicos(1001n)), 2n)
    assert.strictEqual(Money.toNanos(Money.zero), 0n)
  })

  it("is never less than nothing", () => {
    assert.strictEqual(Money.minus(Money.fromPicos(1n), Money.fromPicos(2n)), 0n)
    assert.strictEqual(Money.fromPicos(-5n), 0n)
  })
})
