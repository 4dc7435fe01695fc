import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import { parse } from "../../src/Config.ts"

const file = (credential: string, more = "") => `
providers: [{ id: a, dialect: openai-chat, baseUrl: "https://a.example", credentials: [${credential}] }]
models: [{ id: "*", targets: [{ provider: a }] }]
${more}
`

const entryOf = (credential: string) => Result.getOrThrow(parse(file(credential), {})).providers[0]!.credentials[0]!

const problemsOf = (credential: string, more = "") =>
  Result.match(parse(file(credential, more), {}), {
    onSuccess: () => [],
    onFailure: ({ problems }) => problems.map(({ message, path }) => `${path}: ${message}`)
  })

const client = "clientId: c, tokenUrl: \"https://id.example/token\""

describe("a credential of a provider", () => {
  it("is a key, a variable, a file, or a login", () => {
    assert.strictEqual(Redacted.value(entryOf("{ id: c, apiKey: k }").apiKey!), "k")
    assert.strictEqual(entryOf("{ id: c, env: VENDOR_KEY }").env, "VENDOR_KEY")
    assert.strictEqual(entryOf("{ id: c, file: /run/secrets/vendor }").file, "/run/secrets/vendor")
    const { oauth } = entryOf(`{ id: c, oauth: { ${client}, deviceUrl: "https://id.example/device/?a=b", scopes: [openid] } }`)
    assert.deepInclude(oauth, { clientId: "c", deviceUrl: "https://id.example/device/?a=b", scopes: ["openid"], tokenBody: "form" })
  })

  it("has a place among others", () => {
    assert.deepInclude(entryOf("{ id: c, env: K }"), { priority: 0, weight: 1, attributes: {} })
    const placed = entryOf("{ id: c, env: K, priority: 2, weight: 0, models: [\"gpt-*\"], excluded: [gpt-1], attributes: { region: eu } }")
    assert.deepInclude(placed, { priority: 2, weight: 0, models: ["gpt-*"], excluded: ["gpt-1"], attributes: { region: "eu" } })
  })

  it("is refused where it is nothing, or two things", () => {
    const place = "providers[0].credentials[0]"
    assert.deepStrictEqual(problemsOf("{ id: c }"), [`${place}: needs one of apiKey, env, file, oauth`])
    assert.deepStrictEqual(problemsOf("{ id: c, env: A, file: B }"), [`${place}: has env and file, and only one of them may be there`])
    assert.deepStrictEqual(problemsOf("{ id: \"a b\", env: A }"), [`${place}.id: Expected 1 to 128 printable ASCII letters without blanks`])
  })

  it("is refused as a login that nobody could make, or that would be overheard", () => {
    const place = "providers[0].credentials[0].oauth"
    assert.deepStrictEqual(problemsOf(`{ id: c, oauth: { ${client} } }`), [`${place}: needs deviceUrl or authorizeUrl: otherwise nobody can log in`])
    assert.deepStrictEqual(problemsOf("{ id: c, oauth: { clientId: c, tokenUrl: \"http://id.example/t\", deviceUrl: \"http://127.evil.example/d\" } }"), [
      `${place}.tokenUrl: must begin with https://: tokens and codes are sent to it`,
      `${place}.deviceUrl: must begin with https://: tokens and codes are sent to it`
    ])
    assert.deepStrictEqual(problemsOf("{ id: c, oauth: { clientId: c, tokenUrl: \"http://127.0.0.1:1/t\", deviceUrl: \"http://localhost/d\" } }"), [])
    assert.deepStrictEqual(problemsOf(`{ id: c, oauth: { ${client}, deviceUrl: "https://id.example/d", authentication: post } }`), [
      `${place}.clientSecret: is missing: authentication post sends it`
    ])
  })
})

describe("the section credentials", () => {
  const login = `{ id: c, oauth: { ${client}, deviceUrl: "https://id.example/d" } }`

  it("needs a secret where logins outlive the process and no file stands beside the ledger", () => {
    const missing = "credentials.secret: is missing: logins outlive the process and must be sealed with a secret that does"
    assert.deepStrictEqual(problemsOf(login, "ledger: { url: \"postgres://db/x\" }"), [missing])
    assert.deepStrictEqual(problemsOf(login, "ledger: { url: \"sqlite::memory:\" }\ncredentials: { store: files }"), [missing])
    assert.deepStrictEqual(problemsOf(login, "ledger: { url: \"sqlite::memory:\" }"), [])
    assert.deepStrictEqual(problemsOf(login), [])
    assert.deepStrictEqual(problemsOf(login, `ledger: { url: "postgres://db/x" }\nauth: { keySecret: ${"k".repeat(32)} }`), [])
    assert.deepStrictEqual(problemsOf(login, `ledger: { url: "postgres://db/x" }\ncredentials: { secret: "" }`), [missing])
  })

  it("refuses secrets that can be guessed", () => {
    assert.deepStrictEqual(problemsOf(login, "credentials: { secret: short, formerSecrets: [short] }"), [
      "credentials.secret: must have at least 32 characters",
      "credentials.formerSecrets[0]: must have at least 32 characters"
    ])
  })
})
