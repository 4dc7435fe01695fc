/**
 * Lets the frames of an answer pass a rule about its texts, whose words may be split across events: frames are held back, whole and in
 * order, until the rule has decided about every character in them. What the rule leaves alone goes out as it came, only later. One
 * machine for each answer; synchronous.
 */
import { type CanonicalEvent, type Frame, frame } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { Failure } from "@sluice/protocol/GatewayError"
import type { FrameStage } from "../Interceptor.ts"
import { apply, type Cut, within } from "../patterns/Cut.ts"
import * as PartTexts from "./PartTexts.ts"
import type { Passage } from "./Passage.ts"

/** What a rule makes of a text: how far it has decided, what is to stand instead, or that the answer must end here. */
export type Ruling =
  | { readonly _tag: "Pass"; readonly until: number; readonly cuts: ReadonlyArray<Cut> }
  | { readonly _tag: "Block"; readonly failure: Failure }

/** A rule about texts. */
export interface Rule {
  /** How many characters before the undecided ones it wants to see. */
  readonly context: number
  /** It is asked when this many characters are undecided, or the text is whole. */
  readonly least: number
  /** Passages it does not look at go out as they come, behind what is held. */
  readonly wants: (passage: Passage) => boolean
  /**
   * Judges the end of a text: `text` from `from` on is undecided, what stands before is out already. `until` and the cuts are places in
   * `text`; where the text is whole, everything must be decided.
   */
  readonly judge: (text: string, from: number, isWhole: boolean, passage: Passage) => Ruling
}

type Delta = Extract<CanonicalEvent, { readonly type: "text-delta" | "reasoning-delta" | "tool-arguments-delta" }>

/** One text of the answer, as far as it matters still. */
interface Block {
  readonly choice: number
  /** What stands before the undecided text. */
  context: string
  pending: string
  /** Where the undecided text begins in the block's. */
  decided: number
  length: number
  isWhole: boolean
  /** Cuts in what was decided and is not out yet, by places in the block's text. */
  cuts: ReadonlyArray<Cut>
  isAltered: boolean
}

/** The part of a block's text that one event says. */
interface Piece {
  readonly block: Block
  readonly from: number
  readonly to: number
}

interface Held {
  readonly frame: Frame
  readonly pieces: ReadonlyMap<CanonicalEvent, Piece>
}

const passages: { readonly [D in Delta["type"]]: Passage } = {
  "text-delta": "text",
  "reasoning-delta": "reasoning",
  "tool-arguments-delta": "arguments"
}

const isDelta = (event: CanonicalEvent): event is Delta => event.type in passages

