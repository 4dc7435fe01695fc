// An exchange as the gateway tells it to the ledger, for traffic beside the questions.
import { ExchangeId } from "../../packages/gateway/src/ExchangeId.ts"
import type { Opening, Settlement } from "../../packages/gateway/src/Ledger.ts"
import { ProviderId } from "../../packages/gateway/src/ProviderId.ts"
import { DialectId } from "../../packages/protocol/src/Wire.ts"

/** The `n`th exchange of a run that starts now. */
export const exchange = (at: number, n: number): { readonly opening: Opening; readonly settlement: Settlement } => {
  const opening: Opening = {
    id: ExchangeId.make(`01Z${String(at).padStart(14, "0")}${String(n).padStart(9, "0")}`),
    startedAt: at,
    operation: "generate",
    principal: `key-${n % 50}`,
    tenant: `tenant-${n % 12}`,
    inbound: DialectId.make("openai-chat"),
    stream: true,
    model: `model-${n % 24}`,
    estimatedInput: 500
  }
  const settlement: Settlement = {
    ...opening,
    endedAt: at + 800,
    outcome: { _tag: "Completed" },
    upstream: DialectId.make("anthropic-messages"),
    lane: "typed",
    provider: ProviderId.make(`provider-${n % 6}`),
    upstreamModel: `upstream-model-${n % 24}`,
    attempts: [{ provider: ProviderId.make(`provider-${n % 6}`), upstreamModel: `upstream-model-${n % 24}`, startedAt: at, endedAt: at + 800 }],
    usage: { tokens: { input: 400, output: 90 }, provenance: { input: "reported", output: "reported" } },
    costUsd: "0.00123",
    losses: [],
    responseLosses: [],
    bytesOut: 900,
    ttftMs: 300,
    finish: "stop"
  }
  return { opening, settlement }
}
