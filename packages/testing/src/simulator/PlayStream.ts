/** Plays a script as a stream: one frame per step, paced by the parameters `head`, `first`, `delay` and `chunk`. */
import { type Action, contentTypes, suffer, wait } from "./Actions.ts"
import type { Answer, Provider } from "./Provider.ts"
import { isContent, type Script, type Step } from "./Script.ts"
import { isSet, numberParameter, type Selection } from "./Selection.ts"
import type { UsageNumbers } from "./Usage.ts"

/** Called once, with the usage an answer stated when it was played to its end. */
export type OnUsage = (usage: UsageNumbers) => void

/** The steps of a script as pieces of wire text, empty ones left out. */
function* frames(provider: Provider, answer: Answer, selection: Selection, script: Script, onUsage: OnUsage): Generator<Step & { readonly frame: string }> {
  const writer = provider.frames(answer)
  const crlf = isSet(selection, "crlf")
  for (const step of script) {
    const text = writer.write(step)
    yield { ...step, frame: crlf ? text.replaceAll("\n", "\r\n") : text }
  }
  onUsage(writer.usage())
}

/** The stream of an answer, from its head to its end or fault. */
export function* playStream(provider: Provider, answer: Answer, selection: Selection, script: Script, onUsage: OnUsage): Generator<Action> {
  const delay = numberParameter(selection, "delay", 0)
  const chunk = Math.max(1, numberParameter(selection, "chunk", 1))
  const apart = isSet(selection, "chunk")
  let pending = ""
  let events = 0
  let pause = numberParameter(selection, "first", 0)
  const flush = function*(): Generator<Action> {
    if (pending === "") return
    yield { type: "write", data: pending, events }
    if (apart) yield { type: "wait", millis: 0 }
    pending = ""
    events = 0
  }
  yield* wait(numberParameter(selection, "head", 0))
  yield { type: "head", status: 200, headers: { ...(provider.streamHeaders ?? contentTypes.sse), ...provider.answerHeaders(answer.number) } }
  for (const step of frames(provider, answer, selection, script, onUsage)) {
    if (step.type === "fault") {
      yield* flush()
      return yield* suffer(step.fault, numberParameter(selection, "linger", 10))
    }
    if (step.type === "pause") {
      yield* flush()
      yield* wait(step.millis)
    }
    if (step.frame === "") continue
    if (pending === "" && pause > 0) {
      yield* wait(pause)
      pause = 0
    }
    pending += step.frame
    events++
    if (events >= chunk) {
      yield* flush()
      if (isContent(step)) pause = delay
    }
  }
  yield* flush()
}
