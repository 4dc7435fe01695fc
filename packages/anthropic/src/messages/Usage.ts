/**
 * Token counts. Anthropic counts cached input beside the rest and thinking inside the output, of which newer answers state the
 * part. A message_delta restates the cache total without its division by lifetime, so that the division is taken from before.
 */
import { isEmpty, type Usage } from "@sluice/protocol/CanonicalUsage"
import { patched } from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import type { LossSink } from "@sluice/protocol/Loss"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import type * as Wire from "./Wire.ts"

const writes = (wire: Wire.Usage, before: Usage): Pick<Usage, "cacheWrite5m" | "cacheWrite1h"> => {
  const total = wire.cache_creation_input_tokens ?? undefined
  const split = wire.cache_creation ?? undefined
  const long = split?.ephemeral_1h_input_tokens ?? undefined
  const short = split?.ephemeral_5m_input_tokens ?? undefined
  if (long !== undefined || short !== undefined) {
    const unnamed = Math.max(0, (total ?? 0) - (long ?? 0) - (short ?? 0))
    return present({ cacheWrite5m: unnamed > 0 ? (short ?? 0) + unnamed : short, cacheWrite1h: long })
  }
  if (total === undefined) return {}
  if (before.cacheWrite1h === undefined) return { cacheWrite5m: total }
  const kept = Math.min(total, before.cacheWrite1h)
  return { cacheWrite5m: total - kept, cacheWrite1h: kept }
}

/** The counts of a usage object; `before` is what the same answer stated earlier. */
export const decode = (wire: Wire.Usage | null | undefined, before: Usage = {}): Usage => {
  if (wire === undefined || wire === null) return {}
  const thinking = wire.output_tokens_details?.thinking_tokens ?? undefined
  const output = wire.output_tokens ?? undefined
  return present({
    input: wire.input_tokens ?? undefined,
    cacheRead: wire.cache_read_input_tokens ?? undefined,
    ...writes(wire, before),
    output: output === undefined ? undefined : Math.max(0, output - (thinking ?? 0)),
    reasoning: thinking
  })
}

/**
 * What a message_start says of the input. Its output is not reported yet, and zeros in every class are written by providers that
 * do not know yet: a prompt is never empty.
 */
export const decodeStart = (wire: Wire.Usage | null | undefined, before: Usage): Usage => {
  const { output: _, reasoning: __, ...input } = decode(wire, before)
  return Object.values(input).some((count) => count > 0) ? input : {}
}

const sum = (...counts: ReadonlyArray<number | undefined>): number | undefined => {
  const stated = counts.filter((count) => count !== undefined)
  return stated.length === 0 ? undefined : stated.reduce((total, count) => total + count, 0)
}

/** The wire keys of counts; an absent count has no key. */
const keysOf = (usage: Usage): { readonly [key: string]: Json | undefined } => ({
  input_tokens: sum(usage.input, usage.toolPrompt, usage.audioIn),
  output_tokens: sum(usage.output, usage.reasoning, usage.audioOut),
  cache_read_input_tokens: usage.cacheRead,
  cache_creation_input_tokens: sum(usage.cacheWrite5m, usage.cacheWrite1h),
  cache_creation: usage.cacheWrite1h === undefined
    ? undefined
    : { ephemeral_5m_input_tokens: usage.cacheWrite5m ?? 0, ephemeral_1h_input_tokens: usage.cacheWrite1h },
  output_tokens_details: usage.reasoning === undefined ? undefined : { thinking_tokens: usage.reasoning }
})

/** The wire keys of the counts that are known. */
const stated = (usage: Usage | undefined): JsonObject =>
  Object.fromEntries(Object.entries(keysOf(usage ?? {})).flatMap(([key, value]) => value === undefined ? [] : [[key, value]]))

/** Counts without a class here go into the class that holds them, and unknown ones become zeros; both are reported. */
const loseClasses = (usage: Usage, sink: LossSink): void => {
  if (isEmpty(usage)) sink.add({ at: "/usage", canonical: "/usage", reason: "defaulted", weight: "hint" })
  for (const name of ["toolPrompt", "audioIn", "audioOut"] as const) {
    const before = usage[name]
    if (before !== undefined && before > 0) {
      sink.add({ at: `/usage/${name}`, canonical: `/usage/${name}`, reason: "approximated", weight: "hint", before })
    }
  }
}

/** Counts over a usage object: only what differs from it is written. */
export const over = (usage: Usage, origin: JsonObject, before: Usage): JsonObject => {
  const earlier = keysOf(before)
  const now = keysOf(usage)
  return patched(origin, Object.fromEntries(Object.entries(now).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(earlier[key]))))
}

const nothing: JsonObject = {
  cache_creation: null,
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  inference_geo: null,
  input_tokens: 0,
  output_tokens: 0,
  server_tool_use: null,
  service_tier: null
}

const deltaNothing: JsonObject = {
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  input_tokens: 0,
  output_tokens: 0,
  server_tool_use: null
}

/** `usage` of a message_start: what is known of the input; the message_delta tells the rest. */
export const encodeStart = (usage: Usage): JsonObject => ({ ...nothing, ...stated(usage), output_tokens: 0 })

/** `usage` of a whole answer. Counts that are not known are 0 where Anthropic requires a number. */
export const encode = (usage: Usage | undefined, sink: LossSink): JsonObject => {
  loseClasses(usage ?? {}, sink)
  return { ...nothing, ...stated(usage) }
}

/** `usage` of a message_delta. */
export const encodeDelta = (usage: Usage | undefined, sink: LossSink): JsonObject => {
  loseClasses(usage ?? {}, sink)
  return { ...deltaNothing, ...stated(usage) }
}
