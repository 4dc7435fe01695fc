/**
 * The texts that a streamed body says in pieces: the values of strings at one place of its events, in their order. A word that is split
 * between two events is found in them and in no single event.
 */

/** One string of JSON between its quotes, and the names that lead to it. */
interface Literal {
  readonly from: number
  readonly to: number
  readonly path: string
}

/** What says who or what, and not a part of a text: repeated in every event. */
const structural = new Set([
  "id",
  "object",
  "model",
  "type",
  "role",
  "status",
  "event",
  "finish_reason",
  "finishReason",
  "stop_reason",
  "system_fingerprint",
  "service_tier",
  "item_id",
  "call_id",
  "tool_call_id",
  "response_id",
  "responseId",
  "modelVersion",
  "name",
  "obfuscation",
  "traffic_type"
])

/** The end of the string that begins behind a quote. */
const endOf = (text: string, from: number, limit: number): number => {
  for (let at = from; at < limit; at++) {
    const character = text[at]
    if (character === "\\") at++
    else if (character === "\"") return at
  }
  return limit
}

/** Names of a path that count; what lies deeper is told apart by them alone. */
const deepest = 16

/** The values of strings between two places, with their paths. Broken JSON gives what can be read of it. */
const literals = (text: string, from: number, to: number, into: Array<Literal>): void => {
  const path: Array<string> = []
  let key = ""
  for (let at = from; at < to; at++) {
    const character = text[at]
    if (character === "{" || character === "[") {
      path.push(key)
      key = ""
    } else if (character === "}" || character === "]") key = path.pop() ?? ""
    else if (character === "\"") {
      const end = endOf(text, at + 1, to)
      if (/^\s{0,4}:/.test(text.slice(end + 1, end + 6))) key = text.slice(at + 1, Math.min(end, at + 65))
      else if (!structural.has(key)) into.push({ from: at + 1, to: end, path: `${path.slice(0, deepest).join(".")}.${key}` })
      at = end
    }
  }
}

/** Where the events of a streamed body stand: the data of server-sent events, or the whole of an array. */
const events = (text: string): ReadonlyArray<readonly [from: number, to: number]> => {
  if (/^\s{0,8}\[/.test(text)) return [[0, text.length]]
  const found: Array<readonly [number, number]> = []
  for (let at = text.startsWith("data:") ? 0 : text.indexOf("\ndata:") + 1; at > 0 || text.startsWith("data:", at); at = text.indexOf("\ndata:", at) + 1) {
    const end = text.indexOf("\n", at)
    found.push([at, end < 0 ? text.length : end])
    if (text.indexOf("\ndata:", at) < 0) break
  }
  return found
}

/** The texts of a body, each as the places of its pieces; only those with more than one. */
export const of = (text: string): ReadonlyArray<ReadonlyArray<{ readonly from: number; readonly to: number }>> => {
  const all: Array<Literal> = []
  for (const [from, to] of events(text)) literals(text, from, to, all)
  const groups = Map.groupBy(all, ({ path }) => path)
  return [...groups.values()].filter((pieces) => pieces.length > 1)
}
