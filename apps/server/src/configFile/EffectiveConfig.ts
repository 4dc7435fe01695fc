/**
 * The configuration that is served, with all its defaults, as plain JSON without its secrets. It goes by the types of the values: what
 * is redacted cannot be shown, whatever the schema says of it. Pure.
 */
import { BigDecimal, Duration, Redacted, type Schema } from "effect"
import type { Config } from "../Config.ts"

const shown = (value: unknown): Schema.Json => {
  if (Redacted.isRedacted(value)) return "<secret>"
  // In the words the file would have them in
  if (Duration.isDuration(value)) return `${Duration.toMillis(value)} millis`
  if (BigDecimal.isBigDecimal(value)) return BigDecimal.format(value)
  // Sizes are the only numbers of this kind in a configuration
  if (typeof value === "bigint") return `${value}B`
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]))
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null
}

/** The configuration as it may be seen. */
export const toData = (config: Config): { readonly [section: string]: Schema.Json } =>
  Object.fromEntries(Object.entries(config).map(([name, section]) => [name, shown(section)]))
