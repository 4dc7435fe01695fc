/**
 * Matches a pattern in time linear in the text, whatever both are: all ways through the pattern are followed at once, one step for each
 * character. Every match counts, not only the first or the longest, so that a span is all that any match covers: more is masked than a
 * backtracking matcher would find, never less.
 */
import * as Result from "effect/Result"
import type { Span } from "./Span.ts"
import { type CharacterSet, type Node, parse } from "./Syntax.ts"

/** One step of a program: a character, a fork in the way, a look at the place, or the end. */
type Step =
  | { readonly _tag: "Set"; readonly set: CharacterSet; readonly isNegated: boolean; readonly small: ReadonlyArray<boolean> }
  | { readonly _tag: "Fork"; readonly first: number; second: number }
  | { readonly _tag: "Jump"; to: number }
  | { readonly _tag: "Assert"; readonly what: (Node & { readonly _tag: "Assert" })["what"] }
  | { readonly _tag: "Match" }

/** Finds all matches in a text. */
export type Find = (text: string) => ReadonlyArray<Span>

/** Larger programs are refused: each character of a text may take as many steps. */
const largest = 2_000

/** Longer patterns are refused, in characters. */
const longest = 1_000

const within = (ranges: CharacterSet["ranges"], code: number): boolean => ranges.some(([from, to]) => code >= from && code <= to)

const holds = (step: Step & { readonly _tag: "Set" }, code: number): boolean =>
  code < 128 ? step.small[code] === true : within(step.set.ranges, code) !== step.isNegated

const programOf = (root: Node): ReadonlyArray<Step> | undefined => {
  const steps: Array<Step> = []

  const optional = (node: Node): void => {
    const fork: Step = { _tag: "Fork", first: steps.length + 1, second: 0 }
    steps.push(fork)
    write(node)
    fork.second = steps.length
  }

  const endless = (node: Node): void => {
    const begins = steps.length
    optional(node)
    steps.push({ _tag: "Jump", to: begins })
    const fork = steps[begins]
    if (fork?._tag === "Fork") fork.second = steps.length
  }

  const choice = (nodes: ReadonlyArray<Node>): void => {
    const [first, ...others] = nodes
    if (first === undefined) return
    if (others.length === 0) return write(first)
    const fork: Step = { _tag: "Fork", first: steps.length + 1, second: 0 }
    steps.push(fork)
    write(first)
    const jump: Step = { _tag: "Jump", to: 0 }
    steps.push(jump)
    fork.second = steps.length
    choice(others)
    jump.to = steps.length
  }

  const write = (node: Node): void => {
    if (steps.length > largest) return
    switch (node._tag) {
      case "Set": {
        const { isNegated, ranges } = node.set
        const small = Array.from({ length: 128 }, (_, code) => within(ranges, code) !== isNegated)
        return void steps.push({ _tag: "Set", set: node.set, isNegated, small })
      }
      case "Assert":
        return void steps.push(node)
      case "All":
        return node.nodes.forEach(write)
      case "Any":
        return choice(node.nodes)
      case "Repeat": {
        for (let count = 0; count < node.least && steps.length <= largest; count++) write(node.node)
        if (node.most === Infinity) return endless(node.node)
        for (let count = node.least; count < node.most && steps.length <= largest; count++) optional(node.node)
      }
    }
  }

  write(root)
  steps.push({ _tag: "Match" })
  return steps.length > largest ? undefined : steps
}

const isWord = (code: number): boolean => (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)

const asserted = (what: (Node & { readonly _tag: "Assert" })["what"], text: string, at: number): boolean => {
  switch (what) {
    case "start":
      return at === 0
    case "end":
      return at === text.length
    default: {
      const isEdge = (at > 0 && isWord(text.charCodeAt(at - 1))) !== (at < text.length && isWord(text.charCodeAt(at)))
      return isEdge === (what === "word-edge")
    }
  }
}

/** Which of the first 128 characters a match may begin with. */
const beginnings = (steps: ReadonlyArray<Step>): ReadonlyArray<boolean> => {
  const may = Array.from({ length: 128 }, () => false)
  const seen = new Set<number>()
  const pending = [0]
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    const step = steps[index]
    if (step === undefined || seen.has(index)) continue
    seen.add(index)
    if (step._tag === "Fork") pending.push(step.first, step.second)
    else if (step._tag === "Jump") pending.push(step.to)
    else if (step._tag === "Assert") pending.push(index + 1)
    else if (step._tag === "Set") step.small.forEach((isIn, code) => may[code] ||= isIn)
  }
  return may
}

/** Runs a program over a text. Ways are kept in the order of where they began, so that the first to come to a step began earliest. */
const run = (steps: ReadonlyArray<Step>, mayBegin: ReadonlyArray<boolean>, label: string, text: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  const seenAt = new Int32Array(steps.length).fill(-1)
  let now: Array<number> = []
  let began: Array<number> = []
  let next: Array<number> = []
  let nextBegan: Array<number> = []

  const note = (from: number, to: number): void => {
    let start = from
    for (let last = found.at(-1); last !== undefined && last.to > start; last = found.at(-1)) {
      start = Math.min(start, last.from)
      found.pop()
    }
    found.push({ from: start, to, label })
  }

  /** Follows everything that takes no character. */
  const enter = (begin: number, from: number, at: number): void => {
    const pending = [begin]
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (seenAt[index] === at) continue
      seenAt[index] = at
      const step = steps[index]
      if (step === undefined) continue
      if (step._tag === "Fork") pending.push(step.second, step.first)
      else if (step._tag === "Jump") pending.push(step.to)
      else if (step._tag === "Set") {
        next.push(index)
        nextBegan.push(from)
      } else if (step._tag === "Match") {
        if (at > from) note(from, at)
      } else if (asserted(step.what, text, at)) pending.push(index + 1)
    }
  }

  for (let at = 0; at <= text.length; at++) {
    const code = text.charCodeAt(at)
    const begins = code >= 128 || mayBegin[code] === true
    // Most of a text is part of nothing
    if (!begins && now.length === 0) continue
    const before = text.charCodeAt(at - 1)
    next = []
    nextBegan = []
    for (let place = 0; place < now.length; place++) {
      const index = now[place] ?? 0
      const step = steps[index]
      if (step?._tag === "Set" && holds(step, before)) enter(index + 1, began[place] ?? at, at)
    }
    if (begins) enter(0, at, at)
    now = next
    began = nextBegan
  }
  return found
}

/** Makes the search of a pattern; refused in words where it cannot be had in linear time. Empty matches are none. */
export const make = (options: { readonly pattern: string; readonly label: string; readonly ignoresCase: boolean }): Result.Result<Find, string> => {
  const { ignoresCase, label, pattern } = options
  if (pattern.length > longest) return Result.fail(`it is longer than ${longest} characters`)
  return Result.flatMap(parse(pattern, ignoresCase), (node): Result.Result<Find, string> => {
    const steps = programOf(node)
    if (steps === undefined) return Result.fail(`its repetitions come to more than ${largest} steps`)
    const begins = beginnings(steps)
    return Result.succeed((text) => run(steps, begins, label, text))
  })
}