/** A machine for one answer. `onCut` is told whenever something was changed, `onBlock` when the answer is ended. */
export const make = (rule: Rule, told: { readonly onCut?: () => void; readonly onBlock?: (failure: Failure) => void } = {}): Required<FrameStage> => {
  const blocks = new Map<string, Block>()
  const passageOf = new Map<Block, Passage>()
  let queue: Array<Held> = []
  let blocked: Failure | undefined
  let isOver = false

  const blockOf = ({ choice, index }: { readonly choice: number; readonly index: number }): Block => {
    const key = `${choice}.${index}`
    const known = blocks.get(key)
    if (known !== undefined) return known
    const made: Block = { choice, context: "", pending: "", decided: 0, length: 0, isWhole: false, cuts: [], isAltered: false }
    blocks.set(key, made)
    return made
  }

  const altered = (block: Block): void => {
    block.isAltered = true
    told.onCut?.()
  }

  const judge = (block: Block, passage: Passage): void => {
    if (blocked !== undefined || (!block.isWhole && block.pending.length < rule.least)) return
    const { context, decided, pending } = block
    const text = context + pending
    const ruling = rule.judge(text, context.length, block.isWhole, passage)
    if (ruling._tag === "Block") {
      blocked = ruling.failure
      return
    }
    const until = block.isWhole ? text.length : Math.max(context.length, Math.min(ruling.until, text.length))
    const offset = decided - context.length
    const cuts = ruling.cuts.flatMap((cut) =>
      cut.to <= context.length || cut.from >= until
        ? []
        : [{ from: Math.max(cut.from, context.length) + offset, to: Math.min(cut.to, until) + offset, by: cut.by }]
    )
    if (cuts.length > 0) altered(block)
    block.cuts = [...block.cuts, ...cuts]
    block.decided = until + offset
    block.context = text.slice(Math.max(0, until - rule.context), until)
    block.pending = text.slice(until)
  }

  const ends = (isEnded: (block: Block) => boolean): ReadonlyArray<Block> => {
    const ended = [...blocks.values()].filter((block) => !block.isWhole && isEnded(block))
    for (const block of ended) block.isWhole = true
    return ended
  }

  /** Takes an event in: the text it adds, the texts it ends. */
  const enter = (event: CanonicalEvent, pieces: Map<CanonicalEvent, Piece>, touched: Map<Block, Passage>): void => {
    if (isDelta(event)) {
      const passage = passages[event.type]
      if (event.text === "" || !rule.wants(passage)) return
      const block = blockOf(event)
      const from = block.length
      block.pending += event.text
      block.length += event.text.length
      pieces.set(event, { block, from, to: block.length })
      touched.set(block, passage)
      passageOf.set(block, passage)
    } else if (event.type === "block-end") {
      const block = blocks.get(`${event.choice}.${event.index}`)
      for (const ended of ends((each) => each === block)) touched.set(ended, passageOf.get(ended) ?? "text")
    } else if (event.type === "finish") {
      for (const ended of ends(({ choice }) => choice === event.choice)) touched.set(ended, passageOf.get(ended) ?? "text")
    } else if (event.type === "end" || event.type === "error") {
      for (const ended of ends(() => true)) touched.set(ended, passageOf.get(ended) ?? "text")
    }
  }

  const restated = (part: Part): Part =>
    PartTexts.of(part, (text, passage) => {
      if (!rule.wants(passage)) return text
      const ruling = rule.judge(text, 0, true, passage)
      if (ruling._tag === "Block") {
        blocked = ruling.failure
        return ""
      }
      if (ruling.cuts.length > 0) told.onCut?.()
      return apply(text, ruling.cuts)
    })

  const alteredIn = (choice: number | undefined): boolean =>
    [...blocks.values()].some((block) => block.isAltered && (choice === undefined || block.choice === choice))

  /** One event as it goes out; nothing where nothing is left of it, or where it vouches for words that are not there any more. */
  const rewritten = (event: CanonicalEvent, piece: Piece | undefined): CanonicalEvent | undefined => {
    switch (event.type) {
      case "text-delta":
      case "reasoning-delta":
      case "tool-arguments-delta": {
        if (piece === undefined) return event
        const cuts = within(piece.block.cuts, piece.from, piece.to)
        if (cuts.length === 0) return event
        const text = apply(event.text, cuts)
        return text === "" ? undefined : { ...event, text }
      }
      case "signature":
        return blocks.get(`${event.choice}.${event.index}`)?.isAltered === true ? undefined : event
      case "annotation":
        return event.annotation.kind === "logprobs" && alteredIn(event.choice) ? undefined : event
      case "block-end": {
        if (event.final === undefined) return event
        const isAltered = blocks.get(`${event.choice}.${event.index}`)?.isAltered === true
        const { signature: _, ...unsigned } = event.final
        const final = restated(isAltered ? unsigned : event.final)
        return final === event.final ? event : { ...event, final }
      }
      default:
        return event
    }
  }

  const written = ({ frame: original, pieces }: Held): Frame => {
    let isSame = true
    const events: Array<CanonicalEvent> = []
    for (const event of original.events) {
      const out = rewritten(event, pieces.get(event))
      if (out !== event) isSame = false
      if (out !== undefined) events.push(out)
    }
    return isSame ? original : { ...original, events }
  }

  const isDecided = ({ pieces }: Held): boolean => {
    for (const { block, to } of pieces.values()) if (to > block.decided) return false
    return true
  }

  /** Cuts in what is out already are of no use any more. */
  const forget = (): void => {
    for (const block of blocks.values()) {
      if (block.cuts.length === 0) continue
      const oldest = queue.flatMap(({ pieces }) => [...pieces.values()]).find((piece) => piece.block === block)
      block.cuts = block.cuts.filter((cut) => cut.to > (oldest?.from ?? block.decided))
    }
  }

  /** Frames that are wholly decided, and the end of the answer where the rule says so. */
  const release = (): ReadonlyArray<Frame> => {
    const out: Array<Frame> = []
    for (let held = queue[0]; held !== undefined && blocked === undefined && isDecided(held); held = queue[0]) {
      queue.shift()
      const passed = written(held)
      if (blocked === undefined) out.push(passed)
    }
    forget()
    if (blocked === undefined) return out
    queue = []
    isOver = true
    told.onBlock?.(blocked)
    return [...out, frame({ type: "error", failure: blocked })]
  }

  return {
    step: (given) => {
      if (isOver) return []
      const pieces = new Map<CanonicalEvent, Piece>()
      const touched = new Map<Block, Passage>()
      for (const event of given.events) enter(event, pieces, touched)
      queue.push({ frame: given, pieces })
      for (const [block, passage] of touched) judge(block, passage)
      return release()
    },
    end: (reason) => {
      if (isOver || reason === "interrupted") return []
      for (const block of ends(() => true)) judge(block, passageOf.get(block) ?? "text")
      const out = release()
      isOver = true
      return out
    }
  }
}
