/** What was kept of the bodies of an exchange, as a person reads it: length and digest of each, then the text. */
import type { Bodies, Body } from "@sluice/gateway/Ledger"

// Control characters of a body must not reach the terminal; breaks and tabs may
const visible = (text: string): string =>
  text.replaceAll(
    /\p{Cc}/gu,
    (character) => character === "\n" || character === "\t" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const inText = (name: string, { bytes, sha256, tail, text }: Body): ReadonlyArray<string> => [
  "",
  `${name}  ${bytes} bytes, SHA-256 ${sha256}`,
  ...(text === undefined ? [] : [visible(text)]),
  ...(tail === undefined ? [] : ["[what stood between is not kept]", visible(tail)])
]

/** The lines. */
export const bodiesText = (bodies: Bodies | undefined): ReadonlyArray<string> =>
  bodies === undefined
    ? ["", "nothing of the bodies was kept"]
    : [...inText(`request (${bodies.policy})`, bodies.request), ...inText(`response (${bodies.policy})`, bodies.response)]
