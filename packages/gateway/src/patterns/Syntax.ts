/**
 * Reads the part of JavaScript's regular expressions that can be matched in linear time: characters, classes, groups, alternatives,
 * repetition, `^`, `$` and `\b`. What needs backtracking (looking around, referring back) is refused by name.
 */
import * as Result from "effect/Result"

/** Which UTF-16 units a place takes: ranges, both ends inclusive, and whether all others are meant. */
export interface CharacterSet {
  readonly ranges: ReadonlyArray<readonly [from: number, to: number]>
  readonly isNegated: boolean
}

/** A pattern as a tree. */
export type Node =
  | { readonly _tag: "Set"; readonly set: CharacterSet }
  | { readonly _tag: "All"; readonly nodes: ReadonlyArray<Node> }
  | { readonly _tag: "Any"; readonly nodes: ReadonlyArray<Node> }
  | { readonly _tag: "Repeat"; readonly node: Node; readonly least: number; readonly most: number }
  | { readonly _tag: "Assert"; readonly what: "start" | "end" | "word-edge" | "no-word-edge" }

const digits: CharacterSet["ranges"] = [[48, 57]]
const words: CharacterSet["ranges"] = [[48, 57], [65, 90], [95, 95], [97, 122]]
const spaces: CharacterSet["ranges"] = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x16_80, 0x16_80],
  [0x20_00, 0x20_0a],
  [0x20_28, 0x20_29],
  [0x20_2f, 0x20_2f],
  [0x20_5f, 0x20_5f],
  [0x30_00, 0x30_00],
  [0xfe_ff, 0xfe_ff]
]
const breaks: CharacterSet["ranges"] = [[10, 10], [13, 13], [0x20_28, 0x20_29]]
const last = 0xff_ff

/** Everything else. */
const inverted = (ranges: CharacterSet["ranges"]): CharacterSet["ranges"] => {
  const others: Array<readonly [number, number]> = []
  let next = 0
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    if (from > next) others.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  return next > last ? others : [...others, [next, last]]
}

const classes: { readonly [letter: string]: CharacterSet["ranges"] } = {
  d: digits,
  D: inverted(digits),
  w: words,
  W: inverted(words),
  s: spaces,
  S: inverted(spaces)
}

const controls: { readonly [letter: string]: number } = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 }

const both = (code: number): ReadonlyArray<readonly [number, number]> => {
  const character = String.fromCharCode(code)
  return [character, character.toLowerCase(), character.toUpperCase()].flatMap((form) =>
    form.length === 1 ? [[form.charCodeAt(0), form.charCodeAt(0)] as const] : []
  )
}

/** Letters of both cases, where they are to count as the same. Long ranges have them already or are none of letters. */
const folded = (ranges: CharacterSet["ranges"]): CharacterSet["ranges"] =>
  ranges.flatMap(([from, to]) => to - from > 512 ? [[from, to] as const] : Array.from({ length: to - from + 1 }, (_, index) => from + index).flatMap(both))

const empty: Node = { _tag: "All", nodes: [] }

const signs: { readonly [sign: string]: readonly [least: number, most: number] } = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] }

/** Deeper groups are refused. */
const deepest = 50

