import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as CredentialSeal from "../../src/credentials/CredentialSeal.ts"

const of = (secret: string, ...former: ReadonlyArray<string>) => CredentialSeal.make(Redacted.make(secret), former.map((each) => Redacted.make(each)))

const place = { provider: "vendor", id: "main", version: 7 }

const problem = (result: Result.Result<string, string>): string => Result.isFailure(result) ? result.failure : "opened"

describe("a sealed record", () => {
  const seal = of("secret a")
  const sealed = seal.close(place, "idp-refresh-canary")

  it("opens in its place, and shows nothing of what is in it", () => {
    assert.strictEqual(Result.getOrThrow(seal.open(place, sealed)), "idp-refresh-canary")
    assert.notInclude(Buffer.from(sealed.split(".")[2] ?? "", "base64url").toString("latin1"), "canary")
    assert.notStrictEqual(seal.close(place, "idp-refresh-canary"), sealed, "no two are alike")
  })

  it("opens in no other place: not as another credential, of another provider, or of another version", () => {
    for (const other of [{ ...place, id: "other" }, { ...place, provider: "other" }, { ...place, version: 8 }, { ...place, provider: "vendo", id: "rmain" }]) {
      assert.strictEqual(problem(seal.open(other, sealed)), "its record was changed, or belongs to another credential: log in again")
    }
  })

  it("does not open when any of its letters was changed", () => {
    for (let at = 0; at < sealed.length; at++) {
      const letter = sealed[at] === "A" ? "B" : "A"
      const changed = `${sealed.slice(0, at)}${letter}${sealed.slice(at + 1)}`
      // The last letter may hold bits that mean nothing
      if (Buffer.from(changed.split(".")[2] ?? "", "base64url").equals(Buffer.from(sealed.split(".")[2] ?? "", "base64url")) && at > 15) continue
      assert.isTrue(Result.isFailure(seal.open(place, changed)), `letter ${at}`)
    }
    for (const broken of ["", "1", "1..", sealed.slice(0, 30), `${sealed}.x`, "2.a.b"]) assert.isTrue(Result.isFailure(seal.open(place, broken)))
  })

  it("names the key it wants, and the ones there are, when the secret is another", () => {
    const other = of("secret b")
    assert.strictEqual(
      problem(other.open(place, sealed)),
      `its record was sealed with the key ${seal.keyId}, and this gateway has ${other.keyId}: give it the secret it was sealed with`
    )
    assert.match(seal.keyId, /^[0-9a-f]{12}$/)
  })

  it("opens with a former secret, and is sealed anew with the current one", () => {
    const rotated = of("secret b", "secret a")
    assert.strictEqual(Result.getOrThrow(rotated.open(place, sealed)), "idp-refresh-canary")
    assert.isTrue(Result.isSuccess(of("secret b").open(place, rotated.close(place, "x"))))
  })
})
