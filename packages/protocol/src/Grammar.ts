/**
 * Which event may follow which: one transition table, from which the run-time check, the generators of the property tests and
 * the documentation are made. Decoders repair providers' habits before they emit; the table is not widened for them.
 */
import type { BlockKind, CanonicalEvent, EventType } from "./CanonicalEvent.ts"

/** Where a stream stands: before its `start`, open, or ended by its terminal. */
export type Phase = "before" | "open" | "ended"

/** A condition a rule sets beside the phase. */
export type Guard = "choice-unfinished" | "block-next" | "block-open" | "block-holds" | "choice-blocks-closed" | "every-choice-finished"

/** What a rule says of an event. */
export interface Rule {
  readonly from: ReadonlyArray<Phase>
  readonly to: Phase | "same"
  readonly requires: ReadonlyArray<Guard>
}

/** The table. */
export const rules: { readonly [T in EventType]: Rule } = {
  start: { from: ["before"], to: "open", requires: [] },
  ping: { from: ["before", "open"], to: "same", requires: [] },
  usage: { from: ["before", "open"], to: "same", requires: [] },
  foreign: { from: ["before", "open"], to: "same", requires: [] },
  annotation: { from: ["open"], to: "same", requires: [] },
  "block-start": { from: ["open"], to: "same", requires: ["choice-unfinished", "block-next"] },
  "text-delta": { from: ["open"], to: "same", requires: ["block-open", "block-holds"] },
  "reasoning-delta": { from: ["open"], to: "same", requires: ["block-open", "block-holds"] },
  signature: { from: ["open"], to: "same", requires: ["block-open"] },
  encrypted: { from: ["open"], to: "same", requires: ["block-open"] },
  "tool-arguments-delta": { from: ["open"], to: "same", requires: ["block-open", "block-holds"] },
  "media-delta": { from: ["open"], to: "same", requires: ["block-open", "block-holds"] },
  "block-end": { from: ["open"], to: "same", requires: ["block-open"] },
  finish: { from: ["open"], to: "same", requires: ["choice-unfinished", "choice-blocks-closed"] },
  error: { from: ["before", "open"], to: "ended", requires: [] },
  end: { from: ["open"], to: "ended", requires: ["every-choice-finished"] }
}

/** Which blocks may hold which deltas. */
export const holds: { readonly [T in EventType]?: ReadonlyArray<BlockKind> } = {
  "text-delta": ["text", "refusal", "server-tool", "foreign"],
  "reasoning-delta": ["reasoning"],
  "tool-arguments-delta": ["tool-call", "server-tool", "foreign"],
  "media-delta": ["media", "server-tool"]
}

/** One choice of a stream under check. */
export interface ChoiceState {
  /** How many blocks were started; the index the next one must have. */
  readonly started: number
  readonly open: ReadonlyMap<number, BlockKind>
  readonly finished: boolean
}

/** A stream under check. */
export interface State {
  readonly phase: Phase
  readonly choices: ReadonlyMap<number, ChoiceState>
}

/** An event that may not come here. */
export interface Violation {
  readonly event: EventType
  readonly phase: Phase
  /** The guard that was not met; absent when the phase forbids the event. */
  readonly guard?: Guard
  readonly message: string
}

/** Before the first event. */
export const initial: State = { phase: "before", choices: new Map() }

const unseen: ChoiceState = { started: 0, open: new Map(), finished: false }

const choiceOf = (state: State, event: CanonicalEvent): ChoiceState =>
  "choice" in event && event.choice !== undefined ? state.choices.get(event.choice) ?? unseen : unseen

const kindOf = (state: State, event: CanonicalEvent): BlockKind | undefined =>
  "index" in event && event.index !== undefined ? choiceOf(state, event).open.get(event.index) : undefined

/** Whether the state of the stream meets a guard for this event. */
const meets: { readonly [G in Guard]: (state: State, event: CanonicalEvent) => boolean } = {
  "choice-unfinished": (state, event) => !choiceOf(state, event).finished,
  "block-next": (state, event) =>
    event.type === "block-start" && event.index === choiceOf(state, event).started && (event.kind === "tool-call") === (event.call !== undefined),
  "block-open": (state, event) => kindOf(state, event) !== undefined,
  "block-holds": (state, event) => {
    const kind = kindOf(state, event)
    return kind !== undefined && (holds[event.type]?.includes(kind) ?? true)
  },
  "choice-blocks-closed": (state, event) => choiceOf(state, event).open.size === 0,
  "every-choice-finished": (state) => state.choices.size > 0 && [...state.choices.values()].every((choice) => choice.finished)
}

const withChoice = (state: State, index: number, choice: ChoiceState): State => ({ ...state, choices: new Map(state.choices).set(index, choice) })

const advance = (state: State, event: CanonicalEvent): State => {
  switch (event.type) {
    case "block-start": {
      const choice = choiceOf(state, event)
      return withChoice(state, event.choice, { ...choice, started: choice.started + 1, open: new Map(choice.open).set(event.index, event.kind) })
    }
    case "block-end": {
      const choice = choiceOf(state, event)
      const open = new Map(choice.open)
      open.delete(event.index)
      return withChoice(state, event.choice, { ...choice, open })
    }
    case "finish":
      return withChoice(state, event.choice, { ...choiceOf(state, event), finished: true })
    default:
      return state
  }
}

/** The first thing wrong with an event in a state; `undefined` when it is legal. */
export const violation = (state: State, event: CanonicalEvent): Violation | undefined => {
  const rule = rules[event.type]
  if (!rule.from.includes(state.phase)) {
    return {
      event: event.type,
      phase: state.phase,
      message: `${event.type} may not come ${state.phase === "ended" ? "after the terminal" : `while the stream is ${state.phase} start`}`
    }
  }
  const guard = rule.requires.find((guard) => !meets[guard](state, event))
  return guard === undefined ? undefined : { event: event.type, phase: state.phase, guard, message: `${event.type} breaks the rule ${guard}` }
}

/** The state after a legal event. Deltas do not change the state, so a stream of deltas allocates nothing here. */
export const step = (state: State, event: CanonicalEvent): State | Violation => {
  const wrong = violation(state, event)
  if (wrong !== undefined) return wrong
  const to = rules[event.type].to
  const next = advance(state, event)
  return to === "same" || to === next.phase ? next : { ...next, phase: to }
}

/** Whether a step ended in a violation. */
export const isViolation = (result: State | Violation): result is Violation => "message" in result

/** Checks a run of events from a state: the state after them, or the first violation. */
export const check = (state: State, events: Iterable<CanonicalEvent>): State | Violation => {
  let current = state
  for (const event of events) {
    const next = step(current, event)
    if (isViolation(next)) return next
    current = next
  }
  return current
}