/** Reads a pattern; refused in words where it is none, or cannot be matched in linear time. */
export const parse = (text: string, ignoresCase: boolean): Result.Result<Node, string> => {
  let at = 0
  let problem: string | undefined

  /** Ends the reading: the first reason stands. */
  const refuse = (why: string): Node => {
    problem ??= why
    at = text.length
    return empty
  }

  const set = (given: CharacterSet): Node => ({ _tag: "Set", set: ignoresCase ? { ...given, ranges: folded(given.ranges) } : given })
  const one = (code: number): Node => set({ ranges: [[code, code]], isNegated: false })

  const alternatives = (depth: number): Node => {
    const nodes = [sequence(depth)]
    while (text[at] === "|") {
      at += 1
      nodes.push(sequence(depth))
    }
    return nodes.length === 1 ? nodes[0] ?? empty : { _tag: "Any", nodes }
  }

  const sequence = (depth: number): Node => {
    const nodes: Array<Node> = []
    while (at < text.length && text[at] !== "|" && text[at] !== ")") nodes.push(repeated(atom(depth)))
    return { _tag: "All", nodes }
  }

  const atom = (depth: number): Node => {
    const character = text.charAt(at++)
    switch (character) {
      case "(":
        return depth < deepest ? group(depth) : refuse(`it nests deeper than ${deepest} groups`)
      case "[":
        return set(characterClass())
      case ".":
        return { _tag: "Set", set: { ranges: breaks, isNegated: true } }
      case "^":
        return { _tag: "Assert", what: "start" }
      case "$":
        return { _tag: "Assert", what: "end" }
      case "\\":
        return escape()
      default:
        return character in signs ? refuse(`there is nothing to repeat before the "${character}" at ${at - 1}`) : one(character.charCodeAt(0))
    }
  }

  const group = (depth: number): Node => {
    const rest = text.slice(at, at + 3)
    if (rest.startsWith("?:")) at += 2
    else if (/^\?<[^=!]/.test(rest)) at = text.indexOf(">", at) + 1 || text.length
    else if (rest.startsWith("?")) return refuse(`"(${rest}" looks around or sets a flag, which is not supported`)
    const node = alternatives(depth + 1)
    return text[at++] === ")" ? node : refuse("a \"(\" is not closed")
  }

  const escape = (): Node => {
    const character = text.charAt(at++)
    if (character === "b") return { _tag: "Assert", what: "word-edge" }
    if (character === "B") return { _tag: "Assert", what: "no-word-edge" }
    if (/[1-9k]/.test(character)) return refuse(`"\\${character}" refers back, which cannot be matched in linear time`)
    const ranges = classes[character]
    return ranges === undefined ? one(escaped(character)) : { _tag: "Set", set: { ranges, isNegated: false } }
  }

  /** The unit an escape stands for that is neither a class nor an assertion. */
  const escaped = (character: string): number => {
    if (character === "x" || character === "u") {
      const length = character === "x" ? 2 : 4
      const code = text.slice(at, at + length)
      if (!/^[0-9a-fA-F]+$/.test(code) || code.length < length) refuse(`"\\${character}" needs ${length} hexadecimal digits`)
      at += length
      return Number.parseInt(code, 16)
    }
    const control = controls[character]
    if (control === undefined && !/[^A-Za-z0-9]/.test(character)) refuse(`"\\${character}" means nothing`)
    return control ?? character.charCodeAt(0)
  }

  const characterClass = (): CharacterSet => {
    const isNegated = text[at] === "^"
    if (isNegated) at += 1
    const ranges: Array<readonly [number, number]> = []
    for (let first = member(); first !== undefined; first = member()) {
      if (typeof first !== "number") ranges.push(...first)
      else if (text[at] !== "-" || text[at + 1] === "]") ranges.push([first, first])
      else {
        at += 1
        const to = member()
        if (typeof to === "number" && to >= first) ranges.push([first, to])
        else refuse("a range of a class has no end, or ends before it begins")
      }
    }
    return { ranges, isNegated }
  }

  /** One member of a class; `undefined` at its end. */
  const member = (): number | CharacterSet["ranges"] | undefined => {
    if (at >= text.length) {
      refuse("a \"[\" is not closed")
      return undefined
    }
    const character = text.charAt(at++)
    if (character === "]") return undefined
    if (character !== "\\") return character.charCodeAt(0)
    const letter = text.charAt(at++)
    return letter === "b" ? 8 : classes[letter] ?? escaped(letter)
  }

  const repeated = (node: Node): Node => {
    const bounds = repetition()
    if (bounds === undefined) return node
    // How eager a repetition is makes no difference where every match counts
    if (text[at] === "?") at += 1
    return repeated({ _tag: "Repeat", node, least: bounds[0], most: bounds[1] })
  }

  const repetition = (): readonly [least: number, most: number] | undefined => {
    const sign = signs[text.charAt(at)]
    if (sign !== undefined) {
      at += 1
      return sign
    }
    const counted = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(text.slice(at, at + 12))
    if (counted === null) return undefined
    at += counted[0].length
    const least = Number(counted[1])
    const most = counted[2] === undefined ? least : counted[3] === "" ? Infinity : Number(counted[3])
    if (most < least) refuse(`"${counted[0]}" counts down`)
    return [least, most]
  }

  const node = alternatives(0)
  if (at < text.length) refuse(`there is a ")" without its "(" at ${at}`)
  return problem === undefined ? Result.succeed(node) : Result.fail(problem)
}
