/** Ways to damage a script: end it with a fault, put something in between, leave its end away. Used by the table in Scenarios.ts. */
import { isContent, type Script, type Step } from "./Script.ts"
import type { ScriptOf } from "./Scripts.ts"
import { isSet, numberParameter, type Selection } from "./Selection.ts"

function* until(script: Script, after: number, started: boolean, end: Step): Generator<Step> {
  let seen = 0
  if (after === 0 && started) yield { type: "start" }
  if (after > 0) {
    for (const step of script) {
      if (step.type === "finish" || (isContent(step) && seen >= after)) break
      if (isContent(step)) seen++
      yield step
    }
  }
  yield end
}

/** The script up to `after` content events, then the given step and nothing more; with `after=0` that step alone, unless `started=1` lets the start pass. */
export const endedBy = (script: ScriptOf, end: (selection: Selection) => Step): ScriptOf => (context, selection) =>
  until(script(context, selection), numberParameter(selection, "after", 3), isSet(selection, "started"), end(selection))

function* between(script: Script, extra: Step, isHere: (step: Step, seen: number) => boolean): Generator<Step> {
  let seen = 0
  for (const step of script) {
    yield step
    if (isContent(step)) seen++
    if (isHere(step, seen)) yield extra
  }
}

/** The script with one more step after `after` content events. */
export const interruptedBy = (script: ScriptOf, extra: Step): ScriptOf => (context, selection) => {
  const after = numberParameter(selection, "after", 3)
  return between(script(context, selection), extra, (step, seen) => isContent(step) ? seen === after : step.type === "start" && after === 0)
}

/** The script with one more step after its start and every content event. */
export const accompaniedBy = (script: ScriptOf, extra: Step): ScriptOf => (context, selection) =>
  between(script(context, selection), extra, (step) => step.type === "start" || isContent(step))

/** The script without the protocol's terminator. */
export const withoutEnd = (script: ScriptOf): ScriptOf =>
  function*(context, selection) {
    for (const step of script(context, selection)) {
      if (step.type !== "end") yield step
    }
  }

/** The script up to its terminator, then the given step instead of it. */
export const endedAtEnd = (script: ScriptOf, end: Step): ScriptOf =>
  function*(context, selection) {
    for (const step of script(context, selection)) yield step.type === "end" ? end : step
  }

/** The start, then keep-alives for ever, `delay=n` milliseconds apart; a buffered reply just stalls. */
export const pingsOnly: ScriptOf = function*(context, selection) {
  yield { type: "start" }
  if (!context.facts.stream) return yield { type: "fault", fault: "stall" }
  for (;;) {
    yield { type: "ping" }
    yield { type: "pause", millis: numberParameter(selection, "delay", 1000) }
  }
}
