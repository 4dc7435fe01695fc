/**
 * Changes the bytes of a reply without knowing what they mean: split into small network writes, ended at a byte,
 * compressed, sent under another content type. Each works on any scenario.
 */
import { gzipSync } from "node:zlib"
import { type Action, type Actions, type ConnectionFault, suffer } from "./Actions.ts"
import { isSet, numberParameter, type Selection } from "./Selection.ts"

const bytesOf = (data: string | Uint8Array): Uint8Array => typeof data === "string" ? Buffer.from(data) : data

/** Cuts every write into `size` bytes, inside characters and lines too, with a wait after each. */
function* split(actions: Actions, size: number, millis: number): Generator<Action> {
  for (const action of actions) {
    if (action.type !== "write") {
      yield action
      continue
    }
    const bytes = bytesOf(action.data)
    for (let at = 0; at < bytes.length; at += size) {
      const last = at + size >= bytes.length
      yield { type: "write", data: bytes.subarray(at, at + size), events: last ? action.events : 0 }
      yield { type: "wait", millis }
    }
  }
}

/** Lets `limit` bytes of the body pass, then the fault; a shorter body suffers it at its end. */
function* endedAt(actions: Actions, limit: number, linger: number, fault: ConnectionFault): Generator<Action> {
  let left = limit
  for (const action of actions) {
    if (action.type !== "write") {
      yield action
      if (action.type !== "head" || left > 0) continue
      break
    }
    const bytes = bytesOf(action.data)
    const whole = bytes.length <= left
    yield { type: "write", data: bytes.subarray(0, left), events: whole ? action.events : 0 }
    left -= bytes.length
    if (left <= 0) break
  }
  yield* suffer(fault, linger)
}

/** Compresses the whole body into one write. */
function* compressed(actions: Actions): Generator<Action> {
  const parts: Array<Uint8Array> = []
  let events = 0
  for (const action of actions) {
    if (action.type === "write") {
      parts.push(bytesOf(action.data))
      events += action.events
    } else if (action.type === "head") {
      const { "content-length": _, ...headers } = action.headers
      yield { ...action, headers: { ...headers, "content-encoding": "gzip" } }
    } else {
      yield action
    }
  }
  yield { type: "write", data: gzipSync(Buffer.concat(parts)), events }
}

function* retyped(actions: Actions, type: string): Generator<Action> {
  for (const action of actions) yield action.type === "head" ? { ...action, headers: { ...action.headers, "content-type": type } } : action
}

/** Applies the byte-level parameters of a selection; `fault` is what `at=n` ends with. */
export const reshape = (actions: Actions, selection: Selection, fault: ConnectionFault): Actions => {
  const type = selection.parameters.get("type")
  const at = numberParameter(selection, "at", -1)
  const size = numberParameter(selection, "split", 0)
  let shaped = actions
  if (type !== undefined) shaped = retyped(shaped, type)
  if (isSet(selection, "gzip")) shaped = compressed(shaped)
  if (at >= 0) shaped = endedAt(shaped, at, numberParameter(selection, "linger", 10), fault)
  return size > 0 ? split(shaped, size, numberParameter(selection, "drip", 0)) : shaped
}
