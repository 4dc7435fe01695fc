/**
 * Recorded counts and embeddings of real providers: inside their own protocol a question and an answer come back unchanged, in
 * another's they are valid or refused, and a local count is near the provider's own.
 */
import { assert } from "@effect/vitest"
import { AnthropicMessages } from "@sluice/anthropic"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Json from "@sluice/protocol/Json"
import type { Asked, Question } from "@sluice/protocol/Question"
import type { CountTokens } from "@sluice/protocol/TokenCount"
import type { Json as JsonValue } from "@sluice/protocol/Wire"
import { Effect, Result } from "effect"
import { describe, it } from "vitest"
import * as BpeCounter from "../../packages/gateway/src/tokenCounter/BpeCounter.ts"
import * as Fixtures from "./Fixtures.ts"

if (!Fixtures.isPresent) process.stdout.write(`${Fixtures.notice}\n`)

const counts = Fixtures.casesOf("count-tokens")
const embeddings = Fixtures.casesOf("embeddings")

const of = (cases: ReadonlyArray<Fixtures.Case>, ...providers: ReadonlyArray<string>) => cases.filter(({ provider }) => providers.includes(provider))

/** The recordings of each dialect: of its own service, and of those that imitate it. Cohere and Ollama have embeddings of their own. */
const subjects = [
  { name: "Anthropic counts", dialect: AnthropicMessages.dialect, kind: "count", cases: [...of(counts, "anthropic"), ...of(counts, "generic")] },
  { name: "Gemini counts", dialect: GeminiGenerate.dialect, kind: "count", cases: of(counts, "google", "vertex") },
  { name: "OpenAI counts", dialect: OpenAiResponses.dialect, kind: "count", cases: Fixtures.casesOf("openai-responses-aux") },
  {
    name: "OpenAI embeddings",
    dialect: OpenAiChat.dialect,
    kind: "embed",
    cases: embeddings.filter(({ provider }) => !["google", "cohere", "ollama"].includes(provider))
  },
  { name: "Gemini embeddings", dialect: GeminiGenerate.dialect, kind: "embed", cases: of(embeddings, "google") }
] as const

const bodyOf = ({ answer }: Fixtures.Case): JsonValue | undefined => {
  if (answer?.type !== "body" || answer.status >= 300) return undefined
  return Result.getOrUndefined(Json.parse(answer.text))
}

const given = (body: JsonValue, model: string) => ({ body, headers: {}, path: { model } })

/** What a case does to a codec: the question and the answer that come back, and what is wrong otherwise. */
const check = <Q extends Asked, A>(codec: Question<Q, A>, { id, model, request }: Fixtures.Case, body: JsonValue | undefined): void => {
  const asked = request === undefined ? undefined : Result.getOrThrow(codec.request.decode(given(request, model)))
  if (request !== undefined && asked !== undefined) {
    const encoded = codec.request.encode(asked)
    assert.deepStrictEqual([encoded.body, encoded.losses], [request, []], `question of ${id}`)
  }
  if (body === undefined || asked === undefined) return
  const answer = Result.getOrThrow(codec.response.decode(body))
  assert.deepStrictEqual(Result.getOrThrow(codec.response.encode(answer, { question: asked, estimatedInput: 0 })), body, `answer of ${id}`)
}

const counting = ({ count, id }: Dialect): CountTokens => {
  assert.isDefined(count, id)
  return count
}

const codecOf = (dialect: Dialect, kind: "count" | "embed"): Question<never, never> | undefined => dialect[kind] as Question<never, never> | undefined

for (const { cases, dialect, kind, name } of Fixtures.isPresent ? subjects : []) {
  describe(`recorded ${name}`, () => {
    it("come back unchanged inside their own protocol", () => {
      const codec = codecOf(dialect, kind)
      assert.isDefined(codec)
      assert.isAbove(cases.length, 0)
      for (const recorded of cases) check(codec, recorded, bodyOf(recorded))
    })

    it("that failed are classed by what the provider said", () => {
      for (const { answer, headers, id } of cases) {
        if (answer?.type !== "body" || answer.status < 300) continue
        const failure = dialect.errors.decode({ status: answer.status, headers, body: answer.text })
        assert.strictEqual(failure.status, answer.status, id)
        assert.notStrictEqual(failure.class, "unknown", id)
        if (answer.status === 404) assert.strictEqual(failure.class, "model-not-found", id)
      }
    })
  })
}

describe("recorded counts", () => {
  it.runIf(Fixtures.isPresent)("cross into every other protocol without losing meaning, and cross back as the same texts", () => {
    const dialects = [OpenAiChat.dialect, OpenAiResponses.dialect, AnthropicMessages.dialect, GeminiGenerate.dialect]
    for (const { cases, dialect, kind } of subjects) {
      for (const { id, model, request } of kind === "count" ? cases : []) {
        if (request === undefined) continue
        const asked = Result.getOrThrow(counting(dialect).request.decode(given(request, model)))
        for (const other of dialects.filter((each) => each.id !== dialect.id)) {
          const encoded = counting(other).request.encode(asked)
          assert.deepStrictEqual(encoded.losses.filter(({ weight }) => weight === "meaning"), [], `${id} to ${other.id}`)
          const back = Result.getOrThrow(counting(other).request.decode(given(encoded.body, model)))
          const texts = (turns: typeof asked.turns) => turns.flatMap(({ parts }) => parts.flatMap((part) => part.type === "text" ? [part.text] : []))
          assert.deepStrictEqual(texts(back.turns), texts(asked.turns), `${id} to ${other.id}`)
        }
      }
    }
  })

  it.runIf(Fixtures.isPresent)("of OpenAI are near what the gateway counts", async () => {
    for (const { answer, id, model, request } of Fixtures.casesOf("openai-responses-aux")) {
      if (request === undefined || answer?.type !== "body") continue
      const asked = Result.getOrThrow(counting(OpenAiResponses.dialect).request.decode(given(request, model)))
      const reported = Result.getOrThrow(counting(OpenAiResponses.dialect).response.decode(answer.json))
      const { input } = await Effect.runPromise(BpeCounter.count(asked))
      assert.isAtMost(Math.abs(input - reported.input), Math.max(2, reported.input * 0.2), `${id}: ${input} for ${reported.input}`)
    }
  })
})
