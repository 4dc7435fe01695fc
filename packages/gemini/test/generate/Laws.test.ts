import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Messages from "../../../anthropic/src/messages/Dialect.ts"
import * as Chat from "../../../openai/src/chat/Dialect.ts"
import * as Laws from "../../../testing/src/Laws.ts"
import { dialect } from "../../src/generate/Dialect.ts"
import { wrongAnswer, wrongStream } from "./StrictReader.ts"
import { vocabulary } from "./Vocabulary.ts"

const options = { vocabulary, oracle: { response: wrongAnswer, stream: wrongStream } }

const laws = [
  ...Laws.of(dialect, options),
  ...[Chat.dialect, Messages.dialect].flatMap((other) => [...Laws.ofCrossing(dialect, other, options), ...Laws.ofCrossing(other, dialect, {}, options)])
]

describe("the laws of generateContent", () => {
  for (const law of laws) {
    it.effect(`${law.law}: ${law.name}`, () =>
      Effect.map(law.check({ runs: 500 }), (verdict) => verdict.failure === undefined ? undefined : assert.fail(verdict.failure)))
  }
})
