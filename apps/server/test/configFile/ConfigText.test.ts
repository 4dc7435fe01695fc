import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ConfigPatch from "../../src/configFile/ConfigPatch.ts"
import * as ConfigText from "../../src/configFile/ConfigText.ts"

const masked = (text: string) => Result.getOrThrow(ConfigText.masked(text))
const restored = (text: string, before: string) => Result.getOrThrow(ConfigText.restored(text, before))
const refused = (text: string, before: string) =>
  Result.match(ConfigText.restored(text, before), { onSuccess: () => [], onFailure: (problems) => problems.map(({ line, message }) => `${line}: ${message}`) })

/** Texts whose secrets stand in every form that YAML has. */
const forms: ReadonlyArray<readonly [what: string, text: string]> = [
  ["plain", "auth: { mode: keys, adminToken: s3cret-value }\n"],
  ["in double quotes, with escapes", "auth:\n  adminToken: \"s3cret-value\\u0041 \\\" x\" # kept\n"],
  ["in single quotes", "auth:\n  adminToken: 's3cret-value ''quoted'''\n"],
  ["in a block", "auth:\n  adminToken: |\n    s3cret-value\n  mode: keys\n"],
  ["in a folded block at the end", "auth:\n  adminToken: >-\n    s3cret-value"],
  ["over several lines", "auth:\n  adminToken: s3cret-value\n    and more of it\n  mode: keys\n"],
  ["in JSON", "{\"auth\": {\"adminToken\": \"s3cret-value\"}}"],
  ["behind an anchor", "keys: [{ id: a, key: &one s3cret-value }, { id: b, key: *one }]\n"],
  ["merged in", "providers:\n  - &base { id: a, credentials: [{ id: k, apiKey: s3cret-value }] }\n  - { <<: *base, id: b }\n"],
  ["under a name that no schema knows", "auth: { admintoken: s3cret-value }\nextra: { deep: [s3cret-value] }\n"],
  ["as a password in an address", "ledger: { url: \"postgres://user:s3cret-value@host/db\" }\nproviders: [{ id: a, proxy: http://u:s3cret-value@p:1 }]\n"],
  ["in headers of any name", "providers: [{ id: a, headers: { X-Anything: s3cret-value, \"x y\": 's3cret-value' } }]\n"],
  ["beside a variable, and as its default", "auth: { adminToken: \"${NAME:-s3cret-value}\", keySecret: \"${NAME}s3cret-value\" }\n"],
  ["with Windows line ends", "auth:\r\n  adminToken: s3cret-value\r\n  mode: keys\r\n"],
  ["as a number", "auth: { adminToken: 1234567890123 }\n"],
  ["where a mapping belongs", "auth: s3cret-value\nproviders: s3cret-value\n"]
]

describe("the text of a configuration without its secrets", () => {
  for (const [what, text] of forms) {
    it(`hides one ${what}, and gives the same text back when it returns`, () => {
      const shown = masked(text)
      if (!what.startsWith("where")) {
        assert.notInclude(shown, "s3cret-value")
        assert.notInclude(shown, "1234567890123")
        assert.include(shown, "<secret 1>")
      }
      const back = restored(shown, text)
      // Blocks and texts of several lines come back in quotes; what they mean is the same
      const read = (source: string) => JSON.stringify(Result.getOrThrow(ConfigText.documentOf(source)).toJS())
      assert.strictEqual(read(back), read(text))
      if (!/block|lines/.test(what)) assert.strictEqual(back, text)
    })
  }

  it("shows what is no secret as it stands, variables among it", () => {
    const text = "# words\nauth: { adminToken: \"${TOKEN}\", keySecret: \"${OTHER:-}\" } # more\nserver:   { port: 0x1F90 }\n\n\n"
    assert.strictEqual(masked(text), text)
  })

  it("hides a secret in a comment, and whatever else is known to be one", () => {
    const text = "# was s3cret-value before\nauth: { adminToken: s3cret-value } # s3cret-value\nserver: { host: older-value }\n"
    assert.strictEqual(
      Result.getOrThrow(ConfigText.masked(text, ["older-value"])),
      "# was <hidden> before\nauth: { adminToken: \"<secret 1>\" } # <hidden>\nserver: { host: <hidden> }\n"
    )
  })

  it("is not given where the text is no YAML, and the reason repeats nothing of it", () => {
    const wrong = ConfigText.masked("auth: { adminToken: s3cret-value\nserver: [")
    assert.isTrue(Result.isFailure(wrong))
    assert.notInclude(JSON.stringify(wrong), "s3cret")
  })
})

