import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Laws from "../../packages/testing/src/Laws.ts"
import { mutants } from "./Mutants.ts"
import { subjects } from "./Subjects.ts"

// A dialect without the field cannot forget it: chat completions have no word for a failed tool.
const immune: { readonly [mutant: string]: ReadonlyArray<string> } = { "forgets that a tool failed": ["openai-chat"] }

for (const { dialect, vocabulary } of subjects) {
  describe(`${dialect.id} is caught when it`, () => {
    for (const { name, plant, caughtBy, options } of mutants.filter((mutant) => immune[mutant.name]?.includes(dialect.id) !== true)) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const laws = Laws.of(plant(dialect), { vocabulary, ...options }).filter(({ law }) => caughtBy.includes(law))
          // Responses states every text in whole as well, so that few cuts show: a run ends at the first fault
          const verdicts = yield* Effect.forEach(laws, (law) => law.check({ runs: law.law === "5" ? 3000 : 500, maxShrinks: 0 }))
          assert.isTrue(verdicts.some((verdict) => verdict.failure !== undefined), `law ${caughtBy.join(", ")} did not notice`)
        }))
    }
  })
}
