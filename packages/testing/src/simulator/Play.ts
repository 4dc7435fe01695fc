/**
 * Plays a scenario: turns its script and the provider's writer into the actions a server performs on one
 * connection. Pure and lazy; the interpreters (Server.ts on sockets, InProcess.ts on streams) own time and bytes.
 */
import type { Refusal } from "./Facts.ts"
import type { Answer, FrameWriter, Provider } from "./Provider.ts"
import { scenarioParameter } from "./Scenarios.ts"
import { isContent, type Script, type Step } from "./Script.ts"
import { numberParameter, type Selection } from "./Selection.ts"
import type { UsageNumbers } from "./Usage.ts"

/** What a server does next on a connection. The end of the actions is the clean end of the body, `truncate` the same end on purpose too early. */
export type Action =
  | { readonly type: "head"; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly type: "write"; readonly text: string; readonly events: number }
  | { readonly type: "wait"; readonly millis: number }
  | { readonly type: "stall" }
  | { readonly type: "reset" }
  | { readonly type: "cut" }
  | { readonly type: "truncate" }

/** The actions of one reply. */
export type Actions = Iterable<Action>

/** Called once with the usage an answer stated. */
export type OnUsage = (usage: UsageNumbers) => void

const sse = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" }
const json = { "content-type": "application/json" }
const html = { "content-type": "text/html; charset=utf-8" }

const wait = (millis: number): ReadonlyArray<Action> => millis > 0 ? [{ type: "wait", millis }] : []

/** A whole body with its length stated. */
export function* whole(status: number, headers: Readonly<Record<string, string>>, text: string): Generator<Action> {
  yield { type: "head", status, headers: { ...headers, "content-length": String(Buffer.byteLength(text)) } }
  if (text !== "") yield { type: "write", text, events: 0 }
}

/** An error reply in the provider's own words. */
export const refused = (provider: Provider, number: number, refusal: Refusal, extra: Readonly<Record<string, string>> = {}): Actions =>
  whole(refusal.status, { ...json, ...provider.answerHeaders(number), ...extra }, provider.refusal(number, refusal))

const lineEnds = (selection: Selection, text: string): string => selection.scenario === "crlf" ? text.replaceAll("\n", "\r\n") : text

/** Writes a script as a stream: paced by head, first, delay and chunk, every frame one event. */
export function* streamed(provider: Provider, answer: Answer, selection: Selection, script: Script, onUsage: OnUsage): Generator<Action> {
  const writer: FrameWriter = provider.frames(answer)
  const delay = scenarioParameter(selection, "delay", 0)
  const chunk = Math.max(1, numberParameter(selection, "chunk", 1))
  let pending = ""
  let events = 0
  let pause = numberParameter(selection, "first", 0)
  yield* wait(numberParameter(selection, "head", 0))
  yield { type: "head", status: 200, headers: { ...sse, ...provider.answerHeaders(answer.number) } }
  const flush = function*(): Generator<Action> {
    if (pending === "") return
    yield { type: "write", text: pending, events }
    pending = ""
    events = 0
  }
  for (const step of script) {
    if (step.type === "close") {
      yield* flush()
      yield { type: "truncate" }
      return
    }
    if (step.type === "stall" || step.type === "reset" || step.type === "cut") {
      yield* flush()
      if (step.type !== "stall") yield* wait(numberParameter(selection, "linger", 10))
      yield { type: step.type }
      return
    }
    if (step.type === "pause") {
      yield* flush()
      yield* wait(step.millis)
      continue
    }
    const text = lineEnds(selection, writer.write(step))
    if (text === "") continue
    if (pending === "" && pause > 0) {
      yield* wait(pause)
      pause = 0
    }
    pending += text
    events++
    if (events >= chunk) {
      yield* flush()
      if (isContent(step)) pause = delay
    }
  }
  yield* flush()
  onUsage(writer.usage())
}

const cuts = (step: Step): boolean => step.type === "stall" || step.type === "reset" || step.type === "cut" || step.type === "close"

/** Writes a script as one JSON body; a fault of the script hits the middle of the body. */
export function* buffered(provider: Provider, answer: Answer, selection: Selection, script: Script, onUsage: OnUsage): Generator<Action> {
  const steps = [...script]
  const failure = steps.find((step) => step.type === "error")
  const spent = scenarioParameter(selection, "delay", 0) * steps.filter(isContent).length
  yield* wait(numberParameter(selection, "head", 0) + numberParameter(selection, "first", 0) + spent)
  if (failure?.type === "error") {
    yield* refused(provider, answer.number, { status: failure.status, message: errorMessage(failure.status) })
    return
  }
  const { json: text, usage } = provider.body(answer, steps)
  const headers = { ...json, ...provider.answerHeaders(answer.number) }
  const fault = steps.find(cuts)
  if (fault === undefined) {
    yield* whole(200, headers, steps.some((step) => step.type === "garbage") ? text.replace("\"model\":", "\"model\"") : text)
    onUsage(usage)
    return
  }
  yield { type: "head", status: 200, headers }
  if (scenarioParameter(selection, "after", 3) > 0) yield { type: "write", text: text.slice(0, Math.floor(text.length / 2)), events: 0 }
  if (fault.type === "stall") yield { type: "stall" }
  if (fault.type === "close") yield { type: "truncate" }
  if (fault.type === "reset" || fault.type === "cut") {
    yield* wait(numberParameter(selection, "linger", 10))
    yield { type: fault.type }
  }
}

/** The words of an error the simulator makes up for a status. */
export const errorMessage = (status: number): string => messages[status] ?? `The simulator was asked for status ${status}.`

const messages: Readonly<Record<number, string | undefined>> = {
  400: "The request is not valid.",
  401: "The key is not valid.",
  403: "This key may not use this resource.",
  404: "The resource does not exist.",
  413: "The request is larger than allowed.",
  429: "Rate limit reached.",
  500: "An error happened while processing the request.",
  503: "The engine is currently overloaded.",
  529: "Overloaded"
}

/** The reply of the scenarios that have no script. */
export function* scripted(provider: Provider, number: number, selection: Selection, reply: string, stream: boolean): Generator<Action> {
  yield* wait(numberParameter(selection, "head", 0))
  switch (reply) {
    case "stall-head":
      return yield { type: "stall" }
    case "reset-head":
      return yield { type: "reset" }
    case "page":
      return yield* whole(200, html, "<!doctype html><html><body><h1>Welcome</h1></body></html>")
    case "error-page":
      return yield* whole(numberParameter(selection, "status", 502), html, "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>")
    case "empty":
      return yield* stream ? [{ type: "head", status: 200, headers: { ...sse, ...provider.answerHeaders(number) } } as const] : whole(200, json, "")
    default:
      return yield* failed(provider, number, selection, 500)
  }
}

/** An error reply with the status, code and Retry-After of the selection. */
export const failed = (provider: Provider, number: number, selection: Selection, otherwise: number): Actions => {
  const status = numberParameter(selection, "status", otherwise)
  const code = selection.parameters.get("code")
  const retryAfter = selection.parameters.get("retryAfter") ?? (status === 429 ? "1" : undefined)
  const refusal = { status, message: errorMessage(status), ...(code === undefined ? {} : { code }) }
  return refused(provider, number, refusal, retryAfter === undefined ? {} : { "retry-after": retryAfter })
}
