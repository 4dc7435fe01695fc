import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as ImportedFile from "../../src/credentials/ImportedFile.ts"
import type { Material } from "../../src/credentials/Material.ts"

const now = Date.parse("2026-01-01T00:00:00Z")

const parse = (file: unknown) => ImportedFile.parse(typeof file === "string" ? file : JSON.stringify(file), now)

const plain = (material: Material) =>
  material._tag === "Key" ? Redacted.value(material.key) : {
    ...material,
    accessToken: Redacted.value(material.accessToken),
    refreshToken: material.refreshToken === undefined ? undefined : Redacted.value(material.refreshToken)
  }

const read = (file: unknown) => plain(Result.getOrThrow(parse(file)))

const refused = (file: unknown): string => {
  const result = parse(file)
  return Result.isFailure(result) ? result.failure.message : "read"
}

describe("a credential file of another program", () => {
  it("is an OAuth reply with the end of its token in any of the usual spellings", () => {
    const tokens = { access_token: "a", refresh_token: "r" }
    const at = now + 3_600_000
    for (
      const end of [
        { expires_at: at / 1000 },
        { expires_at: at },
        { expires_at: String(at / 1000) },
        { expiry: "2026-01-01T01:00:00Z" },
        { expiry: "2026-01-01T03:00:00.000+02:00" },
        { expiry_date: at },
        { expired: "2026-01-01T01:00:00Z" },
        { expires_in: 3600 }
      ]
    ) {
      assert.deepInclude(read({ ...tokens, ...end }), { accessToken: "a", refreshToken: "r", expiresAt: at }, JSON.stringify(end))
    }
    assert.deepStrictEqual(read(tokens), { _tag: "OAuth", accessToken: "a", refreshToken: "r" })
    assert.deepInclude(read({ accessToken: "a", refreshToken: "r", expiresAt: at, email: "e" }), { refreshToken: "r", expiresAt: at, account: "e" })
  })

  it("may have its tokens one level down", () => {
    assert.deepInclude(read({ auth_mode: "login", last_refresh: "2026-01-01T00:00:00Z", tokens: { id_token: "i", access_token: "a", refresh_token: "r" } }), {
      accessToken: "a",
      refreshToken: "r"
    })
    assert.deepInclude(read({ claudeAiOauth: { accessToken: "a", refreshToken: "r", expiresAt: now } }), { accessToken: "a", expiresAt: now })
  })

  it("is a key", () => {
    assert.strictEqual(read({ api_key: "k" }), "k")
    assert.strictEqual(read({ apiKey: " k\n" }), "k")
    assert.strictEqual(read({ OPENAI_API_KEY: "k", tokens: null }), "k")
  })

  it("is refused with the keys that were looked for, and nothing of what it holds", () => {
    const words = /looked for access_token.*refresh_token.*expires_at.*expires_in.*or api_key/
    for (const file of [{ secret: "canary" }, { access_token: "" }, { access_token: 7 }, { __proto__: { access_token: "canary" } }, []]) {
      assert.match(refused(file), words)
      assert.notInclude(refused(file), "canary")
    }
    assert.strictEqual(refused("sk-canary"), "The file is not JSON.")
    assert.match(refused({ access_token: "a", expires_at: "soon-canary" }), /in no form that is known: seconds, milliseconds or RFC 3339\.$/)
    assert.notInclude(refused({ access_token: "a", expires_at: "soon-canary" }), "canary")
  })
})
