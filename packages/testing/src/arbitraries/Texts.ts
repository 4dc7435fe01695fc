/**
 * Strings: plain words, and the strings that break translators: line ends, SSE look-alikes, JSON inside text, characters
 * outside the basic plane, direction marks, keys of the prototype. Surrogates are always paired.
 */
import type { Draw } from "./Draw.ts"

const words = ["hello", "the weather", "in Paris", "is", "nice", "1 + 1 = 2", "Zoë", "数学", "ok", "a b", "yes,", "no."] as const

const nasty = [
  " ",
  "\n",
  "\r\n",
  "data: x\n\ndata: [DONE]\n\n",
  "event: error",
  "[DONE]",
  "\u2028\u2029",
  "😀",
  "👩‍👩‍👧‍👦",
  "e\u0301",
  "\u202Eabc\u202C",
  "</script>",
  "\"quoted\\\" \\n",
  "{\"a\":1}",
  "__proto__",
  "constructor",
  "null",
  "\uFEFFmark",
  "\u0001\u007F",
  "﷽",
  "a\u0000b"
] as const

const long = (draw: Draw): string => `${"long text ".repeat(20 + draw.below(60))}end`

/** Code points of every width in UTF-8, none of them half a surrogate pair. */
const scalars = (draw: Draw): string =>
  draw.list(1, 8, () => String.fromCodePoint(draw.pick([0x20, 0xa0, 0x800, 0xe000, 0x10000, 0x1f600]) + draw.below(0x5f))).join("")

/** Text as people and models write it, now and then as an attacker would; never empty. */
export const text = (draw: Draw): string => {
  switch (draw.below(8)) {
    case 5:
      return draw.pick(nasty)
    case 6:
      return scalars(draw)
    case 7:
      return draw.chance(20) ? long(draw) : `${draw.pick(nasty)}${draw.pick(words)}`
    default:
      return draw.list(1, 6, () => draw.pick(words)).join(" ")
  }
}

/** Text that may be empty. */
export const anyText = (draw: Draw): string => draw.chance(12) ? "" : text(draw)

/** A word that every protocol accepts as a name. */
export const name = (draw: Draw): string => draw.pick(["get_weather", "search", "read-file", "f", "Lookup_2", "mcp__server__tool"])

/** A unique tool name; some break the rules of some protocols (characters, length). */
export const toolName = (draw: Draw): string => {
  const plain = `${name(draw)}_${draw.serial()}`
  return draw.chance(12) ? draw.pick([`ns.${plain}`, `${plain}:1`, longToolName(draw)]) : plain
}

/** A unique tool name that is longer than any protocol allows. */
export const longToolName = (draw: Draw): string => `${name(draw)}_${draw.serial()}_${"x".repeat(80)}`

/** A unique id of a call; some break the rules of some protocols. */
export const callId = (draw: Draw): string => {
  const serial = draw.serial()
  return draw.pick([
    `call_${serial}`,
    `toolu_01A09q90qw90lq91781${serial}`,
    `call_${serial}`,
    `functions.read:${serial}`,
    `call_${serial}_${"x".repeat(50)}`
  ])
}

/** A URL. */
export const url = (draw: Draw): string => `https://example.com/${draw.pick(["a.png", "b.pdf", "c?x=1&y=ü", "d#e"])}`

/** Base64 of a few bytes; never empty. */
export const base64 = (draw: Draw): string => draw.pick(["AAAA", "iVBORw0KGgo=", "JVBERi0xLjQK", "/+8="])

/** Cuts a text into deltas, never inside a surrogate pair; the pieces join to the text again. */
export const pieces = (draw: Draw, whole: string): ReadonlyArray<string> => {
  const points = [...whole]
  const made: Array<string> = []
  let from = 0
  while (from < points.length && made.length < 5 && !draw.isSpent()) {
    const length = 1 + draw.below(points.length - from)
    made.push(points.slice(from, from + length).join(""))
    from += length
  }
  if (from < points.length) made.push(points.slice(from).join(""))
  return made
}
