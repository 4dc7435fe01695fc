/**
 * Masks in a body what should not be kept: `[email]`, `[phone]`, `[card]`, `[iban]`, `[secret]` stand where it stood, and the JSON around
 * stays JSON. Words that a stream said in pieces are masked across its events. Not a promise that nothing personal is left: names and
 * addresses are words like any other.
 */
import * as BuiltIn from "../patterns/BuiltIn.ts"
import { apply, type Cut, inJson } from "../patterns/Cut.ts"
import { flattened } from "../patterns/Span.ts"
import * as Deltas from "./Deltas.ts"

/** Visible characters that JSON would let somebody write as escapes. */
const plain = (text: string): string =>
  text.includes("\\u00")
    ? text.replaceAll(/\\(?:u00([2-7][0-9a-fA-F])|[^u]|u)/gs, (escape, code: string | undefined) => {
      const character = code === undefined ? "" : String.fromCharCode(Number.parseInt(code, 16))
      return character === "" || character === "\"" || character === "\\" || character === "\u007f" ? escape : character
    })
    : text

/** In a record it does not matter whose key it was. */
const named = (label: string): string => label.endsWith("-key") ? "[secret]" : `[${label}]`

const cutsOf = (flat: string): ReadonlyArray<Cut> =>
  BuiltIn.find(flat).map((span) => ({ from: span.from, to: span.to, by: inJson(flat, span, named(span.label)) }))

/** What spans several pieces of a text: the mask stands in the first, the others lose their part. */
const cutsAcross = (flat: string): ReadonlyArray<Cut> => {
  const cuts: Array<Cut> = []
  for (const pieces of Deltas.of(flat)) {
    const found = BuiltIn.find(pieces.map(({ from, to }) => flat.slice(from, to)).join(""))
    let at = 0
    let next = 0
    for (const { from, to } of pieces) {
      const end = at + to - from
      for (let index = next; index < found.length; index++) {
        const span = found[index]
        if (span === undefined || span.from >= end) break
        if (span.to <= end) next = index + 1
        if (span.to <= at) continue
        const begins = span.from >= at
        cuts.push({ from: from + Math.max(0, span.from - at), to: from + Math.min(to - from, span.to - at), by: begins ? named(span.label) : "" })
      }
      at = end
    }
  }
  return cuts
}

/** The text with everything masked that {@link BuiltIn.find} finds. */
export const redact = (text: string): string => {
  const readable = plain(text)
  // Escapes inside strings keep their places, and the quotes that end strings stay
  const across = apply(readable, cutsAcross(escapesAsWords(readable)))
  return apply(across, cutsOf(flattened(across)))
}

/** As `flattened` in Span.ts: an escaped quote must not end a string, an escaped break must end a word. */
const escapesAsWords = flattened
