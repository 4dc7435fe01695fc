import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Laws from "../../../testing/src/Laws.ts"
import * as Chat from "../../src/chat/Dialect.ts"
import { dialect } from "../../src/responses/Dialect.ts"
import { vocabulary } from "./Responses.ts"
import { strictly } from "./StrictReader.ts"

const options = { vocabulary, oracle: { stream: strictly } }

const laws = [
  ...Laws.of(dialect, options),
  ...Laws.ofCrossing(dialect, Chat.dialect, options),
  ...Laws.ofCrossing(Chat.dialect, dialect, { oracle: {} }, options)
]

describe("the laws of Responses", () => {
  for (const law of laws) {
    it.effect(`${law.law}: ${law.name}`, () =>
      Effect.map(law.check({ runs: 500 }), (verdict) => verdict.failure === undefined ? undefined : assert.fail(verdict.failure)))
  }
})
