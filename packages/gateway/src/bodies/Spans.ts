/**
 * Finds what should not be kept in a text: e-mail addresses, phone and card numbers, and what looks like a secret. Every search is
 * linear in the text, however it is made. Escapes of JSON do not hide anything; quotes and escapes are never part of what is found.
 */

/** A place in a text and what stands there. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly label: "email" | "phone" | "card" | "secret"
}

/** The text with every escape of JSON as that many spaces: places stay what they were, and no escape runs into the word behind it. */
export const flattened = (text: string): string =>
  text.includes("\\") ? text.replaceAll(/\\(?:u[0-9a-fA-F]{4}|[^u]|u)/gs, (escape) => " ".repeat(escape.length)) : text

const isWord = (character: string | undefined): boolean => character !== undefined && /[A-Za-z0-9_]/.test(character)

const longestLocal = 64
const longestDomain = 255

const emails = (text: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let from = at
    while (from > 0 && at - from < longestLocal && /[A-Za-z0-9._%+-]/.test(text.charAt(from - 1))) from--
    const [domain = ""] = /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/.exec(text.slice(at + 1, at + 1 + longestDomain)) ?? []
    if (from < at && /\.[A-Za-z]{2,}$/.test(domain)) found.push({ from, to: at + 1 + domain.length, label: "email" })
  }
  return found
}

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

/** A number of JSON stands where a value is expected, and nothing but punctuation follows. */
const isNumberOfJson = (text: string, from: number, to: number): boolean =>
  /[:[,]\s{0,8}$/.test(text.slice(Math.max(0, from - 9), from)) && /^\s{0,8}[,\]}]/.test(text.slice(to, to + 9))

/** Runs of digits that are looked at closely in one text; in what has more, every long run is masked. */
const closely = 1_000

const numbers = (text: string): ReadonlyArray<Span> => {
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
    } else if (!isWord(text[from - 1]) && text[from - 1] !== "-" && !isWord(text[to]) && isPhone(run, digits, isNumberOfJson(text, from, to))) {
      found.push({ from, to, label: "phone" })
    }
  }
  return found
}

/** What services begin their keys with, and tokens that say what they are. */
const marked = new RegExp(
  [
    "(?:sk|pk|rk|ak)[-_][A-Za-z0-9_-]{8,512}",
    "gh[pousr]_[A-Za-z0-9]{16,255}",
    "github_pat_[A-Za-z0-9_]{16,255}",
    "glpat-[A-Za-z0-9_-]{16,255}",
    "xox[abeoprs]-[A-Za-z0-9-]{8,255}",
    "(?:hf|npm|shpat|dop_v1)_[A-Za-z0-9]{16,255}",
    "(?:AKIA|ASIA)[A-Z0-9]{16}",
    "AIza[A-Za-z0-9_-]{30,64}",
    "ya29\\.[A-Za-z0-9_-]{16,512}",
    "eyJ[A-Za-z0-9_-]{8,4096}\\.[A-Za-z0-9_-]{2,4096}(?:\\.[A-Za-z0-9_-]{1,4096})?",
    "(?:[Bb]earer|[Bb]asic) {1,4}[A-Za-z0-9._~+/=-]{8,4096}"
  ].map((pattern) => `(?<![A-Za-z0-9_])${pattern}`).join("|"),
  "g"
)

/** Names whose values are secrets, with what stands between them and the value. */
const named =
  /(?:api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|client[_-]?secret|secret|password|passwd|passphrase|pwd|authorization|(?:auth|access|refresh|id|session|bearer)[_-]?token|credentials?|cookie)["' ]{0,8}[:=]["' ]{0,8}/gi

const longestValue = 4096

const valuesOfNames = (text: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  for (const match of text.matchAll(named)) {
    const from = match.index + match[0].length
    const rest = text.slice(from, from + longestValue)
    const isQuoted = match[0].endsWith("\"")
    const length = isQuoted ? rest.indexOf("\"") : rest.search(/[\s"',;{}[\]]/)
    const to = from + (length < 0 ? rest.length : length)
    // A number, a flag or nothing at all is no secret
    if (to - from >= 4 && !/^(?:null|true|false|[\d.]+)$/.test(text.slice(from, to))) found.push({ from, to, label: "secret" })
  }
  return found
}

const ids = /^(?:chatcmpl|cmpl|resp|msg|toolu|call|fc|rs|req|run|item|gen)[-_]/

/** Long runs of mixed letters and digits: keys of services nobody listed, and anything in base64. */
const random = (text: string): ReadonlyArray<Span> =>
  [...text.matchAll(/[A-Za-z0-9+/_-]{32,}={0,2}/g)].flatMap((match) => {
    const [run] = match
    return /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run) && !ids.test(run)
      ? [{ from: match.index, to: match.index + run.length, label: "secret" }]
      : []
  })

const privateKeys = (text: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  const begin = "-----BEGIN "
  for (let from = text.indexOf(begin); from >= 0; from = text.indexOf(begin, from + begin.length)) {
    if (!/^[A-Z ]{0,32}PRIVATE KEY-----/.test(text.slice(from + begin.length, from + begin.length + 64))) continue
    const end = text.indexOf("-----END ", from)
    const to = end < 0 ? text.length : end
    found.push({ from, to, label: "secret" })
    from = to
  }
  return found
}

/** Everything found in a text that was {@link flattened}, in order; what overlaps is one span. */
export const find = (text: string): ReadonlyArray<Span> => {
  const all = [
    ...emails(text),
    ...numbers(text),
    ...[...text.matchAll(marked)].map((match): Span => ({ from: match.index, to: match.index + match[0].length, label: "secret" })),
    ...valuesOfNames(text),
    ...random(text),
    ...privateKeys(text)
  ].toSorted((a, b) => a.from - b.from || b.to - a.to)
  const merged: Array<Span> = []
  for (const span of all) {
    const last = merged.at(-1)
    if (last === undefined || span.from >= last.to) merged.push(span)
    else if (span.to > last.to) merged[merged.length - 1] = { ...last, to: span.to }
  }
  return merged
}
