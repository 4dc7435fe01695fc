/**
 * Writes scripts as streams of OpenAI's response events, by hand. Lawful streams number their events from 0, begin with
 * response.created and response.in_progress, open and close every item and part, and end with one terminal event that
 * repeats the output; there is no `[DONE]`. The terminal event is the finish, so that nothing is left for the end.
 */
import { errorMessage } from "./ErrorReply.ts"
import { type ItemSink, type OpenCall, openCall, type OpenItem, openMessage, type OpenThought, openThought } from "./OpenAiResponsesItems.ts"
import { endStatus, failureCode, type ItemStatus, response, type ResponseEnd, statedUsage } from "./OpenAiResponsesWire.ts"
import type { Answer, FrameWriter } from "./Provider.ts"
import type { Step } from "./Script.ts"
import { tally } from "./Usage.ts"

type Finish = Step & { readonly type: "finish" }

/** A fresh writer of the events of one streamed answer. */
export const responsesFrames = (answer: Answer): FrameWriter => {
  const counted = tally(answer.usage)
  const output: Array<object> = []
  const calls = new Map<number, OpenCall>()
  let sequence = 0
  let items = 0
  let renamed = 0
  let started = false
  let text: OpenItem | undefined
  let refusal: OpenItem | undefined
  let thought: OpenThought | undefined

  const emit = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`
  const sink: ItemSink = {
    answer,
    emit,
    place: () => items++,
    done: (index, item) => {
      output[index] = item
    },
    named: (id) => answer.quirk === "changing-ids" ? `${id}-${++renamed}` : id
  }
  const lifecycle = (type: string, end: ResponseEnd): string => emit(`response.${type}`, { response: response(answer, output, end) })

  /** Closes what is open, in the order of the output; nothing but the last item can be incomplete. */
  const close = (status: ItemStatus = "completed"): string => {
    let closed = ""
    for (const item of [thought, text, refusal, ...calls.values()]) closed += item?.close(status) ?? ""
    thought = undefined
    text = undefined
    refusal = undefined
    calls.clear()
    return closed
  }
  const start = (): string => {
    started = true
    const created = lifecycle("created", { status: "in_progress" })
    return (answer.quirk === "repeated-start" ? created + lifecycle("created", { status: "in_progress" }) : created)
      + lifecycle("in_progress", { status: "in_progress" })
  }
  const addText = (added: string): string => {
    let written = ""
    if (text === undefined) {
      written = close()
      text = openMessage(sink, "text")
      written += text.opening
    }
    if (answer.quirk === "empty-events") written += `data:\n\n: nothing\n\n${text.add("")}`
    return written + text.add(added)
  }
  const addRefusal = (added: string): string => {
    let written = ""
    if (refusal === undefined) {
      written = close()
      refusal = openMessage(sink, "refusal")
      written += refusal.opening
    }
    return written + refusal.add(added)
  }
  const beginThought = (): string => {
    if (thought !== undefined) return ""
    const closed = close()
    thought = openThought(sink)
    return closed + thought.opening
  }
  const addThought = (added: string): string => {
    const opened = beginThought()
    return opened + (thought?.add(added) ?? "")
  }
  const seal = (value: string): string => {
    const opened = beginThought()
    thought?.seal(value)
    return opened + close()
  }
  const beginCall = (step: Step & { readonly type: "tool" }): string => {
    // Calls that have not begun to grow stay open beside the next one: their arguments will be interleaved
    const grown = [...calls.values()].some((call) => call.grown())
    const closed = grown || calls.size === 0 ? close() : ""
    const call = openCall(sink, step.id, step)
    calls.set(step.call, call)
    return closed + call.opening
  }
  const finish = (step: Finish): string => {
    const status = endStatus(step.reason)
    return close(status) + lifecycle(status, { status, reason: step.reason, ...statedUsage(answer, counted.usage()) })
  }
  /** As recorded, an error inside a response is nested and followed by the failed response; before one it is flat, as specified. */
  const fail = (status: number): string => {
    const error = { code: failureCode(status), message: errorMessage(status) }
    if (!started) return emit("error", { ...error, param: null })
    return emit("error", { error: { type: error.code, ...error, param: null } }) + lifecycle("failed", { status: "failed", error })
  }

  const write = (step: Step): string => {
    if ((step.type === "text" || step.type === "finish") && step.choice > 0) return ""
    counted.add(step)
    switch (step.type) {
      case "start":
        return start()
      case "text":
        return addText(step.text)
      case "refusal":
        return addRefusal(step.text)
      case "reasoning":
        return addThought(step.text)
      case "signature":
        return seal(step.value)
      case "redacted":
        return seal(step.data)
      case "tool":
        return beginCall(step)
      case "arguments":
        return calls.get(step.call)?.add(step.text) ?? ""
      case "finish":
        return finish(step)
      case "ping":
        return ": keep-alive\n\n"
      case "error":
        return fail(step.status)
      case "garbage":
        return `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${sequence},"delta":"brok\n\n`
      case "raw":
        return step.text
      default:
        return ""
    }
  }
  return { write, usage: counted.usage }
}
