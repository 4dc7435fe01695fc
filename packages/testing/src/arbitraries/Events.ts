/**
 * Legal sequences of events, walked out of the grammar's own table: in every state each type of event that the phase allows may
 * be proposed, and what the table's guards refuse is not taken. Blocks interleave, choices mix, usage comes before and after
 * the finish, and the stream ends or fails.
 */
import type { Annotation } from "@sluice/protocol/CanonicalAnnotation"
import type { CanonicalEvent, EventType, Frame } from "@sluice/protocol/CanonicalEvent"
import { type FinishReason, reasons } from "@sluice/protocol/CanonicalFinish"
import type { Usage } from "@sluice/protocol/CanonicalUsage"
import * as Grammar from "@sluice/protocol/Grammar"
import { present } from "@sluice/protocol/Json"
import * as Blocks from "./Blocks.ts"
import type { Draw } from "./Draw.ts"
import * as Texts from "./Texts.ts"
import * as Usages from "./Usages.ts"
import type { Vocabulary } from "./Vocabulary.ts"

/** What the sequence should look like. */
export interface Shape {
  /** Most choices; one by default. */
  readonly choices?: number
  /** How it ends; whole by default. */
  readonly ending?: "whole" | "failed" | "either"
}

/** One walk through the table. */
interface Walk {
  readonly draw: Draw
  readonly vocabulary: Vocabulary
  /** Choices this answer has; their indexes are 0 up to this number. */
  readonly choices: number
  readonly interleaves: boolean
  /** Why each choice ends, where it is not for the usual reason; drawn first, so that a short tape reaches it. */
  readonly reasons: ReadonlyArray<FinishReason | undefined>
  readonly events: Array<CanonicalEvent>
  /** What open blocks still have to say, by choice and index. */
  readonly plans: Map<string, Array<CanonicalEvent>>
  state: Grammar.State
  hasCalls: ReadonlySet<number>
  usage: Usage
}

const key = (at: Blocks.At): string => `${at.choice}/${at.index}`

/** Takes an event when the table allows it here. */
const take = (walk: Walk, event: CanonicalEvent): boolean => {
  const next = Grammar.step(walk.state, event)
  if (Grammar.isViolation(next)) return false
  walk.state = next
  walk.events.push(event)
  return true
}

const openBlocks = (walk: Walk): ReadonlyArray<Blocks.At> =>
  [...walk.state.choices].flatMap(([choice, { open }]) => [...open.keys()].map((index) => ({ choice, index })))

/** Says the next planned event of some open block. */
const advance = (walk: Walk): void => {
  const open = openBlocks(walk)
  const at = open[walk.draw.below(open.length)]
  if (at === undefined) return
  const plan = walk.plans.get(key(at))
  const event = plan?.shift()
  if (event !== undefined) take(walk, event)
}

const startBlock = (walk: Walk): void => {
  const choice = walk.draw.below(walk.choices)
  const known = walk.state.choices.get(choice)
  if (!walk.interleaves && (known?.open.size ?? 0) > 0) return
  if ((known?.started ?? 0) > 5) return
  const at = { choice, index: known?.started ?? 0 }
  const plan = Blocks.plan(walk.draw, at, walk.vocabulary)
  if (!take(walk, plan.start)) return
  walk.plans.set(key(at), [...plan.rest])
  if (plan.start.kind === "tool-call") walk.hasCalls = new Set([...walk.hasCalls, choice])
}

/** Any reason, but calls and only calls make it a finish for calls: some decoders repair what contradicts itself. */
const reason = (walk: Walk, choice: number): FinishReason => {
  const usual = walk.hasCalls.has(choice) ? "tool-calls" : "stop"
  const drawn = walk.reasons[choice] ?? usual
  return drawn === "stop" || drawn === "tool-calls" ? usual : drawn
}

const finish = (walk: Walk, choice: number): boolean => {
  const why = reason(walk, choice)
  return take(walk, {
    type: "finish",
    choice,
    reason: why,
    ...(why === "stop-sequence" ? { stop: "STOP0" } : {}),
    ...(why === "other" ? { raw: "eos_token" } : {})
  })
}

const annotation = (walk: Walk): CanonicalEvent => {
  const { draw, vocabulary } = walk
  const open = openBlocks(walk)
  const at = open[draw.below(open.length)]
  const made = ((): Annotation => {
    switch (draw.below(4)) {
      case 1:
        return {
          kind: "logprobs",
          of: draw.pick(["text", "refusal"]),
          tokens: draw.list(1, 2, () => ({ token: Texts.text(draw), logprob: -draw.below(100) / 8, bytes: [104, 105], top: [] }))
        }
      case 2:
        return vocabulary.annotations[draw.below(vocabulary.annotations.length)] ?? { kind: "citation", url: Texts.url(draw) }
      default:
        return present({
          kind: "citation" as const,
          url: Texts.url(draw),
          title: Texts.text(draw),
          quote: draw.maybe(30, () => Texts.text(draw)),
          start: 0,
          end: draw.below(20)
        })
    }
  })()
  if (at !== undefined && made.kind !== "logprobs") return { type: "annotation", ...at, annotation: made }
  return draw.chance(70) || made.kind === "logprobs"
    ? { type: "annotation", choice: draw.below(walk.choices), annotation: made }
    : { type: "annotation", annotation: made }
}

