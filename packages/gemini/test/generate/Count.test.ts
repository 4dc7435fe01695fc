import { assert, describe, it } from "@effect/vitest"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Json } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { count } from "../../src/generate/Count.ts"

const contents = [{ role: "user", parts: [{ text: "Hi" }] }]
const systemInstruction = { parts: [{ text: "Be brief." }] }

const given = (body: Json) => ({ body, headers: {}, path: { model: "gem" } })
const decoded = (body: Json) => Result.getOrThrow(count.request.decode(given(body)))

const foreign: CanonicalRequest = { model: "gem", turns: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }] }
const instructions: CanonicalRequest["instructions"] = [{ role: "system", parts: [{ type: "text", text: "Be brief." }] }]

describe("the question how many tokens a prompt has", () => {
  it("comes back unchanged in each of its forms", () => {
    for (
      const body of [
        { contents },
        { model: "models/gem", contents },
        { contents, systemInstruction, generationConfig: {} },
        { generateContentRequest: { model: "models/gem", contents, systemInstruction, generationConfig: { temperature: 1 } }, odd: 1 },
        { generate_content_request: { contents } }
      ]
    ) {
      const { body: encoded, losses } = count.request.encode(decoded(body))
      assert.deepStrictEqual([encoded, losses], [body, []])
    }
  })

  it("names another model also inside", () => {
    const { body } = count.request.encode({ ...decoded({ generateContentRequest: { model: "models/gem", contents } }), model: "gem-2" })
    assert.deepStrictEqual(body, { generateContentRequest: { model: "models/gem-2", contents } })
  })

  it("is read from the whole request where there is one", () => {
    const { instructions: said, turns } = decoded({ generateContentRequest: { contents, systemInstruction } })
    assert.deepStrictEqual([said?.length, turns.length], [1, 1])
  })

  it("is refused with the path that is wrong", () => {
    const paths = [{}, { contents: 1 }, { generateContentRequest: { contents: [{ parts: 3 }] } }].map((body) => count.request.check(given(body))?.param)
    assert.deepStrictEqual(paths, ["/contents", "/contents", "/generateContentRequest/contents/0/parts"])
  })

  it("of another protocol is contents alone, or a whole request with what only shapes an answer left out", () => {
    const alone = count.request.encode({ ...foreign, temperature: 1, maxOutputTokens: 5, stop: ["x"] })
    assert.deepStrictEqual([alone.body, alone.losses], [{ contents }, []])
    const whole = count.request.encode({ ...foreign, instructions })
    assert.deepStrictEqual(whole.body, { generateContentRequest: { model: "models/gem", contents, systemInstruction } })
  })

  it("that got instructions on the way becomes a whole request", () => {
    const { body } = count.request.encode({ ...decoded({ contents }), instructions: instructions ?? [] })
    assert.deepStrictEqual(body, { generateContentRequest: { model: "models/gem", contents, systemInstruction } })
  })
})

describe("the answer how many tokens a prompt has", () => {
  const context = { question: foreign, estimatedInput: 0 }
  const answered = (body: Json) => count.response.decode(body)

  it("comes back unchanged", () => {
    for (
      const body of [{ totalTokens: 9, promptTokensDetails: [{ modality: "TEXT", tokenCount: 9 }] }, { totalTokens: 9, cachedContentTokenCount: 4, odd: 1 }, {}]
    ) {
      assert.deepStrictEqual(Result.getOrThrow(count.response.encode(Result.getOrThrow(answered(body)), context)), body)
    }
  })

  it("is written anew where it comes from elsewhere", () => {
    assert.deepStrictEqual(Result.getOrThrow(count.response.encode({ input: 9 }, context)), { totalTokens: 9 })
    assert.deepStrictEqual(Result.getOrThrow(count.response.encode({ input: 9, cacheRead: 4 }, context)), { totalTokens: 9, cachedContentTokenCount: 4 })
  })

  it("is none where the body is another thing", () => {
    for (const wrong of [null, [], "9", { totalTokens: "9" }, { error: { code: 404 } }, { input_tokens: 9 }]) assert.isTrue(Result.isFailure(answered(wrong)))
  })
})
