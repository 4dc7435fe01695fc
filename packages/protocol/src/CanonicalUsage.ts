/**
 * Token counts in disjoint classes, so that they can be added, priced and compared across providers. A class that a
 * provider did not state is absent, which is not zero. Each dialect says how its own numbers map to these classes.
 */

/** The classes, in the order in which they are shown. All counts are whole tokens. */
export const classes = ["input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "output", "reasoning", "audioIn", "audioOut", "toolPrompt"] as const

/** One class of tokens. `input` is uncached text, `cacheWrite5m` also undivided cache creation, `output` what is visible. */
export type UsageClass = (typeof classes)[number]

/** A snapshot of token counts; no class contains another. */
export type Usage = { readonly [K in UsageClass]?: number }

/** Where a count comes from: the provider's own words, our tokenizer, our estimate, or an upper bound. */
export type Provenance = "reported" | "counted" | "estimated" | "bounded"

/** Counts with the provenance of each class. */
export interface MeteredUsage {
  readonly tokens: Usage
  readonly provenance: { readonly [K in UsageClass]?: Provenance }
}

/** No usage known. */
export const none: Usage = {}

/** No usage known, nothing metered. */
export const unmetered: MeteredUsage = { tokens: {}, provenance: {} }

/** A later snapshot over an earlier one: stated classes replace, absent ones stay. Snapshots are never summed. */
export const merge = (earlier: Usage, later: Usage): Usage => ({ ...earlier, ...later })

/** All classes of a snapshot with one provenance. */
export const metered = (tokens: Usage, provenance: Provenance): MeteredUsage => ({
  tokens,
  provenance: Object.fromEntries(Object.keys(tokens).map((name) => [name, provenance]))
})

/** Whether no class is stated. */
export const isEmpty = (usage: Usage): boolean => classes.every((name) => usage[name] === undefined)

/** Tokens the provider read, in all classes. */
export const inputTotal = (usage: Usage): number =>
  (usage.input ?? 0) + (usage.cacheRead ?? 0) + (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0) + (usage.audioIn ?? 0) + (usage.toolPrompt ?? 0)

/** Tokens the provider wrote, in all classes. */
export const outputTotal = (usage: Usage): number => (usage.output ?? 0) + (usage.reasoning ?? 0) + (usage.audioOut ?? 0)
