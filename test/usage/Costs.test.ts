/**
 * Whether the price book says of recorded answers what their providers said they cost, to the last digit. Where it cannot, the list
 * below says why; a line that is not needed fails.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Cost } from "@sluice/gateway/Prices"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as PriceBook from "@sluice/ledger/PriceBook"
import * as Money from "@sluice/protocol/Money"
import { Option } from "effect"
import * as Fixtures from "../conformance/Fixtures.ts"
import { type Recording, recordings } from "./Recordings.ts"
import * as StatedCosts from "./StatedCosts.ts"

if (!Fixtures.isPresent) process.stdout.write(`${Fixtures.notice}\n`)

/** The sheets of the providers that state costs. */
const sheets: { readonly [provider: string]: string } = {
  anthropic: "openrouter",
  avian: "avian",
  copilot: "github-copilot",
  openrouter: "openrouter",
  perplexity: "perplexity",
  "vercel-gateway": "vercel",
  xai: "x-ai"
}

const reasons = {
  unlisted: "The published prices do not list the model: no cost is said, rather than a wrong one.",
  tools: "The stated cost has the charge for searches, files or models that the provider called by itself, which are no tokens.",
  route: "The reseller chose a provider whose price is another than the listed one.",
  own: "The caller brought a key of his own, for which the reseller charges nothing.",
  free: "GitHub does not charge for the model within its plans and lists no price of it: no cost is said."
} as const

/** Stated costs that the price book does not say. */
const different: { readonly [id: string]: keyof typeof reasons } = {
  "copilot-chat/rig--extractor-usage-extract-with-chat-history-with-usage-works": "free",
  "copilot-chat/rig--permission-control-permission-control-prompt-example.0": "free",
  "copilot-chat/rig--permission-control-permission-control-prompt-example.1": "free",
  "copilot-chat/rig--streaming-tools-example-streaming-with-tools.0": "free",
  "copilot-chat/rig--streaming-tools-example-streaming-with-tools.1": "free",
  "copilot-chat/rig--streaming-tools-raw-stream-surfaces-two-distinct-tool-calls-before-text": "free",
  "copilot-chat/rig--streaming-tools-streaming-tools-surface-two-distinct-tool-calls-before-final-answer.1": "free",
  "copilot-chat/rig--structured-output-prompt-typed-and-output-schema.0": "free",
  "copilot-chat/rig--structured-output-prompt-typed-and-output-schema.1": "free",
  "copilot-chat/rig--structured-output-prompt-typed-and-output-schema.2": "free",
  "openrouter-chat/mirascope--cassettes-test-openrouter-stream-openrouter-anthropic-claude-3-5-sonnet-20241022": "route",
  "openrouter-responses/pydantic-ai--test-openai-responses-raw-cot-stream-openrouter": "route",
  "openrouter-chat/pydantic-ai--test-openrouter-advisor-tool-stream": "tools",
  "openrouter-chat/pydantic-ai--test-openrouter-file-annotation": "tools",
  "openrouter-chat/pydantic-ai--test-openrouter-web-search-annotations-stream": "tools",
  "xai-responses/rubyllm--chat-web-search-with-xai-grok-4-3-replays-search-turns-so-the-conversation-can-continue.0": "tools",
  "openrouter-chat/pydantic-ai--test-openrouter-google-nested-schema.1": "own",
  "openrouter-chat/pydantic-ai--test-openrouter-stream-error": "unlisted",
  "perplexity-embeddings/rubyllm--embedding-perplexity-int8-embeddings-perplexity-pplx-embed-v1-0-6b-decodes-a-si-c3d448": "unlisted",
  "perplexity-embeddings/rubyllm--embedding-perplexity-int8-embeddings-perplexity-pplx-embed-v1-0-6b-handles-mult-3772cd": "unlisted"
}

/** Perplexity rounds each part of a cost to a hundred-thousandth of a dollar. */
const roundedBy = (provider: string): bigint => provider === "perplexity" ? 10_000_000n : 0n

const at = Date.UTC(2026, 8, 1)

const costOf = ({ metered, model, provider }: Recording): Cost | undefined => {
  const id = ProviderId.make("p")
  const facts = metered[0]?.facts
  const book = PriceBook.make({ providers: new Map([[id, { sheet: sheets[provider] ?? "none" }]]) })
  return Option.getOrUndefined(
    book.cost({ usage: facts?.usage ?? {}, tier: facts?.tier, servedModel: facts?.servedModel, upstreamModel: model, provider: id, at })
  )
}

const isSame = (stated: bigint, cost: bigint, within: bigint): boolean => (stated > cost ? stated - cost : cost - stated) <= within

describe("the cost of recorded answers", () => {
  const all = recordings().flatMap((recording) => {
    const stated = StatedCosts.of(recording.stated)
    return stated === undefined ? [] : [{ recording, stated, cost: costOf(recording) }]
  })
  const wrong = all.filter(({ cost, recording, stated }) => cost === undefined || !isSame(stated, cost.amount, roundedBy(recording.provider)))

  it("is what the provider said it was, or is listed with the reason", () => {
    const unlisted = wrong.filter(({ recording }) => different[recording.id] === undefined)
    const lines = unlisted.map(({ cost, recording, stated }) => {
      const said = cost === undefined ? "unknown" : `${Money.toDecimal(cost.amount)} by ${cost.version}`
      return `${recording.id} (${recording.metered[0]?.facts.servedModel}): ${said} and not ${Money.toDecimal(stated)}`
    })
    assert.isEmpty(lines, lines.join("\n"))
  })

  it("is never listed as different where it is the same", () => {
    assert.deepStrictEqual(Object.keys(different).filter((id) => Fixtures.isPresent && !wrong.some(({ recording }) => recording.id === id)), [])
  })

  it("was there to be compared", () => {
    if (!Fixtures.isPresent) return
    const counts = Object.entries(reasons).map(([reason, text]) => `  ${Object.values(different).filter((each) => each === reason).length} × ${text}`)
    process.stdout.write(
      `costs: ${all.length} recorded answers state one; ${all.length - wrong.length} are said to the last digit, ${wrong.length} are not:\n${
        counts.join("\n")
      }\n`
    )
    assert.isAbove(all.length - wrong.length, 100)
  })
})
