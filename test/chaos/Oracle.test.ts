/** The judge of the experiments finds what it is there to find: every rule fails for logs that break it, and for no others. */
import * as ExchangeId from "@sluice/gateway/ExchangeId"
import type { Entry } from "@sluice/gateway/Ledger"
import { DialectId } from "@sluice/protocol/Wire"
import { describe, expect, it } from "vitest"
import type { ClientEntry } from "./Clients.ts"
import * as Framing from "./Framing.ts"
import * as Oracle from "./Oracle.ts"
import * as Results from "./Results.ts"
import type { UpstreamEntry } from "./Upstream.ts"

let rows = 0
const row = (tag: string, changed: Partial<Entry> = {}): Entry => ({
  id: ExchangeId.generate(++rows, () => 0),
  startedAt: "2026-01-01T00:00:00.000Z",
  operation: "generate",
  outcome: "Completed",
  status: "completed",
  principal: "open",
  inbound: DialectId.make("openai-chat"),
  stream: true,
  model: `up/sim-long;tag=${tag}`,
  attempts: 1,
  usage: { output: 3 },
  provenance: { output: "reported" },
  losses: [],
  bytesOut: 10,
  ...changed
})

const client = (tag: string, changed: Partial<ClientEntry> = {}): ClientEntry => ({
  tag,
  sentAt: 1,
  headAt: 2,
  status: 200,
  bytes: 10,
  events: 3,
  ending: "whole",
  tail: "data: [DONE]\n\n",
  ...changed
})

const sent = (tag: string, changed: Partial<UpstreamEntry> = {}): UpstreamEntry => ({
  tag,
  model: `sim-long;tag=${tag}`,
  startedAt: 1,
  headAt: 2,
  endedAt: 3,
  ending: "completed",
  events: 3,
  bytes: 10,
  input: 2,
  output: 3,
  ...changed
})

const good: Oracle.Logs = { clients: [client("a")], upstream: [sent("a")], entries: [row("a")] }

describe("the judge", () => {
  it("finds nothing wrong with logs that agree", () => {
    expect([...Oracle.onceEach(good), ...Oracle.noFalseEnd(good), ...Oracle.noLostEnd(good)]).toEqual([])
  })

  it("takes a request as observed by its head or by the upstream, and by nothing else", () => {
    const { headAt: _, ...headless } = client("b")
    expect([...Oracle.observed({ clients: [client("a"), headless], upstream: [sent("c")], entries: [] })].toSorted()).toEqual(["a", "c"])
  })

  it.each([
    ["a missing row", { ...good, entries: [] }, "no row of a"],
    ["a row too many", { ...good, entries: [row("a"), row("a")] }, "2 rows of a"],
    ["an open row", { ...good, entries: [row("a", { status: "open" })] }, "is open"]
  ])("finds %s", (_, logs, words) => {
    expect(Oracle.onceEach(logs).join()).toContain(words)
  })

  it.each([
    ["an end the upstream never sent", { ...good, upstream: [sent("a", { ending: "client-closed" })] }],
    ["an end of what never reached the upstream", { ...good, upstream: [] }],
    ["tokens the upstream did not state", { ...good, entries: [row("a", { usage: { output: 4 } })] }]
  ])("finds %s in a completed row", (_, logs) => {
    expect(Oracle.noFalseEnd(logs)).toHaveLength(1)
  })

  it("finds a cost that is not that of the tokens", () => {
    const price = { input: "3", output: "15" }
    const paid = row("a", { usage: { input: 7, output: 3 }, costUsd: "0.000066" })
    expect(Oracle.noFalseCost([paid], price)).toEqual([])
    expect(Oracle.noFalseCost([{ ...paid, costUsd: "0.000067" }, row("b")], price)).toHaveLength(2)
  })

  it("finds a whole answer whose row denies it", () => {
    expect(Oracle.noLostEnd({ ...good, entries: [row("a", { status: "failed" })] })).toHaveLength(1)
    expect(Oracle.noLostEnd({ ...good, entries: [row("a", { status: "abandoned" })] })).toEqual([])
  })
})

describe("framing", () => {
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"

  it("is read the same however the bytes are cut", () => {
    const body = "5\r\nhello\r\nb\r\n wide world\r\n0\r\n\r\n"
    for (let cut = 0; cut <= body.length; cut++) {
      const framing = Framing.of(chunked)
      framing.take(body.slice(0, cut))
      expect(framing.isWhole()).toBe(cut === body.length)
      framing.take(body.slice(cut))
      expect([framing.payload(), framing.isWhole()]).toEqual([16, true])
    }
  })

  it("does not take the characters of an end inside a chunk for the end", () => {
    const framing = Framing.of(chunked)
    framing.take("5\r\n0\r\n\r\n\r\n")
    expect([framing.payload(), framing.isWhole()]).toEqual([5, false])
  })

  it("of a stated length ends there", () => {
    const framing = Framing.of("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n")
    framing.take("ab")
    expect(framing.isWhole()).toBe(false)
    framing.take("c")
    expect(framing.isWhole()).toBe(true)
  })
})

describe("a result", () => {
  const batch = {
    counts: { kills: 2 },
    worst: { "p99 (ms)": 5 },
    failures: [],
    runs: 2,
    seed: 1,
    date: "2026-01-01T00:00:00.000Z",
    commit: "abc",
    durationMs: 1
  }
  const result = { id: "G0", title: "", injection: "", criterion: "", wanted: 4, machine: "", batches: [batch] }

  it("is kept with all its runs and no failure only", () => {
    expect(Results.verdict(undefined)).toBe("not run")
    expect(Results.verdict({ ...result, batches: [], notRun: "no root" })).toBe("not run")
    expect(Results.verdict(result)).toBe("incomplete")
    expect(Results.verdict({ ...result, batches: [batch, batch] })).toBe("kept")
    expect(Results.verdict({ ...result, batches: [batch, batch, { ...batch, failures: ["lost"] }] })).toBe("FAILING")
  })

  it("adds up counts and keeps the largest measures", () => {
    expect(Results.total([batch, { ...batch, worst: { "p99 (ms)": 3 } }])).toEqual({ counts: { kills: 4 }, worst: { "p99 (ms)": 5 }, failures: [] })
  })
})
