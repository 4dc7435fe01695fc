/** Changes of a text as values: what stands at some places instead, as one text or for a piece of it at a time. Pure. */
import type { Span } from "./Span.ts"

/** A place in a text and what is to stand there. */
export interface Cut {
  readonly from: number
  readonly to: number
  readonly by: string
}

/** The text with its cuts; one that begins inside another is left out. */
export const apply = (text: string, cuts: ReadonlyArray<Cut>): string => {
  if (cuts.length === 0) return text
  const parts: Array<string> = []
  let at = 0
  for (const { by, from, to } of cuts.toSorted((a, b) => a.from - b.from)) {
    if (from < at) continue
    parts.push(text.slice(at, from), by)
    at = to
  }
  return parts.join("") + text.slice(at)
}

/** The cuts of one piece of a text, by places in the piece: the mask stands in the piece where the cut begins, the others lose their part. */
export const within = (cuts: ReadonlyArray<Cut>, from: number, to: number): ReadonlyArray<Cut> =>
  cuts.flatMap((cut) =>
    cut.from >= to || cut.to <= from ? [] : [{ from: Math.max(0, cut.from - from), to: Math.min(to, cut.to) - from, by: cut.from >= from ? cut.by : "" }]
  )

/** Whether a place in JSON holds a bare number, which only another number may replace. */
export const isNumberOfJson = (flat: string, { from, to }: Pick<Span, "from" | "to">): boolean =>
  /[:[,]\s{0,8}$/.test(flat.slice(Math.max(0, from - 9), from)) && /^\s{0,8}[,\]}]/.test(flat.slice(to, to + 9))

/** What stands in JSON in the place of something found there: a number of JSON becomes another number, everything else a word. */
export const inJson = (flat: string, span: Span, word: string): string =>
  /^\d+$/.test(flat.slice(span.from, span.to)) && isNumberOfJson(flat, span) ? "0" : word
