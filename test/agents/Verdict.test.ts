/** The judge of the runs with real agents: it must find what is wrong, or a table of passes means nothing. */
import { describe, expect, it } from "vitest"
import type { Row } from "./Gateway.ts"
import type { Call } from "./Recorder.ts"
import { problems, type Seen, type Wanted } from "./Verdict.ts"

const wanted: Wanted = { file: "hello", inbound: "openai-responses", upstream: "gemini-generate" }
const call = (id: string | undefined, method = "POST"): Call => ({ method, path: "/v1/responses", status: 200, id, refusal: "" })
const row = (id: string): Row => ({ id, inbound: wanted.inbound, upstream: wanted.upstream, outcome: "Completed", status: "completed" })
const good: Seen = { badEnd: undefined, file: "hello\n", calls: [call("a"), call("b")], rows: [row("b"), row("a")] }

describe("a run is as it should be", () => {
  it("with the file, and one row for each exchange", () => {
    expect(problems(good, wanted)).toEqual([])
  })
  it("with calls beside that are no exchanges", () => {
    expect(problems({ ...good, calls: [call(undefined, "HEAD"), call(undefined, "GET"), ...good.calls] }, wanted)).toEqual([])
  })
})

describe("a run failed", () => {
  it.each<readonly [string, Partial<Seen>, string]>([
    ["when the agent ended badly", { badEnd: "exit code 1" }, "the agent ended badly: exit code 1"],
    ["without the file", { file: undefined }, "there is no file"],
    ["with another text in the file", { file: "hell" }, "the file says \"hell\""],
    ["without a second exchange", { calls: [call("a")], rows: [row("a")] }, "the agent made 1 exchanges; a tool call takes two"],
    ["when an exchange has no row", { rows: [row("a")] }, "the exchange b has 0 rows in the ledger"],
    ["when an exchange has two rows", { rows: [row("a"), row("b"), row("b")] }, "the exchange b has 2 rows in the ledger"],
    ["when the ledger has more", { rows: [...good.rows, row("c")] }, "the ledger has an exchange c that nobody made"],
    [
      "when an exchange came in otherwise",
      { rows: [row("a"), { ...row("b"), inbound: "openai-chat" }] },
      "the exchange b came in as openai-chat, not openai-responses"
    ],
    [
      "when an exchange went elsewhere",
      { rows: [row("a"), { ...row("b"), upstream: "openai-chat" }] },
      "the exchange b went to openai-chat, not gemini-generate"
    ],
    [
      "when an exchange was refused",
      { rows: [row("a"), { id: "b", inbound: wanted.inbound, upstream: wanted.upstream, outcome: "Denied(fidelity)", status: "denied" }] },
      "the exchange b ended as Denied(fidelity)"
    ]
  ])("%s", (_, change, problem) => {
    expect(problems({ ...good, ...change }, wanted)).toEqual([problem])
  })
})
