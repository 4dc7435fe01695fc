import { assert, describe, it } from "@effect/vitest"
import * as Fixtures from "../Fixtures.ts"
import * as Chat from "./Chat.ts"
import * as Gemini from "./Gemini.ts"
import * as Messages from "./Messages.ts"
import * as Responses from "./Responses.ts"
import { compile, patched } from "./Specification.ts"

if (!Fixtures.hasSpecs) process.stdout.write("The official schemas (../shared/specs) are not here: their patches were not checked.\n")

for (const [name, { patches, schemas }] of Object.entries({ Chat, Messages, Responses, Gemini })) {
  describe(`a patch of ${name} is needed and does what it says:`, () => {
    for (const { example: { isAccepted, schema, value }, name } of patches) {
      it(name, () => {
        if (!Fixtures.hasSpecs) return
        const others = patches.filter((patch) => patch.name !== name)
        const [before, after] = [others, patches].map((applied) => {
          const known = patched(schemas(), applied)
          return known[schema] === undefined ? false : compile(known)(schema)(value) === undefined
        })
        assert.deepStrictEqual({ before, after }, { before: !isAccepted, after: isAccepted })
      })
    }
  })
}