/** A later snapshot never takes back what an earlier one counted. */
const grown = (before: Usage, next: Usage): Usage =>
  Object.fromEntries(Object.entries(next).map(([name, count]) => [name, Math.max(count, Reflect.get(before, name) ?? 0)]))

/** How each type of event is proposed. */
const proposals: { readonly [T in EventType]: (walk: Walk) => void } = {
  start: (walk) =>
    void take(walk, {
      type: "start",
      ...present({
        id: walk.draw.maybe(90, () => `resp_${walk.draw.serial()}`),
        model: walk.draw.maybe(90, () => "model-1"),
        created: walk.draw.maybe(60, () => 1_700_000_000)
      })
    }),
  ping: (walk) => void take(walk, { type: "ping" }),
  usage: (walk) => {
    const usage = grown(walk.usage, Usages.usage(walk.draw))
    if (take(walk, { type: "usage", usage })) walk.usage = { ...walk.usage, ...usage }
  },
  foreign: (walk) => {
    const event = walk.vocabulary.events[walk.draw.below(walk.vocabulary.events.length)]
    if (event !== undefined) take(walk, event)
  },
  annotation: (walk) => void take(walk, annotation(walk)),
  "block-start": startBlock,
  "text-delta": advance,
  "reasoning-delta": advance,
  signature: advance,
  encrypted: advance,
  "tool-arguments-delta": advance,
  "media-delta": advance,
  "block-end": advance,
  finish: (walk) => void (walk.draw.chance(15) && finish(walk, walk.draw.below(walk.choices))),
  error: () => {},
  end: () => {}
}

/** Proposed more often than once in a round: blocks are what an answer is made of. */
const weights: { readonly [T in EventType]?: number } = { start: 4, "block-start": 8, "text-delta": 4, "reasoning-delta": 4, "block-end": 4 }

// The keys of a record over EventType are event types; Object.keys forgets that.
const types = (Object.keys(Grammar.rules) as ReadonlyArray<EventType>).flatMap((type) => Array.from({ length: weights[type] ?? 1 }, () => type))

const allowed = (phase: Grammar.Phase): ReadonlyArray<EventType> => types.filter((type) => Grammar.rules[type].from.includes(phase))

const byPhase: { readonly [P in Grammar.Phase]: ReadonlyArray<EventType> } = { before: allowed("before"), open: allowed("open"), ended: [] }

const closeAll = (walk: Walk): void => {
  for (let open = openBlocks(walk); open.length > 0; open = openBlocks(walk)) advance(walk)
}

const finishAll = (walk: Walk): void => {
  for (let choice = 0; choice < walk.choices; choice++) finish(walk, choice)
  if (walk.draw.chance(70)) proposals.usage(walk)
}

/** The events of one answer; always a legal sequence that reaches a terminal. */
export const events = (draw: Draw, vocabulary: Vocabulary, shape: Shape = {}): ReadonlyArray<CanonicalEvent> => {
  const walk: Walk = {
    draw,
    vocabulary,
    choices: 1 + (draw.chance(20) ? draw.below(shape.choices ?? 1) : 0),
    interleaves: draw.chance(30),
    reasons: Array.from({ length: shape.choices ?? 1 }, () => draw.maybe(60, () => draw.pick(reasons))),
    events: [],
    plans: new Map(),
    state: Grammar.initial,
    hasCalls: new Set(),
    usage: {}
  }
  const fails = shape.ending === "failed" || (shape.ending === "either" && draw.chance(20))
  const steps = draw.below(fails ? 30 : 80)
  for (let step = 0; step < steps && !draw.isSpent(); step++) {
    const options = byPhase[walk.state.phase]
    // Zero is no event at all, so that a sequence shrinks by losing its events.
    const type = options[draw.below(options.length + 1) - 1]
    if (type !== undefined) proposals[type](walk)
  }
  if (fails) {
    take(walk, { type: "error", failure: Usages.failure(draw) })
    return walk.events
  }
  if (walk.state.phase === "before") proposals.start(walk)
  closeAll(walk)
  finishAll(walk)
  take(walk, { type: "end" })
  return walk.events
}

/** The events in frames of one or several, as interceptors or buffered bodies would hand them over; none has a wire value. */
export const frames = (draw: Draw, all: ReadonlyArray<CanonicalEvent>): ReadonlyArray<Frame> => {
  const made: Array<Frame> = []
  for (let from = 0; from < all.length;) {
    const length = draw.chance(20) ? 1 + draw.below(4) : 1
    made.push({ events: all.slice(from, from + length) })
    from += length
  }
  return made
}
