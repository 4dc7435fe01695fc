/** The built-in patterns by name, each alone and together with patterns of one's own. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Patterns from "../src/Patterns.ts"

const search = (wanted: Patterns.Wanted) => Result.getOrThrow(Patterns.make(wanted))
const found = (wanted: Patterns.Wanted, text: string): ReadonlyArray<string> =>
  search(wanted)(text).map(({ from, label, to }) => `${label}:${text.slice(from, to)}`)

const text = [
  "jane@example.com",
  "+49 170 1234567",
  "4111 1111 1111 1111",
  "MT84MALT011000012345MTLCAST001S",
  "sk-proj-abcdefgh12345678",
  "AKIAIOSFODNN7EXAMPLE",
  "password=hunter22"
].join(" | ")

describe("built-in patterns", () => {
  const expected: { readonly [K in Patterns.Kind]: string } = {
    email: "email:jane@example.com",
    phone: "phone:+49 170 1234567",
    card: "card:4111 1111 1111 1111",
    iban: "iban:MT84MALT011000012345MTLCAST001S",
    "api-key": "api-key:sk-proj-abcdefgh12345678",
    "aws-key": "aws-key:AKIAIOSFODNN7EXAMPLE",
    secret: "secret:hunter22"
  }

  for (const kind of Patterns.kinds) {
    it(`find ${kind} and nothing else when asked for it alone`, () => {
      assert.deepStrictEqual(found({ kinds: [kind] }, text), [expected[kind]])
    })
  }

  it("find everything together, in order", () => {
    assert.deepStrictEqual(found({ kinds: Patterns.kinds }, text), Patterns.kinds.map((kind) => expected[kind]))
  })

  it("believe a bank account by its check digits, together or in groups, and leave words behind it alone", () => {
    const of = (text: string) => found({ kinds: ["iban"] }, text)
    assert.deepStrictEqual(of("GB82WEST12345698765432 NOW"), ["iban:GB82WEST12345698765432"])
    assert.deepStrictEqual(of("GB82 WEST 1234 5698 7654 32"), ["iban:GB82 WEST 1234 5698 7654 32"])
    assert.deepStrictEqual(of("GB83 WEST 1234 5698 7654 32 and XGB82WEST12345698765432"), [])
  })

  it("find the secret key of Amazon behind its name, and not the name", () => {
    const value = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert.deepStrictEqual(found({ kinds: ["aws-key"] }, `aws_secret_access_key = ${value}`), [`aws-key:${value}`])
  })
})

describe("patterns of one's own", () => {
  it("stand beside the built-in ones", () => {
    const wanted: Patterns.Wanted = { kinds: ["email"], own: [{ name: "ticket", pattern: "tck-\\d+", ignoreCase: true }] }
    assert.deepStrictEqual(found(wanted, "TCK-7 from a@b.co"), ["ticket:TCK-7", "email:a@b.co"])
  })

  it("are refused by name where they cannot be used", () => {
    const error = Result.getOrThrow(Result.flip(Patterns.make({ own: [{ name: "again", pattern: "(a)\\1" }] })))
    assert.include(error.message, "\"again\"")
    assert.isTrue(Result.isFailure(Patterns.make({ own: [{ name: "No Name", pattern: "a" }] })))
  })
})
