/** Whole requests, valid as far as the canonical model can say it, with every field present now and then. */
import type { CanonicalRequest, ReasoningIntent, ResponseFormat } from "@sluice/protocol/CanonicalRequest"
import { present } from "@sluice/protocol/Json"
import * as Conversations from "./Conversations.ts"
import type { Draw } from "./Draw.ts"
import * as JsonValues from "./JsonValues.ts"
import * as Parts from "./Parts.ts"
import * as Texts from "./Texts.ts"
import * as Tools from "./Tools.ts"
import type { Vocabulary } from "./Vocabulary.ts"

const effort = (draw: Draw): ReasoningIntent["effort"] => {
  switch (draw.below(5)) {
    case 1:
      return { mode: "budget", tokens: draw.pick([1024, 500, 2048, 8192, 24_576, 60_000]) }
    case 2:
      return { mode: "auto" }
    case 3:
      return { mode: "none" }
    default:
      return { mode: "level", level: draw.pick(["low", "minimal", "medium", "high", "xhigh"]) }
  }
}

const reasoning = (draw: Draw): ReasoningIntent => {
  const visibility = draw.maybe(25, () => draw.pick(["full", "summary", "hidden"] as const))
  return present({
    effort: visibility === undefined ? effort(draw) : draw.maybe(90, () => effort(draw)),
    visibility,
    summary: visibility === "summary" ? draw.maybe(50, () => draw.pick(["auto", "concise", "detailed"])) : undefined
  })
}

const responseFormat = (draw: Draw): ResponseFormat => {
  switch (draw.below(4)) {
    case 1:
      return { type: "json" }
    case 2:
    case 3:
      return present({
        type: "json-schema" as const,
        name: draw.maybe(90, () => Texts.name(draw)),
        description: draw.maybe(20, () => Texts.text(draw)),
        schema: JsonValues.objectSchema(draw),
        strict: draw.maybe(60, () => draw.chance(80))
      })
    default:
      return { type: "text" }
  }
}

const fraction = (draw: Draw, most: number): number => draw.below(most * 100 + 1) / 100

const strings = (draw: Draw): { readonly [key: string]: string } =>
  Object.fromEntries(draw.list(1, 2, (index) => [index === 0 ? "user_id" : draw.pick(["trace", "at", "ключ"]), Texts.text(draw)] as const))

/** Fields of sampling. */
const sampling = (draw: Draw): Partial<CanonicalRequest> =>
  present({
    maxOutputTokens: draw.maybe(50, () => 1 + draw.below(100_000)),
    temperature: draw.maybe(25, () => fraction(draw, 2)),
    topP: draw.maybe(15, () => fraction(draw, 1)),
    topK: draw.maybe(10, () => 1 + draw.below(100)),
    stop: draw.maybe(15, () => draw.list(1, 5, (index) => `STOP${index}${draw.chance(20) ? "\n" : ""}`)),
    seed: draw.maybe(10, () => draw.below(1_000_000)),
    presencePenalty: draw.maybe(10, () => fraction(draw, 4) - 2),
    frequencyPenalty: draw.maybe(10, () => fraction(draw, 4) - 2),
    logitBias: draw.maybe(8, () => ({ "50256": draw.below(201) - 100 })),
    logprobs: draw.maybe(10, () => present({ enabled: true, top: draw.maybe(50, () => draw.below(21)) })),
    candidates: draw.maybe(8, () => 1 + draw.below(4))
  })

/** Fields of the answer's form and of the provider's service. */
const service = (draw: Draw, vocabulary: Vocabulary): Partial<CanonicalRequest> => ({
  ...present({
    modalities: draw.maybe(6, () => draw.chance(60) ? ["text"] : ["text", "audio"]),
    reasoning: draw.maybe(25, () => reasoning(draw)),
    verbosity: draw.maybe(8, () => draw.pick(["low", "medium", "high"])),
    responseFormat: draw.maybe(20, () => responseFormat(draw)),
    prediction: draw.maybe(6, () => draw.list(1, 2, () => Parts.text(draw))),
    cache: draw.maybe(6, () => Parts.cache(draw)),
    cacheKey: draw.maybe(8, () => "key-1"),
    cacheRetention: draw.maybe(8, () => draw.pick(["24h", "in_memory"])),
    metadata: draw.maybe(10, () => strings(draw)),
    user: draw.maybe(10, () => "user-1"),
    safetyIdentifier: draw.maybe(8, () => "safe-1"),
    serviceTier: draw.maybe(10, () => draw.pick(["auto", "default", "flex", "priority", "standard_only"])),
    store: draw.maybe(8, () => draw.chance(50))
  }),
  ...draw.maybe(60, () => vocabulary.fields[draw.below(vocabulary.fields.length)])
})

/** A request. */
export const request = (draw: Draw, vocabulary: Vocabulary): CanonicalRequest => {
  // The fields come before the conversation, so that a short tape still reaches them.
  const fields = { ...sampling(draw), ...service(draw, vocabulary) }
  const stream = draw.maybe(50, () => draw.chance(70))
  const tools = draw.maybe(60, () => Tools.tools(draw, vocabulary))
  return {
    ...present({
      model: draw.pick(["gpt-4o", "claude-opus-4-1", "gemini-2.5-pro", "vendor/model:free"]),
      stream,
      streamOptions: stream === true ? draw.maybe(40, () => present({ includeUsage: draw.chance(70), obfuscation: draw.maybe(15, () => false) })) : undefined,
      tools,
      toolChoice: tools === undefined ? undefined : draw.maybe(60, () => Tools.choice(draw, tools, vocabulary)),
      parallelToolCalls: tools === undefined ? undefined : draw.maybe(20, () => draw.chance(50)),
      instructions: draw.maybe(50, () => Conversations.instructions(draw)),
      turns: Conversations.turns(draw, vocabulary, Tools.namesOf(tools ?? []))
    }),
    ...fields
  }
}