describe("a text that comes back", () => {
  const before = "auth: { adminToken: first-value }\nkeys: [{ id: a, key: second-value }]\n"

  it("keeps secrets that have moved", () => {
    const moved = "keys:\n  - id: a\n    key: <secret 2>\nauth: { adminToken: \"<secret 1>\" }\n"
    assert.strictEqual(restored(moved, before), "keys:\n  - id: a\n    key: second-value\nauth: { adminToken: first-value }\n")
  })

  it("may have new ones", () => {
    assert.strictEqual(restored("auth: { adminToken: new-value }\n", before), "auth: { adminToken: new-value }\n")
  })

  it("cannot put a secret where it would be shown, or keep one that was not there", () => {
    assert.deepStrictEqual(refused("server: { host: <secret 1> }\n", before), ["1: keeps <secret 1> where no secret belongs, and it would be shown"])
    assert.deepStrictEqual(refused("\nauth: { adminToken: <secret 3> }\n", before), ["2: keeps <secret 3>, which the file does not have"])
    assert.deepStrictEqual(refused("auth: { adminToken: <hidden> }\n", before), ["1: holds a secret that was hidden here: write the value itself"])
  })

  it("cannot say what a mark stands for by another mark", () => {
    const tricky = "auth: { adminToken: \"<secret 2>\" }\nkeys: [{ id: a, key: real-value }]\n"
    assert.strictEqual(restored(masked(tricky), tricky), tricky)
  })

  it("names the same modules, or others, whatever its form", () => {
    assert.isTrue(ConfigText.hasSamePlugins("plugins: [{ module: a }]\n", "plugins:\n  - module: a # same\n"))
    assert.isTrue(ConfigText.hasSamePlugins("server: {}\n", "plugins: []\n"))
    assert.isFalse(ConfigText.hasSamePlugins("plugins: [{ module: a }]\n", "plugins: [{ module: b }]\n"))
    assert.isFalse(ConfigText.hasSamePlugins("server: {}\n", "<<: { plugins: [{ module: b }] }\n"))
    assert.isFalse(ConfigText.hasSamePlugins("server: {}\n", "x: &p [{ module: b }]\nplugins: *p\n"))
  })
})

describe("a change of single values", () => {
  const text =
    "# top\nproviders: # all of them\n  - id: openai # the first\n    retries: 1   # few\n    timeouts: { idle: 1 minute }\n\n# below\nmodels: [] # none\n"
  const patched = (...changes: ReadonlyArray<ConfigPatch.Change>) => Result.getOrThrow(ConfigPatch.apply(text, changes))
  const wrong = (...changes: ReadonlyArray<ConfigPatch.Change>) =>
    Result.match(ConfigPatch.apply(text, changes), { onSuccess: () => "none", onFailure: ([first]) => first?.message })

  it("replaces what is there in its place", () => {
    assert.strictEqual(patched({ path: ["providers", "openai", "retries"], value: 3 }), text.replace("retries: 1 ", "retries: 3 "))
    assert.strictEqual(
      patched({ path: ["providers", 0, "timeouts", "idle"], value: "2 minutes" }, { path: ["providers", "openai", "retries"], value: 0 }),
      text.replace("1 minute", "\"2 minutes\"").replace("retries: 1 ", "retries: 0 ")
    )
  })

  it("adds and removes, and keeps every comment", () => {
    const added = patched({ path: ["providers", "openai", "timeouts", "total"], value: "1 hour" }, { path: ["log"], value: { level: "warn" } })
    for (const words of ["# top", "# all of them", "# the first", "# few", "# below", "# none", "total: 1 hour", "level: warn"]) assert.include(added, words)
    assert.notInclude(patched({ path: ["providers", "openai", "retries"] }), "retries")
    assert.include(patched({ path: ["models", 0], value: { id: "fast" } }), "id: fast")
  })

  it("says where it leads nowhere", () => {
    assert.strictEqual(wrong({ path: ["providers", "nobody", "retries"], value: 1 }), "no entry of providers has the id \"nobody\"")
    assert.strictEqual(wrong({ path: ["providers", 7, "retries"], value: 1 }), "providers has no entry 7")
    assert.strictEqual(wrong({ path: ["providers", "openai", "retries", "x"], value: 1 }), "providers[0].retries is a single value and has nothing below it")
    assert.strictEqual(wrong({ path: ["server", "port"] }), "there is nothing to remove")
  })
})
