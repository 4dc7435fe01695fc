/**
 * Writes scripts as streams of Gemini responses, by hand: as server-sent events, or as one JSON array whose elements
 * leave one by one. Usage so far is on every chunk, calls are whole, the last chunk of a candidate has the finish reason
 * and an empty text. Nothing announces a stream, and only the array's bracket ends one.
 */
import { errorMessage } from "./ErrorReply.ts"
import { blocked, callPart, finishReasons, generateError, logprobFields, response, responseId, safetyFields, wireJson } from "./GeminiGenerateWire.ts"
import type { Answer, FrameWriter } from "./Provider.ts"
import type { Step } from "./Script.ts"
import { tally } from "./Usage.ts"

type Finish = Step & { readonly type: "finish" }

/** How chunks are put on the wire. Texts that are no chunk have no place in an array, where white space keeps alive. */
interface Framing {
  readonly chunk: (json: string) => string
  readonly end: () => string
  readonly error: (json: string) => string
  readonly aside: (text: string) => string
  readonly ping: string
}

const events = (): Framing => ({
  chunk: (json) => `data: ${json}\n\n`,
  end: () => "",
  error: (json) => `data: ${json}\n\n`,
  aside: (text) => text,
  ping: ": keep-alive\n\n"
})

const array = (): Framing => {
  let opened = false
  const chunk = (json: string): string => {
    const before = opened ? ",\n" : "["
    opened = true
    return before + json
  }
  return {
    chunk,
    end: () => opened ? "\n]" : "[]",
    error: (json) => `${chunk(json)}\n]`,
    aside: () => "",
    ping: "\n"
  }
}

const writer = (answer: Answer, framing: Framing): FrameWriter => {
  const { habit, quirk } = answer
  const counted = tally(answer.usage)
  let call: { readonly id: string; readonly name: string; args: string } | undefined
  let signature = ""
  let isBlocked = false
  let chunks = 0

  const id = (): string => quirk === "changing-ids" ? `${responseId(answer)}-${++chunks}` : responseId(answer)
  const usage = (last: boolean) => habit === "missing" || habit === "late" || (habit === "with-finish" && !last) ? undefined : counted.usage()
  const chunk = (fields: object, last: boolean): string => framing.chunk(wireJson(response(answer, fields, usage(last), id())))
  const candidate = (index: number, part: object, rest: object = {}, last = false): string =>
    chunk({ candidates: [{ content: { parts: [part], role: "model" }, ...rest, index }] }, last)
  const signed = (part: object): object => {
    if (signature === "") return part
    const whole = { ...part, thoughtSignature: signature }
    signature = ""
    return whole
  }
  /** The call that was collected so far, now that something else begins. */
  const pending = (): string => {
    if (call === undefined) return ""
    const { id, name, args } = call
    call = undefined
    return candidate(0, signed(callPart(answer, id, name, args)))
  }
  const text = (step: Step & { readonly type: "text" }): string => {
    const empty = quirk === "empty-events" ? framing.aside("data:\n\n: nothing\n\n") + chunk({}, false) : ""
    return empty + candidate(step.choice, { text: step.text }, logprobFields(answer, [step.text]))
  }
  const finish = (step: Finish): string => {
    if (isBlocked) return chunk(blocked, true)
    const fields = { finishReason: finishReasons[step.reason], ...safetyFields(step.reason) }
    return candidate(step.choice, step.choice === 0 ? signed({ text: "" }) : { text: "" }, fields, true)
  }
  const body = (step: Step): string => {
    switch (step.type) {
      case "text":
        return text(step)
      case "reasoning":
        return candidate(0, { text: step.text, thought: true })
      case "signature":
        signature = step.value
        return ""
      case "refusal":
        isBlocked = true
        return ""
      case "tool":
        call = { id: step.id, name: step.name, args: "" }
        return ""
      case "finish":
        return finish(step)
      case "usage":
        return habit === "late" ? framing.chunk(wireJson(response(answer, {}, counted.usage(), id()))) : ""
      case "end":
        return framing.end()
      case "ping":
        return framing.ping
      case "error":
        return framing.error(generateError({ status: step.status, message: errorMessage(step.status) }))
      case "garbage":
        return framing.chunk("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"brok")
      case "raw":
        return framing.aside(step.text)
      default:
        return ""
    }
  }
  const write = (step: Step): string => {
    if (step.type === "arguments") {
      counted.add(step)
      if (call !== undefined) call.args += step.text
      return ""
    }
    const before = pending()
    // A blocked prompt produces nothing, so that the words of a refusal cost nothing
    if (step.type !== "refusal") counted.add(step)
    return before + body(step)
  }
  return { write, usage: counted.usage }
}

/** A fresh writer of server-sent events (`alt=sse`). */
export const generateFrames = (answer: Answer): FrameWriter => writer(answer, events())

/** A fresh writer of one JSON array, which is what the service streams unless asked for events. */
export const generateArray = (answer: Answer): FrameWriter => writer(answer, array())
