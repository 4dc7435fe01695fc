/** Law 8: tokens and their cost are the same streamed and buffered, and through any dialect, or a loss says so. */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import * as CanonicalUsage from "@sluice/protocol/CanonicalUsage"
import * as Collect from "@sluice/protocol/Collect"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Draw from "../arbitraries/Draw.ts"
import * as Usages from "../arbitraries/Usages.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Law from "./Law.ts"

/** Prices per token under which no two classes cost the same. */
const prices: { readonly [K in CanonicalUsage.UsageClass]: number } = {
  input: 3,
  cacheRead: 5,
  cacheWrite5m: 7,
  cacheWrite1h: 11,
  output: 13,
  reasoning: 17,
  audioIn: 19,
  audioOut: 23,
  toolPrompt: 29
}

const cost = (usage: CanonicalUsage.Usage | undefined): number => CanonicalUsage.classes.reduce((sum, name) => sum + (usage?.[name] ?? 0) * prices[name], 0)

const answer = (usage: CanonicalUsage.Usage): ReadonlyArray<CanonicalEvent> => [
  { type: "start", id: "a", model: "m" },
  { type: "block-start", choice: 0, index: 0, kind: "text" },
  { type: "text-delta", choice: 0, index: 0, text: "hi" },
  { type: "block-end", choice: 0, index: 0 },
  { type: "finish", choice: 0, reason: "stop" },
  { type: "usage", usage },
  { type: "end" }
]

/** The law for one dialect. */
export const laws = (dialect: Dialect): ReadonlyArray<Law.Law> => [
  Law.make("8", `tokens and cost survive, streamed and buffered, ${dialect.id}`, Draw.arbitrary(Usages.usage), (usage) => {
    const events = answer(usage)
    const streamed = Codec.contextFor(Codec.plainRequest)
    const buffered = Codec.contextFor({ ...Codec.plainRequest, stream: false })
    const stream = Collect.collectFrames(Codec.decodeStream(dialect, Codec.encodeStream(dialect, events.map((event) => ({ events: [event] })), streamed))).usage
    const body = Collect.collectFrames([dialect.response.decode(Codec.transmit(dialect.response.encode([{ events }], buffered)))]).usage
    const isLost = [...streamed.sink.losses, ...buffered.sink.losses].some((loss) => loss.canonical.startsWith("/usage"))
    return Law.first(
      explain("usage of the stream and of the body", body, stream),
      isLost || cost(body) === cost(usage) ? undefined : `${cost(usage)} became ${cost(body)} without a loss: ${JSON.stringify(body)}`
    )
  })
]
