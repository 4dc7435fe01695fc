/** Where a text of the operator's goes. */
import { assert, describe, it } from "@effect/vitest"
import { textOf } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as SystemPrompt from "../../src/interceptors/SystemPrompt.ts"

const own = { role: "developer" as const, parts: [{ type: "text" as const, text: "own" }], at: "/messages/0" }
const request: CanonicalRequest = { model: "m", turns: [], instructions: [own] }
const texts = (mode: SystemPrompt.Rule["mode"], given: CanonicalRequest = request): ReadonlyArray<string> =>
  (SystemPrompt.apply(given, { mode, text: "ours" }).request.instructions ?? []).map(({ parts }) => textOf(parts))

describe("a text for instructions", () => {
  it("goes before, behind, in their place, or where there are none", () => {
    assert.deepStrictEqual([texts("prepend"), texts("append"), texts("replace"), texts("default")], [["ours", "own"], ["own", "ours"], ["ours"], ["own"]])
    const bare: CanonicalRequest = { model: "m", turns: [] }
    for (const mode of ["prepend", "append", "replace", "default"] as const) assert.deepStrictEqual(texts(mode, bare), ["ours"])
  })

  it("takes something from the client only where it replaces", () => {
    for (const mode of ["prepend", "append", "default"] as const) assert.deepStrictEqual(SystemPrompt.apply(request, { mode, text: "ours" }).losses, [])
    assert.deepStrictEqual(SystemPrompt.apply(request, { mode: "replace", text: "ours" }).losses, [
      { at: "/messages/0", canonical: "/instructions/0", reason: "dropped", weight: "hint" }
    ])
  })
})
