/** What is masked in kept bodies, what is left alone, and that JSON stays JSON. */
import { assert, describe, it } from "@effect/vitest"
import { redact } from "../../src/bodies/Redaction.ts"

const sse = (values: ReadonlyArray<unknown>): string => values.map((value) => `event: x\ndata: ${JSON.stringify(value)}\n\n`).join("")

describe("redaction", () => {
  it("masks addresses, numbers and secrets", () => {
    const cases: ReadonlyArray<readonly [string, string]> = [
      ["write to jane.doe+x@mail.example.com.", "write to [email]."],
      ["call +49 170 1234567 now", "call [phone] now"],
      ["call (555) 123-4567 now", "call [phone] now"],
      ["card 4111 1111 1111 1111 ok", "card [card] ok"],
      ["card 4111111111111111", "card [card]"],
      ["use sk-proj-abcdefgh12345678", "use [secret]"],
      ["AKIAIOSFODNN7EXAMPLE", "[secret]"],
      ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[secret]"],
      ["Authorization: Bearer abc.def-123456", "Authorization: [secret]"],
      ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN", "[secret]"],
      ["password=hunter22 and", "password=[secret] and"],
      ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[secret]-----END RSA PRIVATE KEY-----"]
    ]
    for (const [given, wanted] of cases) assert.strictEqual(redact(given), wanted)
  })

  it("leaves alone what only looks a little like it", () => {
    const texts = [
      "on 2026-11-20 10:15:30 from 192.168.100.200",
      "skills-and-tools-are-fine, so is a@b and @home",
      "{\"created\":1760000001,\"usage\":{\"prompt_tokens\":12345678},\"max_tokens\":64000}",
      "{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"model\":\"gpt-4o-2024-08-06\"}",
      "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
      "order 123456 of 2000"
    ]
    for (const text of texts) assert.strictEqual(redact(text), text)
  })

  it("keeps the structure of JSON, also of JSON in JSON", () => {
    const body = {
      messages: [{ role: "user", content: "Hi,\nI am jane@example.com\tand my card is 4111-1111-1111-1111." }],
      api_key: "very secret, with spaces",
      card: 4111111111111111,
      tools: [{ arguments: JSON.stringify({ password: "pa$$ \"word\"", note: "x\ny" }) }]
    }
    const masked: typeof body = JSON.parse(redact(JSON.stringify(body)))
    assert.strictEqual(masked.messages[0]?.content, "Hi,\nI am [email]\tand my card is [card].")
    assert.deepStrictEqual([masked.api_key, masked.card], ["[secret]", 0])
    const nested: { readonly password: string; readonly note: string } = JSON.parse(masked.tools[0]?.arguments ?? "")
    assert.notInclude(nested.password, "pa$$")
    assert.strictEqual(nested.note, "x\ny")
  })

  it("is not fooled by escapes", () => {
    assert.deepStrictEqual(JSON.parse(redact("{\"a\":\"jane\\u0040example.com\",\"b\":\"\\u00e9\\u0022\"}")), { a: "[email]", b: "é\"" })
    assert.deepStrictEqual(JSON.parse(redact("{\"a\":\"x\\njane@example.com\"}")), { a: "x\n[email]" })
  })

  it("finds what a stream says in pieces", () => {
    const chunks = ["My mail is ja", "ne@exa", "mple", ".com, my key sk-", "abcdefgh", "12345678", "."].map((content, index) => ({
      id: "chatcmpl-1",
      model: "gpt",
      choices: [{ index: 0, delta: { content } }],
      n: index
    }))
    const masked = redact(sse(chunks))
    for (const piece of ["ja\"", "exa", "mple", "abcdefgh", "12345678"]) assert.notInclude(masked, piece)
    const data = masked.split("\n").filter((line) => line.startsWith("data: ")).map((line): typeof chunks[0] => JSON.parse(line.slice(6)))
    assert.strictEqual(data.map(({ choices }) => choices[0]?.delta.content).join(""), "My mail is [email], my key [secret].")
    assert.deepStrictEqual(data.map(({ id, n }) => [id, n]), chunks.map(({ id, n }) => [id, n]))
  })

  it("finds it in a stream that is one array too", () => {
    const body = JSON.stringify(["jane@", "example.com"].map((text) => ({ candidates: [{ content: { parts: [{ text }] } }] })))
    const masked: ReadonlyArray<{ readonly candidates: ReadonlyArray<{ readonly content: { readonly parts: ReadonlyArray<{ readonly text: string }> } }> }> =
      JSON
        .parse(redact(body))
    assert.strictEqual(masked.map(({ candidates }) => candidates[0]?.content.parts[0]?.text).join(""), "[email]")
  })

  it("takes any text, whatever it is made of", () => {
    // Long enough that one search of quadratic cost would run into the limit of the test
    const size = 300_000
    const pieces = [
      "@",
      "a@",
      "a@a.",
      "1",
      "1-",
      "(",
      "(1",
      "sk-",
      "eyJa.",
      "\"",
      "\\",
      "{",
      "[\"",
      "data:\n",
      "data: {\"a\":\"",
      "[{\"a\":\"x\"},",
      "password:\"",
      "a-A1",
      "+1 ",
      "-----BEGIN "
    ]
    for (const piece of pieces) assert.isAtLeast(redact(piece.repeat(Math.ceil(size / piece.length))).length, 1)
  })
})
