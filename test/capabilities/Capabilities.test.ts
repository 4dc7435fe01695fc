/**
 * The capability table says what is there: services that are exported and load, Layers for them, tests under their names, and an
 * example of about ten lines that the compiler has seen. Which capabilities there must be is written down here once more, so that a row
 * cannot be left out.
 */
import { describe, expect, it } from "vitest"
import { capabilities, type Capability } from "./Capabilities.ts"
import { problemsOf } from "./Problems.ts"

/** What a gateway must be extensible by, whatever the parts are called. */
const demanded = [
  "Hooks around an exchange",
  "Storage of extensions",
  "Caches",
  "Models",
  "Lists of providers",
  "Credentials of providers",
  "Who is asking",
  "Which credential",
  "Which model",
  "Providers",
  "Raw requests",
  "The way out",
  "Protocols",
  "Normalizers",
  "Thinking",
  "Threads",
  "Requests",
  "Whole replies",
  "Streams",
  "The end of an exchange",
  "Usage",
  "Commands",
  "Management",
  "Models in the process",
  "Faults"
]

describe("the capabilities", () => {
  it("are all there, each once", () => {
    expect(capabilities.map(({ title }) => title).toSorted()).toEqual(demanded.toSorted())
  })

  it.each(capabilities.map((row) => [row.title, row] as const))("%s is a service, a Layer, tests and an example that are there", async (_, row) => {
    expect(await problemsOf(row)).toEqual([])
  })

  const [row] = capabilities
  const broken: ReadonlyArray<readonly [what: string, row: Partial<Capability>, problem: RegExp]> = [
    ["a service that does not exist", { services: [{ module: "@sluice/gateway/Extension", name: "Nothing" }] }, /exports no Nothing/],
    ["a module that does not exist", { inTests: { module: "@sluice/gateway/Nowhere", name: "layer" } }, /exports no layer/],
    ["a test that does not exist", { tests: [{ path: "test/end-to-end/Parts.test.ts", by: "do what nobody tests" }] }, /has no test/],
    ["a test that is not named", { tests: [{ path: "test/end-to-end/Parts.test.ts", by: "" }] }, /has no test/],
    ["words that stand in a file but in no name", { tests: [{ path: "test/end-to-end/Parts.test.ts", by: "Extensions and interceptors" }] }, /has no test/],
    ["an example that does not exist", { example: "Nothing at all" }, /has no example/]
  ]

  it.each(broken)("are not held by %s", async (_, change, problem) => {
    expect(row === undefined ? [] : await problemsOf({ ...row, ...change })).toEqual([expect.stringMatching(problem)])
  })
})
