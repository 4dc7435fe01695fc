/** Which texts of a request a rule is shown, and that nothing else changes. */
import { assert, describe, it } from "@effect/vitest"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { DialectId } from "@sluice/protocol/Wire"
import * as RequestTexts from "../../src/texts/RequestTexts.ts"

const by = DialectId.make("x")
const said = (text: string) => ({ type: "text" as const, text })

const request: CanonicalRequest = {
  model: "secret",
  instructions: [{ role: "system", parts: [said("secret 1")] }],
  turns: [
    { role: "user", parts: [said("secret 2"), { type: "document", source: { type: "text", text: "secret 3" }, title: "secret 4" }] },
    {
      role: "user",
      parts: [{ type: "image", source: { type: "base64", data: "secret" } }, { type: "document", source: { type: "parts", parts: [said("secret 5")] } }]
    },
    {
      role: "assistant",
      parts: [
        { type: "reasoning", form: "raw", text: "secret 6" },
        { type: "reasoning", form: "raw", text: "secret", signature: { by, value: "secret" } },
        { type: "tool-call", kind: "function", id: "secret", name: "secret", arguments: "{\"a\":\"secret 7\"}" },
        { type: "foreign", dialect: by, name: "secret", value: "secret" }
      ]
    },
    {
      role: "tool",
      parts: [{ type: "tool-result", kind: "function", id: "secret", parts: [said("secret 8"), { type: "json", value: { secret: ["secret 9", 1] } }] }]
    }
  ],
  tools: [
    { type: "function", name: "secret", description: "secret 10", parameters: { secret: "secret" } },
    { type: "namespace", name: "secret", tools: [{ type: "custom", name: "secret", description: "secret 11" }] }
  ],
  prediction: [said("secret 12")],
  metadata: { secret: "secret 13" },
  user: "secret 14",
  safetyIdentifier: "secret 15",
  stop: ["secret"]
}

describe("the texts of a request", () => {
  it("are all that is read or said, and nothing that identifies, proves or is sealed", () => {
    const seen: Array<string> = []
    const changed = RequestTexts.of(request, (text, passage) => {
      seen.push(`${passage} ${text}`)
      return text.replaceAll("secret ", "hidden ")
    })
    assert.strictEqual(seen.length, 15)
    assert.includeMembers(seen, ["reasoning secret 6", "arguments {\"a\":\"secret 7\"}"])
    assert.strictEqual(JSON.stringify(changed), JSON.stringify(request).replaceAll("secret ", "hidden "))
  })

  it("that nobody changes leave the request the same object", () => {
    assert.strictEqual(RequestTexts.of(request, (text) => text), request)
  })

  it("of one turn leave the others the same objects", () => {
    const changed = RequestTexts.of(request, (text) => text === "secret 2" ? "" : text)
    assert.strictEqual(changed.turns[1], request.turns[1])
    assert.strictEqual(changed.tools, request.tools)
  })

  it("to be embedded are changed too", () => {
    const asked = { model: "m", inputs: [{ type: "text" as const, text: "a" }, { type: "tokens" as const, tokens: [1] }], user: "a" }
    assert.deepStrictEqual(RequestTexts.ofEmbedding(asked, () => "b"), {
      ...asked,
      inputs: [{ type: "text", text: "b" }, { type: "tokens", tokens: [1] }],
      user: "b"
    })
    assert.strictEqual(RequestTexts.ofEmbedding(asked, (text) => text), asked)
  })
})
