/**
 * The items and blocks of an answer under way, and the events that open, fill and close them. Streams add pieces, whole items
 * complete what the pieces left out, so that both modes and all habits of providers end in the same blocks.
 */
import type { BlockKind, BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { ItemFacts } from "@sluice/protocol/CanonicalRequest"
import type { JsonObject } from "@sluice/protocol/Wire"

/** A block that was opened. */
export interface Block {
  readonly index: number
  readonly kind: BlockKind
  readonly isOpen: boolean
  /** What it has said. */
  readonly said: string
  /** How many citations it has. */
  readonly citations: number
  /** The value a foreign block opened with. */
  readonly native: BlockStartEvent["native"]
}

/** An item of the answer. */
export interface Item {
  readonly id: string | undefined
  readonly type: string
  readonly facts: ItemFacts | undefined
  /** The item as it was announced; its end may say less. */
  readonly announced: JsonObject
  readonly isDone: boolean
  /** The block of thinking that is open until the next one, because the item's end may seal it. */
  readonly thought: string | undefined
  /** Arguments of a call whose id or name is not known yet. */
  readonly pending: string
}

/** What an answer has said so far. */
export interface Answer {
  /** The id of the answer, once it is known. */
  readonly id: string | undefined
  readonly started: number
  /** Items by their index in the output. */
  readonly items: ReadonlyMap<number, Item>
  /** Blocks by address. */
  readonly blocks: ReadonlyMap<string, Block>
  /** The block that spoke last; newer than its entry in `blocks`, so that a delta copies no map. */
  readonly active: { readonly address: string; readonly block: Block } | undefined
  readonly calls: boolean
  readonly refusal: boolean
}

/** Nothing said. */
export const initial: Answer = { id: undefined, started: 0, items: new Map(), blocks: new Map(), active: undefined, calls: false, refusal: false }

/** One step of an answer: its state, and the events of the step so far. */
export interface Draft {
  answer: Answer
  readonly events: Array<CanonicalEvent>
}

/** Address of a part of an item: content, summary, or the item itself. */
export const addressOf = (output: number, of: "content" | "summary" | "item", part = 0): string => `${output}/${of}/${part}`

/** The block at an address. */
export const blockAt = ({ active, blocks }: Answer, address: string): Block | undefined => active?.address === address ? active.block : blocks.get(address)

const withBlock = (draft: Draft, address: string, block: Block): void => {
  const { active, blocks } = draft.answer
  const settled = active === undefined || active.address === address ? blocks : new Map(blocks).set(active.address, active.block)
  draft.answer = { ...draft.answer, blocks: settled, active: { address, block } }
}

/** Notes what is known of an item. */
export const withItem = (draft: Draft, output: number, item: Item): void => {
  draft.answer = { ...draft.answer, items: new Map(draft.answer.items).set(output, item) }
}

/** Closes the block at an address, where it is open. */
export const close = (draft: Draft, address: string | undefined, final?: Part): void => {
  const block = address === undefined ? undefined : blockAt(draft.answer, address)
  if (address === undefined || block?.isOpen !== true) return
  draft.events.push({ type: "block-end", choice: 0, index: block.index, ...(final === undefined ? {} : { final }) })
  withBlock(draft, address, { ...block, isOpen: false })
}

/** Opens a block at an address. One that is open there ends first. */
export const open = (draft: Draft, address: string, start: Omit<BlockStartEvent, "type" | "choice" | "index">): void => {
  close(draft, address)
  const index = draft.answer.started
  draft.events.push({ type: "block-start", choice: 0, index, ...start })
  const { calls, refusal } = draft.answer
  draft.answer = { ...draft.answer, started: index + 1, calls: calls || start.kind === "tool-call", refusal: refusal || start.kind === "refusal" }
  withBlock(draft, address, { index, kind: start.kind, isOpen: true, said: "", citations: 0, native: start.native })
}

const deltaOf = (kind: BlockKind): "text-delta" | "reasoning-delta" | "tool-arguments-delta" | undefined => {
  switch (kind) {
    case "text":
    case "refusal":
      return "text-delta"
    case "reasoning":
      return "reasoning-delta"
    case "tool-call":
    case "server-tool":
      return "tool-arguments-delta"
    default:
      return undefined
  }
}

/** Says something in the open block at an address. */
export const say = (draft: Draft, address: string, text: string): void => {
  const block = blockAt(draft.answer, address)
  const type = block === undefined ? undefined : deltaOf(block.kind)
  if (block === undefined || type === undefined || !block.isOpen || text === "") return
  draft.events.push({ type, choice: 0, index: block.index, text })
  withBlock(draft, address, { ...block, said: block.said + text })
}

/** Says what a whole text has more than the deltas had. */
export const complete = (draft: Draft, address: string, whole: string): void => {
  const said = blockAt(draft.answer, address)?.said
  if (said !== undefined && whole.length > said.length && whole.startsWith(said)) say(draft, address, whole.slice(said.length))
}

/** Adds an event to the block at an address, of which citations are counted. */
export const note = (draft: Draft, address: string, make: (at: { readonly choice: number; readonly index: number }) => CanonicalEvent): void => {
  const block = blockAt(draft.answer, address)
  if (block?.isOpen !== true) return
  const event = make({ choice: 0, index: block.index })
  draft.events.push(event)
  if (event.type === "annotation") withBlock(draft, address, { ...block, citations: block.citations + 1 })
}

/** Closes whatever is open, in the order in which it was opened. */
export const closeAll = (draft: Draft): void => {
  const { active, blocks } = draft.answer
  const all = active === undefined ? blocks : new Map(blocks).set(active.address, active.block)
  for (const [address] of [...all].filter(([, block]) => block.isOpen).toSorted(([, left], [, right]) => left.index - right.index)) close(draft, address)
}
