/**
 * Token counts. Gemini counts cached input and sound inside the prompt, sound inside the answer, thinking and the prompts of its own
 * tools beside both; every chunk states the counts so far.
 */
import { inputTotal, isEmpty, outputTotal, type Usage } from "@sluice/protocol/CanonicalUsage"
import { present } from "@sluice/protocol/Json"
import type { LossSink } from "@sluice/protocol/Loss"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import type * as Wire from "./Wire.ts"

/** Number of AUDIO in the enumeration Modality. */
const audioNumber = 4

const soundIn = (details: Wire.Usage["promptTokensDetails"]): number | undefined => {
  const counts = (details ?? []).flatMap(({ modality, tokenCount }) => modality === audioNumber || modality === "AUDIO" ? [tokenCount ?? 0] : [])
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0)
}

const less = (total: number | null | undefined, ...parts: ReadonlyArray<number | undefined>): number | undefined =>
  total === undefined || total === null ? undefined : Math.max(0, parts.reduce<number>((rest, part) => rest - (part ?? 0), total))

/** The counts of a usage object; `before` is what the same answer stated earlier, because later chunks may leave the cache out. */
export const decode = (wire: Wire.Usage | null | undefined, before: Usage = {}): Usage => {
  if (wire === undefined || wire === null) return {}
  const cacheRead = wire.cachedContentTokenCount ?? undefined
  const heard = soundIn(wire.promptTokensDetails)
  const audioIn = heard === undefined ? undefined : Math.max(0, heard - (soundIn(wire.cacheTokensDetails) ?? 0))
  const audioOut = soundIn(wire.candidatesTokensDetails)
  return present({
    input: less(wire.promptTokenCount, cacheRead ?? before.cacheRead, audioIn ?? before.audioIn),
    cacheRead,
    output: less(wire.candidatesTokenCount, audioOut ?? before.audioOut),
    reasoning: wire.thoughtsTokenCount ?? undefined,
    audioIn,
    audioOut,
    toolPrompt: wire.toolUsePromptTokenCount ?? undefined
  })
}

/** The word for the service tier: the Gemini API has its own field, Vertex tells the kind of traffic. */
export const tier = (wire: Wire.Usage | null | undefined): Json | undefined => wire?.serviceTier ?? wire?.trafficType ?? undefined

const sum = (...counts: ReadonlyArray<number | undefined>): number | undefined => {
  const stated = counts.filter((count) => count !== undefined)
  return stated.length === 0 ? undefined : stated.reduce((total, count) => total + count, 0)
}

const details = (rest: number | undefined, sound: number | undefined): ReadonlyArray<JsonObject> | undefined =>
  sound === undefined
    ? undefined
    : [...(rest === undefined ? [] : [{ modality: "TEXT", tokenCount: rest }]), { modality: "AUDIO", tokenCount: sound }]

/** `usageMetadata`; an absent count has no key. */
export const encode = (usage: Usage): JsonObject =>
  present({
    promptTokenCount: sum(usage.input, usage.cacheRead, usage.cacheWrite5m, usage.cacheWrite1h, usage.audioIn),
    cachedContentTokenCount: usage.cacheRead,
    candidatesTokenCount: sum(usage.output, usage.audioOut),
    toolUsePromptTokenCount: usage.toolPrompt,
    thoughtsTokenCount: usage.reasoning,
    totalTokenCount: isEmpty(usage) ? undefined : inputTotal(usage) + outputTotal(usage),
    promptTokensDetails: details(sum(usage.input, usage.cacheRead, usage.cacheWrite5m, usage.cacheWrite1h), usage.audioIn),
    candidatesTokensDetails: details(usage.output, usage.audioOut)
  })

/** Counts without a class here go into the class that holds them, which is reported. */
export const lose = (usage: Usage, sink: LossSink): void => {
  for (const name of ["cacheWrite5m", "cacheWrite1h"] as const) {
    const before = usage[name]
    if (before !== undefined && before > 0) sink.add({ at: `/usage/${name}`, canonical: `/usage/${name}`, reason: "approximated", weight: "hint", before })
  }
}
