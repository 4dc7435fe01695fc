/**
 * Turns what the schema found wrong into problems a person can act on: a misspelt key is answered with the key that was meant.
 * It only words; the schema decides.
 */
import { SchemaIssue } from "effect"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"

/** The problems of one issue, each with its full path. */
export const schemaProblems = (issue: SchemaIssue.Issue): ReadonlyArray<Problem> => under(issue, [])

// internal

/** The candidate nearest to a word, if it is near enough to have been meant. */
const nearest = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  const ranked = candidates.map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) })).sort((a, b) =>
    a.distance - b.distance
  )
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const under = (issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>): ReadonlyArray<Problem> => {
  switch (issue._tag) {
    case "Pointer":
      return under(issue.issue, [...path, ...issue.path])
    case "Encoding":
      return under(issue.issue, path)
    case "Composite":
      return issue.issues.flatMap((inner) => under(inner, path))
    case "AnyOf": {
      // A union's own words are better than one line per member, unless a member was meant and something inside it is wrong
      const inner = issue.issues.flatMap((member) => under(member, path))
      const deeper = inner.filter((found) => found.path.length > path.length)
      return deeper.length > 0 ? deeper : typeof issue.ast.annotations?.message === "string" ? [problem(path, issue.ast.annotations.message)] : inner
    }
    case "UnexpectedKey":
      return [problem(path, unknownKey(issue, path))]
    case "MissingKey":
      return [problem(path, "is missing")]
    default:
      return format(issue).issues.map(({ message, path: rest }) =>
        problem([...path, ...(rest ?? []).map((key) => typeof key === "object" ? key.key : key)], message)
      )
  }
}

const unknownKey = (issue: SchemaIssue.UnexpectedKey, path: ReadonlyArray<PropertyKey>): string => {
  const known = issue.ast._tag === "Objects" ? issue.ast.propertySignatures.map((property) => String(property.name)) : []
  const meant = nearest(String(path.at(-1)), known)
  return meant === undefined ? `unknown key; known here: ${known.join(", ")}` : `unknown key; did you mean "${meant}"?`
}

/** How many letters must be added, removed, replaced or swapped with their neighbour to get from one word to the other. */
const distance = (a: string, b: string): number => {
  let before: Array<number> = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? Infinity) + 1 : Infinity
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1), swapped))
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
