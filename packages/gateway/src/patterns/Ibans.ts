/** Finds international bank account numbers, together or in groups of four, by their check digits. */
import type { Span } from "./Span.ts"

const shape = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g

/** Letters count as two digits, A as 10; the country and the check digits stand at the end. */
const isValid = (iban: string): boolean => {
  if (iban.length < 15 || iban.length > 34) return false
  let remainder = 0
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}

/** The part of a run that is an account number: words in capitals may follow it. */
const within = (run: string): number => {
  for (let end = run.length; end >= 15; end = run.lastIndexOf(" ", end - 1)) {
    if (isValid(run.slice(0, end).replaceAll(" ", ""))) return end
  }
  return 0
}

/** The account numbers in a text. */
export const find = (text: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  for (const match of text.matchAll(shape)) {
    const length = within(match[0])
    if (length > 0) found.push({ from: match.index, to: match.index + length, label: "iban" })
  }
  return found
}
