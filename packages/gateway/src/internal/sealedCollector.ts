/**
 * Gathers, while an answer passes to a client of another protocol, what of it is sealed, and the keys to find it by. One small
 * step per event; what is kept is the text the client sees and the sealed parts, up to a bound.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Part, ReasoningPart, Sealed } from "@sluice/protocol/CanonicalPart"
import type { ItemFacts } from "@sluice/protocol/CanonicalRequest"
import { present } from "@sluice/protocol/Json"
import type { DialectId } from "@sluice/protocol/Wire"
import type { SealedAnswer, SealedThought } from "../Continuity.ts"
import * as Anchors from "./sealedAnchors.ts"

/** What is to be remembered of a choice. */
export interface Collected {
  readonly keys: ReadonlyArray<string>
  readonly answer: SealedAnswer
}

interface Block {
  readonly kind: "text" | "reasoning" | "tool-call"
  readonly id: string
  readonly form: ReasoningPart["form"]
  readonly item: ItemFacts | undefined
  /** What was said, the last of it in pieces: a string for each word would take many times the words. */
  readonly text: Array<string>
  signature: Sealed | undefined
  encrypted: Sealed | undefined
}

/** More than this of one answer, in characters, is not followed: the longest that models write is shorter. */
const maxCharacters = 512 * 1024

/** Pieces of a text that are kept before they are put together. */
const maxPieces = 512

/** Follows one answer of a provider of the dialect `by`. */
export interface Collector {
  readonly add: (events: ReadonlyArray<CanonicalEvent>) => void
  /** What is to be remembered, given what the user last said: one entry for each choice that has something sealed. */
  readonly collected: (said: string) => ReadonlyArray<Collected>
}

const isSealed = ({ encrypted, signature }: Block): boolean => signature !== undefined || encrypted !== undefined

const wordsOf = (part: Part): string => part.type === "text" || part.type === "reasoning" ? part.text : part.type === "tool-call" ? part.arguments : ""

const textOf = ({ text }: Block): string => text.join("")

/** What was sealed of the blocks of one choice. */
const summarize = (blocks: ReadonlyArray<Block>): SealedAnswer => {
  const thoughts: Array<SealedThought> = []
  const onTexts: Array<SealedAnswer["onTexts"][number]> = []
  const onCalls: Array<SealedAnswer["onCalls"][number]> = []
  const callIds: Array<string> = []
  let texts = 0
  for (const [index, block] of blocks.entries()) {
    const { encrypted, form, item, kind, signature } = block
    const seals = present({ signature, encrypted })
    if (kind === "reasoning") {
      const next = blocks.slice(index + 1).find((later) => later.kind !== "reasoning")
      const part: ReasoningPart = { type: "reasoning", form, text: textOf(block), ...seals }
      const place = { texts, calls: callIds.length, next: next === undefined ? "nothing" as const : next.kind === "text" ? "text" as const : "call" as const }
      if (isSealed(block)) thoughts.push({ part, ...present({ item }), ...place })
    } else if (kind === "text") {
      if (isSealed(block)) onTexts.push({ text: texts, ...seals })
      texts++
    } else {
      if (isSealed(block)) onCalls.push({ call: callIds.length, ...seals })
      callIds.push(block.id)
    }
  }
  return { thoughts, onTexts, onCalls, callIds }
}

const visibleOf = (blocks: ReadonlyArray<Block>): Anchors.Visible => ({
  text: blocks.flatMap((block) => block.kind === "text" ? [textOf(block)] : []).join(""),
  calls: blocks.flatMap((block) => block.kind === "tool-call" ? [{ id: block.id, arguments: textOf(block) }] : [])
})

/** A collector of what providers of a dialect sealed. */
export const make = (by: DialectId): Collector => {
  const choices = new Map<number, Map<number, Block>>()
  let characters = 0
  let sealed = 0

  const blockAt = ({ choice, index }: { readonly choice: number; readonly index: number }): Block | undefined => choices.get(choice)?.get(index)
  const say = (at: { readonly choice: number; readonly index: number }, text: string): void => {
    characters += text.length
    if (characters > maxCharacters) return choices.clear()
    const pieces = blockAt(at)?.text
    if (pieces !== undefined && pieces.push(text) > maxPieces) pieces.splice(0, pieces.length, pieces.join(""))
  }
  const seal = (block: Block | undefined, field: "signature" | "encrypted", value: Sealed | undefined): void => {
    if (block === undefined || value?.by !== by) return
    block[field] = value
    sealed++
  }

  const step = (event: CanonicalEvent): void => {
    switch (event.type) {
      case "text-delta":
      case "reasoning-delta":
      case "tool-arguments-delta":
        return say(event, event.text)
      case "block-start": {
        const { call, choice, form, index, item, kind } = event
        if (kind !== "text" && kind !== "reasoning" && kind !== "tool-call") return
        const blocks = choices.get(choice) ?? new Map<number, Block>()
        choices.set(choice, blocks)
        blocks.set(index, { kind, id: call?.id ?? "", form: form ?? "raw", item, text: [], signature: undefined, encrypted: undefined })
        return
      }
      case "signature":
        return seal(blockAt(event), "signature", event.signature)
      case "encrypted":
        return seal(blockAt(event), "encrypted", event.encrypted)
      case "block-end": {
        const block = blockAt(event)
        // What was said in pieces is not said again by the whole
        if (event.final !== undefined && block?.text.length === 0) say(event, wordsOf(event.final))
        seal(block, "signature", event.final?.signature)
        return seal(block, "encrypted", event.final?.encrypted)
      }
      default:
        return
    }
  }

  return {
    add: (events) => {
      for (const event of events) step(event)
    },
    collected: (said) => {
      if (sealed === 0 || characters > maxCharacters) return []
      return [...choices.values()].flatMap((choice) => {
        // Texts that say nothing are not seen
        const blocks = [...choice.values()].filter((block) => block.kind !== "text" || textOf(block) !== "")
        if (!blocks.some(isSealed)) return []
        const seen = visibleOf(blocks)
        const whole = Anchors.wholeKey(seen, said)
        return [{ keys: [...Anchors.callKeys(seen, said), ...(whole === undefined ? [] : [whole])], answer: summarize(blocks) }]
      })
    }
  }
}
