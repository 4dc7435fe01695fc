/** Exchanges for the ledger's tests, and folders to keep them in. */
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import type { Opening, Settlement } from "@sluice/gateway/Ledger"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A time with milliseconds, so that rounding would show. */
export const start = 1_760_000_000_123

/** The `n`th id, in order. */
export const id = (n: number): ExchangeId => ExchangeId.make(`01K6Z${String(n).padStart(21, "0")}`)

/** The opening of the `n`th exchange, a second after the one before. */
export const opening = (n: number, fields: Partial<Opening> = {}): Opening => ({
  id: id(n),
  startedAt: start + n * 1000,
  operation: "generate",
  principal: "ci",
  inbound: DialectId.make("openai-chat"),
  stream: true,
  model: "fast",
  estimatedInput: 512,
  ...fields
})

/** A settlement of the `n`th exchange with every field stated. */
export const settlement = (n: number, fields: Partial<Settlement> = {}): Settlement => ({
  ...opening(n),
  endedAt: start + n * 1000 + 1800,
  outcome: { _tag: "Completed" },
  upstream: DialectId.make("anthropic-messages"),
  lane: "typed",
  provider: ProviderId.make("anthropic"),
  upstreamModel: "claude-haiku-4-5",
  servedModel: "claude-haiku-4-5-20251001",
  attempts: [
    {
      provider: ProviderId.make("openai"),
      upstreamModel: "gpt-4o-mini",
      startedAt: start + n * 1000 + 5,
      endedAt: start + n * 1000 + 20,
      error: { class: "overloaded", message: "try later", status: 529 }
    },
    {
      provider: ProviderId.make("anthropic"),
      upstreamModel: "claude-haiku-4-5",
      startedAt: start + n * 1000 + 20,
      endedAt: start + n * 1000 + 1800,
      credential: "team-a"
    }
  ],
  usage: { tokens: { input: 12, cacheRead: 0, output: 34 }, provenance: { input: "reported", cacheRead: "reported", output: "counted" } },
  costUsd: "0.000182",
  losses: ["/seed;dropped"],
  responseLosses: [{ path: "/content/*/annotations", reason: "dropped", count: 2 }],
  bytesOut: 5120,
  ttftMs: 210,
  finish: "stop",
  tier: "priority",
  effort: "high",
  ...fields
})

/** A database file in a folder of its own, removed with the scope. */
export const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-ledger-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  ),
  (folder) => join(folder, "ledger.db")
)
