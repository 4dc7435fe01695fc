/**
 * Finds card numbers, by their check digit, and phone numbers, by their looks. Dates, addresses of machines and numbers of JSON are
 * neither.
 */
import { isNumberOfJson } from "./Cut.ts"
import type { Span } from "./Span.ts"

const isWord = (character: string | undefined): boolean => character !== undefined && /[A-Za-z0-9_]/.test(character)

/** The check digit of card numbers. */
const isLuhn = (digits: string): boolean => {
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits.charAt(digits.length - 1 - index))
    sum += index % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit
  }
  return sum % 10 === 0
}

const cardLengths = [19, 18, 17, 16, 15, 14, 13]

/** Where in a run of digits a card number stands, as counts of digits. */
const cardIn = (digits: string): readonly [from: number, to: number] | undefined => {
  for (let from = 0; from + 13 <= digits.length; from++) {
    for (const length of cardLengths) {
      const part = digits.slice(from, from + length)
      if (part.length === length && !/^(\d)\1*$/.test(part) && isLuhn(part)) return [from, from + length]
    }
  }
  return undefined
}

const isDate = (run: string): boolean => /^\d{4}-\d{2}-\d{2}/.test(run)
const isAddress = (run: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(run)

const isPhone = (run: string, digits: string, isNumber: boolean): boolean => {
  if (isDate(run) || isAddress(run) || digits.length > 15) return false
  if (run.startsWith("+")) return digits.length >= 8
  return /^\d+$/.test(run) ? !isNumber && digits.length >= 10 : digits.length >= 9 && /^\(?\d{1,5}\)?(?:[ .-]\(?\d{1,5}\)?){1,6}$/.test(run)
}

/** Runs of digits that are looked at closely in one text; in what has more, every long run is masked. */
const closely = 1_000

/** The card and phone numbers in a text. */
export const find = (text: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  let looked = 0
  for (const match of text.matchAll(/[+(]?\d[\d ().-]{6,34}\d/g)) {
    const [run] = match
    const from = match.index
    const to = from + run.length
    const digits = run.replaceAll(/\D/g, "")
    const card = digits.length < 13 ? undefined : looked++ < closely ? cardIn(digits) : ([0, digits.length] as const)
    if (card !== undefined) {
      const places = [...run.matchAll(/\d/g)].map(({ index }) => from + index)
      found.push({ from: places[card[0]] ?? from, to: (places[card[1] - 1] ?? to - 1) + 1, label: "card" })
    } else if (!isWord(text[from - 1]) && text[from - 1] !== "-" && !isWord(text[to]) && isPhone(run, digits, isNumberOfJson(text, { from, to }))) {
      found.push({ from, to, label: "phone" })
    }
  }
  return found
}
