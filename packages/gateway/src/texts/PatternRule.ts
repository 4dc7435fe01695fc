/**
 * Rules from searches: what is found is masked, or ends the answer. The end of a text is not decided while it could still become part of
 * something: as many characters are held back as a match may be long, and what is longer is held as a whole up to a bound.
 */
import type { Failure } from "@sluice/protocol/GatewayError"
import { apply, type Cut, inJson } from "../patterns/Cut.ts"
import { flattened, type Span } from "../patterns/Span.ts"
import type { Rule } from "./HeldFrames.ts"
import type { Passage } from "./Passage.ts"

/** What becomes of something that was found: a word in its place, or the end. */
export type Verdict = { readonly _tag: "Mask"; readonly by: string } | { readonly _tag: "Block"; readonly failure: Failure }

/** What a rule is made of. */
export interface Options {
  readonly search: (text: string) => ReadonlyArray<Span>
  /** Characters held back at the end of a text. */
  readonly hold: number
  /** `found` is what stood there. */
  readonly verdict: (span: Span, found: string, passage: Passage) => Verdict
  readonly wants: (passage: Passage) => boolean
}

/** Characters before the undecided ones that searches look at: names of secrets, and where numbers begin. */
const context = 160

/** Searching once for several characters costs less than for each: a part of the window more is held for it. */
const strides = 16

/** Something longer is masked in parts, in characters. */
const longest = 16_384

/** The form in which a passage is searched; places are the same. */
const readable = (text: string, passage: Passage): string => passage === "arguments" ? flattened(text) : text

const cutOf = (text: string, span: Span, passage: Passage, by: string): Cut => ({
  from: span.from,
  to: span.to,
  by: passage === "arguments" ? inJson(text, span, by) : by
})

/** Makes the rule. */
export const make = ({ hold, search, verdict, wants }: Options): Rule => ({
  context,
  least: hold + Math.max(1, Math.floor(hold / strides)),
  wants,
  judge: (text, from, isWhole, passage) => {
    const flat = readable(text, passage)
    const spans = search(flat).filter(({ to }) => to > from)
    let until = isWhole ? text.length : Math.max(from, text.length - hold)
    const open = spans.find((span) => span.from < until && span.to > until)
    if (open !== undefined) until = text.length - Math.max(from, open.from) > longest ? open.to : Math.max(from, open.from)
    const cuts: Array<Cut> = []
    for (const span of spans) {
      if (span.to > until) break
      const decided = verdict(span, text.slice(span.from, span.to), passage)
      if (decided._tag === "Block") return decided
      cuts.push(cutOf(flat, span, passage, decided.by))
    }
    return { _tag: "Pass", until, cuts }
  }
})

/** What a whole text becomes: masked, or the failure it is refused with. */
export const change = (
  { search, verdict, wants }: Omit<Options, "hold">,
  text: string,
  passage: Passage
): { readonly text: string; readonly blocked?: Failure } => {
  if (!wants(passage)) return { text }
  const flat = readable(text, passage)
  const cuts: Array<Cut> = []
  for (const span of search(flat)) {
    const decided = verdict(span, text.slice(span.from, span.to), passage)
    if (decided._tag === "Block") return { text, blocked: decided.failure }
    cuts.push(cutOf(flat, span, passage, decided.by))
  }
  return { text: cuts.length === 0 ? text : apply(text, cuts) }
}
