/**
 * Finds what looks like a secret: keys by how services begin them, values by the name that stands before them, private keys, and long
 * runs of mixed letters and digits that nobody listed.
 */
import type { Span } from "./Span.ts"

/** What services begin their keys with, and tokens that say what they are. */
const marked = new RegExp(
  [
    "(?:sk|pk|rk|ak)[-_][A-Za-z0-9_-]{8,512}",
    "gh[pousr]_[A-Za-z0-9]{16,255}",
    "github_pat_[A-Za-z0-9_]{16,255}",
    "glpat-[A-Za-z0-9_-]{16,255}",
    "xox[abeoprs]-[A-Za-z0-9-]{8,255}",
    "(?:hf|npm|shpat|dop_v1)_[A-Za-z0-9]{16,255}",
    "AIza[A-Za-z0-9_-]{30,64}",
    "ya29\\.[A-Za-z0-9_-]{16,512}",
    "eyJ[A-Za-z0-9_-]{8,4096}\\.[A-Za-z0-9_-]{2,4096}(?:\\.[A-Za-z0-9_-]{1,4096})?",
    "(?:[Bb]earer|[Bb]asic) {1,4}[A-Za-z0-9._~+/=-]{8,4096}"
  ].map((pattern) => `(?<![A-Za-z0-9_])${pattern}`).join("|"),
  "g"
)

/** The keys in a text that begin as services begin them, and bearer tokens. */
export const apiKeys = (text: string): ReadonlyArray<Span> => all(text, marked, "api-key")

const all = (text: string, pattern: RegExp, label: string): ReadonlyArray<Span> =>
  [...text.matchAll(pattern)].map((match) => ({ from: match.index, to: match.index + match[0].length, label }))

const amazonIds = /(?<![A-Za-z0-9_])(?:AKIA|ASIA)[A-Z0-9]{16}/g
const amazonSecrets = /aws_?secret_?access_?key["' ]{0,8}[:=]["' ]{0,8}[A-Za-z0-9/+]{40}/gi
const amazonSecretLength = 40

/** The keys of Amazon's services in a text: ids of access keys, and what stands behind the name of a secret one. */
export const awsKeys = (text: string): ReadonlyArray<Span> => [
  ...all(text, amazonIds, "aws-key"),
  ...all(text, amazonSecrets, "aws-key").map((span) => ({ ...span, from: span.to - amazonSecretLength }))
]

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

/** Everything else in a text that looks like a secret. */
export const find = (text: string): ReadonlyArray<Span> => [...valuesOfNames(text), ...random(text), ...privateKeys(text)]
