/**
 * Puts back into a request what was sealed of the answers in it: the thoughts before the texts and calls they stood before, and the
 * signatures on texts and calls. Pure but for the memory it is given to ask. Answers that are not found stay as the client sent them.
 */
import type { Part, ReasoningPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import { present } from "@sluice/protocol/Json"
import type { DialectId } from "@sluice/protocol/Wire"
import type { SealedAnswer, SealedThought, Seals } from "../Continuity.ts"
import * as Anchors from "./sealedAnchors.ts"

/** A request with what was found, the same object where nothing was, and the number of sealed parts put back. */
export interface Restored {
  readonly request: CanonicalRequest
  readonly count: number
}

/** An answer of the conversation: neighbouring turns of the assistant, with all their parts in order. */
interface Answer {
  readonly turns: ReadonlyArray<Turn>
  readonly parts: ReadonlyArray<Part>
}

/** What is done to the parts of an answer. */
interface Changes {
  readonly before: ReadonlyMap<Part, ReadonlyArray<SealedThought>>
  readonly behind: ReadonlyArray<SealedThought>
  readonly seals: ReadonlyMap<Part, Seals>
  readonly removed: ReadonlySet<Part>
}

type Recall = (key: string) => SealedAnswer | undefined

interface Found {
  readonly answer: SealedAnswer
  /** The call of the answer in the request, by its number; ids say it where they are known, else the order. */
  readonly call: (number: number) => Part | undefined
  /** The request holds the answer whole. */
  readonly isWhole: boolean
}

const isCall = (part: Part) => part.type === "tool-call"
const isSaid = (part: Part): boolean => part.type === "text" && part.text !== ""

const find = (parts: ReadonlyArray<Part>, said: string, recall: Recall): Found | undefined => {
  const seen = Anchors.visible(parts)
  const calls = parts.filter(isCall)
  for (const key of Anchors.callKeys(seen, said)) {
    const answer = recall(key)
    if (answer === undefined) continue
    const byId = (number: number): Part | undefined => calls.find((part) => part.type === "tool-call" && part.id === answer.callIds[number])
    return { answer, call: byId, isWhole: answer.callIds.every((_, number) => byId(number) !== undefined) }
  }
  const key = Anchors.wholeKey(seen, said)
  const answer = key === undefined ? undefined : recall(key)
  return answer === undefined ? undefined : { answer, call: (number) => calls[number], isWhole: true }
}

/** Thinking of the client's own, without proof, that the thoughts repeat. */
const repeated = (parts: ReadonlyArray<Part>, thoughts: ReadonlyArray<SealedThought>, by: DialectId): ReadonlyArray<Part> => {
  const plain = parts.flatMap((part): ReadonlyArray<ReasoningPart> =>
    part.type === "reasoning" && part.signature?.by !== by && part.encrypted?.by !== by ? [part] : []
  )
  const words = thoughts.map(({ part }) => part.text.trim())
  const all = plain.map(({ text }) => text).join("").trim()
  if (thoughts.length > 0 && (all === "" || all === thoughts.map(({ part }) => part.text).join("").trim())) return plain
  return plain.filter(({ text }) => words.includes(text.trim()))
}

const isProof = (left: Seals, right: Seals): boolean => left.signature?.value === right.signature?.value && left.encrypted?.value === right.encrypted?.value

const changesOf = (parts: ReadonlyArray<Part>, { answer, call, isWhole }: Found, done: Set<object>, by: DialectId): Changes => {
  const texts = parts.filter(isSaid)
  const before = new Map<Part, Array<SealedThought>>()
  const behind: Array<SealedThought> = []
  const seals = new Map<Part, Seals>()
  const placed: Array<SealedThought> = []
  for (const thought of answer.thoughts) {
    if (done.has(thought) || parts.some((part) => part.type === "reasoning" && isProof(part, thought.part))) continue
    const target = (thought.next === "text" ? texts[thought.texts] : undefined) ?? call(thought.calls)
    if (target !== undefined) before.set(target, [...(before.get(target) ?? []), thought])
    else if (isWhole) behind.push(thought)
    else continue
    done.add(thought)
    placed.push(thought)
  }
  const seal = (part: Part | undefined, { encrypted, signature }: Seals): void => {
    if (part !== undefined && part.signature?.by !== by && part.encrypted?.by !== by) seals.set(part, present({ signature, encrypted }))
  }
  for (const one of answer.onCalls) seal(call(one.call), one)
  for (const one of answer.onTexts) if (isWhole) seal(texts[one.text] ?? texts.at(-1), one)
  return { before, behind, seals, removed: new Set(repeated(parts, placed, by)) }
}

const isNothing = ({ before, behind, seals }: Changes): boolean => before.size === 0 && behind.length === 0 && seals.size === 0

const countOf = ({ before, behind, seals }: Changes): number =>
  seals.size + behind.length + [...before.values()].reduce((sum, thoughts) => sum + thoughts.length, 0)

/** A thought as a turn of its own, where its item has a name to be known by. */
const turnOf = ({ item, part }: SealedThought, at: string | undefined): Turn => ({ role: "assistant", parts: [part], ...present({ item, at }) })

const rebuild = ({ turns }: Answer, { before, behind, removed, seals }: Changes): ReadonlyArray<Turn> => {
  const rebuilt: Array<Turn> = []
  for (const turn of turns) {
    let parts: Array<Part> = []
    let isFirst = true
    const flush = (): void => {
      // Only the first piece of a turn that is taken apart keeps what was said of the turn
      if (parts.length > 0) rebuilt.push(isFirst ? { ...turn, parts } : { role: turn.role, parts, ...present({ at: turn.at }) })
      if (parts.length > 0) isFirst = false
      parts = []
    }
    const insert = (thought: SealedThought): void => {
      if (thought.item === undefined) return void parts.push(thought.part)
      flush()
      rebuilt.push(turnOf(thought, turn.at))
    }
    for (const part of turn.parts) {
      for (const thought of before.get(part) ?? []) insert(thought)
      const found = seals.get(part)
      if (!removed.has(part)) parts.push(found === undefined ? part : { ...part, ...found })
    }
    if (turn === turns.at(-1)) { for (const thought of behind) insert(thought) }
    flush()
  }
  return rebuilt
}

/** Restores what a provider of the dialect `by` sealed; `recall` gives what is remembered under a key. */
export const restore = (request: CanonicalRequest, by: DialectId, recall: Recall): Restored => {
  const turns: Array<Turn> = []
  const done = new Set<object>()
  let run: Array<Turn> = []
  let said = ""
  let count = 0
  const close = (): void => {
    const answer: Answer = { turns: run, parts: run.flatMap(({ parts }) => parts) }
    const found = run.length === 0 ? undefined : find(answer.parts, said, recall)
    const changes = found === undefined ? undefined : changesOf(answer.parts, found, done, by)
    turns.push(...(changes === undefined || isNothing(changes) ? run : rebuild(answer, changes)))
    if (changes !== undefined) count += countOf(changes)
    run = []
  }
  for (const turn of request.turns) {
    if (turn.role === "assistant") run.push(turn)
    else {
      close()
      said = Anchors.said(turn) ?? said
      turns.push(turn)
    }
  }
  close()
  return count === 0 ? { request, count } : { request: { ...request, turns }, count }
}
