/** Fuses and changes of headers: the small values that parts of a gateway are held by. */
import { assert, describe, it } from "@effect/vitest"
import * as Fuse from "../src/Fuse.ts"
import * as HeaderChange from "../src/HeaderChange.ts"

describe("a fuse", () => {
  it("blows with the last of so many faults, once, and is whole again after a reset", () => {
    const fuse = Fuse.make({ after: 3 })
    assert.deepStrictEqual([1, 2, 3, 4].map((at) => [fuse.fault(`fault ${at}`, at), fuse.isFused()]), [[false, false], [false, false], [true, true], [
      false,
      true
    ]])
    assert.deepStrictEqual(fuse.status(), { faults: 4, after: 3, isFused: true, lastFault: "fault 4", lastFaultAt: 4 })
    fuse.reset()
    assert.deepStrictEqual([fuse.isFused(), fuse.status().faults], [false, 0])
  })

  it("takes five faults where nothing is said, and at least one", () => {
    assert.strictEqual(Fuse.make().status().after, 5)
    assert.strictEqual(Fuse.make({ after: 0 }).status().after, 1)
  })

  it("keeps the beginning of long words only", () => {
    const fuse = Fuse.make()
    fuse.fault("x".repeat(10_000), 1)
    assert.strictEqual(fuse.status().lastFault?.length, 300)
  })
})

describe("fuses", () => {
  it("are the same for a part that comes again, unless it takes another number of faults", () => {
    const fuses = Fuse.fuses()
    const part = { kind: "interceptor", id: "a", failPolicy: "closed" } as const
    const first = fuses.of(part)
    first.fault("bug", 1)
    assert.strictEqual(fuses.of({ ...part, failPolicy: "open" }), first)
    assert.deepInclude(fuses.status()[0], { id: "interceptor:a", failPolicy: "open", faults: 1 })
    assert.notStrictEqual(fuses.of({ ...part, after: 9 }), first)
    assert.deepInclude(fuses.status()[0], { faults: 0, after: 9 })
    fuses.of({ ...part, kind: "extension" })
    assert.deepStrictEqual(fuses.status().map(({ id }) => id), ["extension:a", "interceptor:a"])
  })
})

describe("a change of headers", () => {
  it("clears first, replaces what it names, and keeps the rest, whatever the case of names", () => {
    const before = { "X-A": "1", "x-b": "2", "x-c": "3" }
    const change = { clear: ["x-A", "X-C"], set: { "X-B": "new", "x-C": "again" } }
    assert.deepStrictEqual(HeaderChange.apply(before, change), { "x-b": "new", "x-c": "again" })
  })

  it("that changes nothing gives the same headers", () => {
    const before = { a: "1" }
    assert.strictEqual(HeaderChange.apply(before, undefined), before)
    assert.strictEqual(HeaderChange.apply(before, { clear: [], set: {} }), before)
  })

  it("comes after the ones before it", () => {
    assert.deepStrictEqual(HeaderChange.applyAll({ a: "1" }, [{ clear: ["a"] }, { set: { a: "2" } }, { set: { a: "3" } }]), { a: "3" })
  })
})
