/**
 * Variables of a configuration: `${NAME}` and `${NAME:-default}` in the texts of an already parsed file.
 * Because the file is parsed first, a value can never add keys or lines to it. A variable set to the empty text counts as unset; `$${` is a plain `${`.
 */
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"

/** The variables known at start, by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A parsed file with its variables replaced, and what could not be replaced. */
export interface Substituted {
  readonly value: unknown
  readonly problems: ReadonlyArray<Problem>
}

/** Replaces the variables in every text of a parsed file; keys of mappings are left alone. */
export const substitute = (value: unknown, environment: Environment): Substituted => {
  const problems: Array<Problem> = []
  const result = mapTexts(value, [], (text, path) =>
    text.replace(variable, (whole: string, name: string | undefined, fallback: string | undefined) => {
      if (whole === "$${") return "${"
      if (name === undefined) {
        problems.push(
          problem(path, "\"${\" begins no variable: write ${NAME} or ${NAME:-default}, in quotes inside { } and [ ], or $${ for the characters themselves")
        )
        return whole
      }
      const found = Object.hasOwn(environment, name) ? environment[name] : undefined
      if (found !== undefined && found !== "") return found
      if (fallback === undefined) problems.push(problem(path, `the variable ${name} is not set`))
      // Left as it is, so that the rest of the file can still be checked for other problems
      return fallback ?? whole
    }))
  return { value: result, problems }
}

/** The names of the variables a parsed file asks for. */
export const variableNames = (value: unknown): ReadonlyArray<string> => {
  const names = new Set<string>()
  mapTexts(value, [], (text) => {
    for (const [, name] of text.matchAll(variable)) if (name !== undefined) names.add(name)
    return text
  })
  return Array.from(names)
}

// internal

// Alternatives in order: an escaped "${", a whole variable, a "${" that is neither
const variable = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

const mapTexts = (value: unknown, path: ReadonlyArray<PropertyKey>, replace: (text: string, path: ReadonlyArray<PropertyKey>) => string): unknown => {
  if (typeof value === "string") return replace(value, path)
  if (Array.isArray(value)) return value.map((item, index) => mapTexts(item, [...path, index], replace))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, [...path, key], replace)]))
}
