/** What a search of a text finds: places with what stands there, in order and apart from each other. */

/** A place in a text, in UTF-16 units, and what stands there. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly label: string
}

/** The spans in order; what overlaps is one span, named after the one that begins first, and among those after the longest. */
export const merged = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const apart: Array<Span> = []
  for (const span of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = apart.at(-1)
    if (last === undefined || span.from >= last.to) apart.push(span)
    else if (span.to > last.to) apart[apart.length - 1] = { ...last, to: span.to }
  }
  return apart
}

const escape = /\\(?:u[0-9a-fA-F]{4}|[^u]|u)/gs

/** The text with every escape of JSON as that many spaces: places stay what they were, and no escape runs into the word behind it. */
export const flattened = (text: string): string => text.includes("\\") ? text.replaceAll(escape, (found) => " ".repeat(found.length)) : text
