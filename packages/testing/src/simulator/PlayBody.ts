/**
 * Plays a script as one JSON body. A fault of the script hits the middle of the body, an error step becomes an error
 * status, and the waits of a stream become one wait before the head.
 */
import { type Action, contentTypes, suffer, wait, whole } from "./Actions.ts"
import { errorMessage, refused } from "./ErrorReply.ts"
import type { OnUsage } from "./PlayStream.ts"
import type { Answer, Provider } from "./Provider.ts"
import { isContent, type Script } from "./Script.ts"
import { numberParameter, type Selection } from "./Selection.ts"

/** The buffered form of an answer. */
export function* playBody(provider: Provider, answer: Answer, selection: Selection, script: Script, onUsage: OnUsage): Generator<Action> {
  const steps = [...script]
  const spent = numberParameter(selection, "delay", 0) * steps.filter(isContent).length
  yield* wait(numberParameter(selection, "head", 0) + numberParameter(selection, "first", 0) + spent)
  const error = steps.find((step) => step.type === "error")
  if (error !== undefined) return yield* refused(provider, answer.number, { status: error.status, message: errorMessage(error.status) })
  const { json, usage } = provider.body(answer, steps)
  const headers = { ...contentTypes.json, ...provider.answerHeaders(answer.number) }
  const step = steps.find((candidate) => candidate.type === "fault")
  if (step === undefined) {
    yield* whole(200, headers, steps.some((other) => other.type === "garbage") ? json.replace("\":", "\"") : json)
    return onUsage(usage)
  }
  // Only a connection that closes inside the body promises a length, so that the short body is noticed by its length too
  const length = step.fault === "cut" ? { "content-length": String(Buffer.byteLength(json)) } : {}
  yield { type: "head", status: 200, headers: { ...headers, ...length } }
  if (numberParameter(selection, "after", 1) > 0) yield { type: "write", data: json.slice(0, Math.floor(json.length / 2)), events: 0 }
  yield* suffer(step.fault, numberParameter(selection, "linger", 10))
}
