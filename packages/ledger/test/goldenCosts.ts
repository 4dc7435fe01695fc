/**
 * Costs worked out by hand from the providers' price pages: the usage, the arithmetic in dollars for a million tokens, and what it
 * comes to. The arithmetic is checked too, so that no line can be a copy of what the code says.
 */
import type { Usage } from "@sluice/protocol/CanonicalUsage"

/** One worked cost. */
export interface Golden {
  readonly what: string
  readonly provider: string
  readonly model: string
  /** An ISO time; absent = 1 October 2026, noon. */
  readonly at?: string
  readonly tier?: string
  readonly usage: Usage
  /** Tokens times dollars for a million, added; `+ N` alone is dollars. */
  readonly arithmetic: string
  readonly costUsd: string
}

export const golden: ReadonlyArray<Golden> = [
  { what: "input and output", provider: "openai", model: "gpt-5", usage: { input: 1000, output: 500 }, arithmetic: "1000*1.25 + 500*10", costUsd: "0.00625" },
  {
    what: "cached input, and reasoning as output",
    provider: "openai",
    model: "gpt-5-2025-08-07",
    usage: { input: 100, cacheRead: 900, output: 50, reasoning: 450 },
    arithmetic: "100*1.25 + 900*0.125 + 50*10 + 450*10",
    costUsd: "0.0052375"
  },
  {
    what: "both ages of cache writes, at their own prices",
    provider: "anthropic",
    model: "claude-sonnet-4-5-20250929",
    usage: { input: 10, cacheRead: 2000, cacheWrite5m: 300, cacheWrite1h: 400, output: 20 },
    arithmetic: "10*3 + 2000*0.3 + 300*3.75 + 400*6 + 20*15",
    costUsd: "0.004455"
  },
  {
    what: "the last prompt at the short price: exactly 200,000 tokens",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    usage: { input: 150_000, cacheRead: 50_000, output: 1000 },
    arithmetic: "150000*3 + 50000*0.3 + 1000*15",
    costUsd: "0.48"
  },
  {
    what: "the first prompt at the long price, which is that of the whole request",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    usage: { input: 150_001, cacheRead: 50_000, output: 1000 },
    arithmetic: "150001*6 + 50000*0.6 + 1000*22.5",
    costUsd: "0.952506"
  },
  {
    what: "Gemini at 200,000 tokens",
    provider: "google",
    model: "gemini-2.5-pro",
    usage: { input: 200_000, output: 100, reasoning: 900 },
    arithmetic: "200000*1.25 + 100*10 + 900*10",
    costUsd: "0.26"
  },
  {
    what: "Gemini above 200,000 tokens, prompts of tools among them",
    provider: "google",
    model: "gemini-2.5-pro",
    usage: { input: 200_000, toolPrompt: 1, output: 100, reasoning: 900 },
    arithmetic: "200000*2.5 + 1*2.5 + 100*15 + 900*15",
    costUsd: "0.5150025"
  },
  {
    what: "sound that is read",
    provider: "google",
    model: "gemini-2.5-flash",
    usage: { input: 1000, audioIn: 2000, output: 10 },
    arithmetic: "1000*0.3 + 2000*1 + 10*2.5",
    costUsd: "0.002325"
  },
  {
    what: "DeepSeek by day",
    provider: "deepseek",
    model: "deepseek-chat",
    at: "2025-08-01T12:00:00Z",
    usage: { input: 1000, cacheRead: 1000, output: 1000 },
    arithmetic: "1000*0.27 + 1000*0.07 + 1000*1.1",
    costUsd: "0.00144"
  },
  {
    what: "DeepSeek by night",
    provider: "deepseek",
    model: "deepseek-chat",
    at: "2025-08-01T20:00:00Z",
    usage: { input: 1000, cacheRead: 1000, output: 1000 },
    arithmetic: "1000*0.135 + 1000*0.035 + 1000*0.55",
    costUsd: "0.00072"
  },
  {
    what: "o3 before its price fell",
    provider: "openai",
    model: "o3",
    at: "2025-06-09T23:59:59Z",
    usage: { input: 1000, output: 1000 },
    arithmetic: "1000*10 + 1000*40",
    costUsd: "0.05"
  },
  {
    what: "o3 from the day on which its price fell",
    provider: "openai",
    model: "o3",
    at: "2025-06-10T00:00:00Z",
    usage: { input: 1000, output: 1000 },
    arithmetic: "1000*2 + 1000*8",
    costUsd: "0.01"
  },
  {
    what: "a request that costs something by itself",
    provider: "perplexity",
    model: "sonar",
    tier: "low",
    usage: { input: 14, output: 200 },
    arithmetic: "14*1 + 200*1 + 0.005",
    costUsd: "0.005214"
  },
  {
    what: "half for waiting",
    provider: "openai",
    model: "gpt-5",
    tier: "flex",
    usage: { input: 1000, output: 500 },
    arithmetic: "1000*0.625 + 500*5",
    costUsd: "0.003125"
  },
  {
    what: "twice for going first",
    provider: "openai",
    model: "gpt-5",
    tier: "priority",
    usage: { input: 1000, cacheRead: 8, output: 500 },
    arithmetic: "1000*2.5 + 8*0.25 + 500*20",
    costUsd: "0.012502"
  },
  {
    what: "a batch",
    provider: "anthropic",
    model: "claude-haiku-4-5",
    tier: "batch",
    usage: { input: 1000, output: 100 },
    arithmetic: "1000*0.5 + 100*2.5",
    costUsd: "0.00075"
  },
  {
    what: "a profile of a region at Bedrock, a tenth dearer",
    provider: "aws",
    model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    usage: { input: 1000, output: 100 },
    arithmetic: "1000*3.3 + 100*16.5",
    costUsd: "0.00495"
  },
  {
    what: "a version at Vertex",
    provider: "google",
    model: "claude-sonnet-4-5@20250929",
    usage: { input: 1000, output: 100 },
    arithmetic: "1000*3 + 100*15",
    costUsd: "0.0045"
  },
  {
    what: "a name with its vendor before it",
    provider: "anthropic",
    model: "anthropic/claude-haiku-4-5",
    usage: { input: 7, output: 3 },
    arithmetic: "7*1 + 3*5",
    costUsd: "0.000022"
  },
  {
    what: "vectors, which have no output",
    provider: "openai",
    model: "text-embedding-3-small",
    usage: { input: 8 },
    arithmetic: "8*0.02",
    costUsd: "0.00000016"
  },
  { what: "less than a nano-dollar", provider: "openai", model: "text-embedding-3-small", usage: { input: 1 }, arithmetic: "1*0.02", costUsd: "0.00000002" }
]
