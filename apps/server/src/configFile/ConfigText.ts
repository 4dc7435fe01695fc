/**
 * The text of a configuration file as an operator may see it: every secret that is written out has a mark in its place, everything else
 * is as it stands, comments too. A text that comes back has the marks replaced by what they stood for, so that an editor never needs to
 * see a secret to keep it. Pure.
 */
import { Result } from "effect"
import { type Document, isScalar, LineCounter, parseDocument, visit } from "yaml"
import { type Problem, problem } from "../config/ConfigError.ts"
import * as SecretPlaces from "./SecretPlaces.ts"

/** What stands in the place of the secret with this number, counted from 1 in the order of the file. */
const markOf = (number: number): string => `<secret ${number}>`

/** What stands in the place of a secret that is repeated where none belongs, in a comment for one. */
const hidden = "<hidden>"

/** Shorter texts are not looked for outside their places: they would be found everywhere. */
const shortestRepeated = 6

/** A text as YAML with positions; fails where it is none. Messages of the parser show the text, so they are not passed on. */
const read = (text: string): Result.Result<Document.Parsed, ReadonlyArray<Problem>> => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  return document.errors.length === 0
    ? Result.succeed(document)
    : Result.fail(document.errors.map(({ code, pos: [at] }) => ({ ...problem([], `is not valid YAML (${code})`), line: lines.linePos(at).line })))
}

/** Pieces of a text and what goes into their place, in order. */
interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

const edited = (text: string, edits: ReadonlyArray<Edit>): string => {
  let at = 0
  let result = ""
  for (const edit of edits) {
    result += text.slice(at, edit.from) + edit.text
    at = edit.to
  }
  return result + text.slice(at)
}

const editsOf = (places: ReadonlyArray<SecretPlaces.Place>, textOf: (place: SecretPlaces.Place, index: number) => string): ReadonlyArray<Edit> =>
  places.flatMap((place, index) => {
    const range = place.node.range
    return range === undefined || range === null ? [] : [{ from: range[0], to: range[1], text: textOf(place, index) }]
  })

/** The line a block of text ends with stays an end of a line. */
const withEnd = (text: string, mask: string): string => `${JSON.stringify(mask)}${text.endsWith("\n") ? "\n" : ""}`

/** The secrets that are written out in a text; none where it cannot be read. */
export const secretsOf = (text: string): ReadonlyArray<string> =>
  Result.match(read(text), { onFailure: () => [], onSuccess: (document) => SecretPlaces.find(document).map(({ value }) => value) })

/** The text without its secrets, and without others that are known, which a comment may still hold. */
export const masked = (text: string, others: Iterable<string> = []): Result.Result<string, ReadonlyArray<Problem>> =>
  Result.map(read(text), (document) => {
    const places = SecretPlaces.find(document)
    const shown = edited(text, editsOf(places, ({ node: { range } }, index) => withEnd(text.slice(range?.[0], range?.[1]), markOf(index + 1))))
    const repeated = new Set(
      [...places.map(({ value }) => value), ...others].map((value) => value.trim()).filter((value) =>
        value.length >= shortestRepeated && !SecretPlaces.mark.test(value)
      )
    )
    return [...repeated].toSorted((left, right) => right.length - left.length).reduce((rest, value) => rest.replaceAll(value, hidden), shown)
  })

/** Texts that mean the same wherever they stand: quoted, or made of letters that mean nothing to YAML. */
const isMovable = (source: string): boolean => /^(?:"[^\n]*"|'[^\n]*'|[A-Za-z0-9](?:[A-Za-z0-9_./+=@-]|:(?=[A-Za-z0-9/]))*)$/.test(source)

/** A text with the secrets of the one it was made from in the place of their marks. */
export const restored = (text: string, before: string): Result.Result<string, ReadonlyArray<Problem>> =>
  Result.flatMap(read(text), (document) => {
    // A file that cannot be read has no secrets to keep
    const kept = Result.match(read(before), { onFailure: () => [], onSuccess: SecretPlaces.find })
    const places = SecretPlaces.find(document)
    const lines = new LineCounter()
    parseDocument(text, { lineCounter: lines })
    const problems: Array<Problem> = []
    const edits: Array<Edit> = []
    visit(document, {
      Scalar: (_, node) => {
        const { range, value } = node
        if (typeof value !== "string" || range === undefined || range === null) return
        const line = lines.linePos(range[0]).line
        if (value.includes(hidden)) problems.push({ ...problem([], "holds a secret that was hidden here: write the value itself"), line })
        const number = SecretPlaces.mark.exec(value)?.[1]
        if (number === undefined) return
        const secret = kept[Number(number) - 1]
        const place = places.find((each) => each.node === node)
        if (secret === undefined) problems.push({ ...problem([], `keeps ${value}, which the file does not have`), line })
        else if (place === undefined || !(place.isSecret || place.trail === secret.trail)) {
          problems.push({ ...problem([], `keeps ${value} where no secret belongs, and it would be shown`), line })
        } else {
          const source = before.slice(secret.node.range?.[0], secret.node.range?.[1])
          edits.push({ from: range[0], to: range[1], text: isMovable(source) ? source : JSON.stringify(secret.value) })
        }
      }
    })
    return problems.length === 0 ? Result.succeed(edited(text, edits)) : Result.fail(problems)
  })

/** The document of a text, for changes to it. */
export const documentOf = read

/** Replaces one scalar where it stands, everything around it as it is. */
export const withScalar = (text: string, node: unknown, value: string | number | boolean): string | undefined => {
  if (!isScalar(node) || node.range === undefined || node.range === null || node.anchor !== undefined) return undefined
  const [from, to] = node.range
  return text.slice(from, to).includes("\n") ? undefined : edited(text, [{ from, to, text: JSON.stringify(value) }])
}

/** Whether both texts name the same modules: those are code, and code is not brought in over the network. */
export const hasSamePlugins = (left: string, right: string): boolean => {
  const pluginsOf = (text: string): string | undefined => {
    const document = Result.getOrUndefined(read(text))
    const root: unknown = document?.toJS()
    return JSON.stringify(typeof root === "object" && root !== null && "plugins" in root ? root.plugins : undefined)
  }
  return (pluginsOf(left) ?? "[]") === (pluginsOf(right) ?? "[]")
}
