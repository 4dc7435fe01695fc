/** Finds e-mail addresses, each in a bounded look around its `@`. */
import type { Span } from "./Span.ts"

const longestLocal = 64
const longestDomain = 255

/** The addresses in a text. */
export const find = (text: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let from = at
    while (from > 0 && at - from < longestLocal && /[A-Za-z0-9._%+-]/.test(text.charAt(from - 1))) from--
    const [domain = ""] = /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/.exec(text.slice(at + 1, at + 1 + longestDomain)) ?? []
    if (from < at && /\.[A-Za-z]{2,}$/.test(domain)) found.push({ from, to: at + 1 + domain.length, label: "email" })
  }
  return found
}
