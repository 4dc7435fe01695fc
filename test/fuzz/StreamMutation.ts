/** Mutation of streams by their events: taken away, doubled, moved, taken from other streams, changed inside, framed in odd ways. */
import type { Piece } from "./Corpus.ts"
import { type Donors, mutate as mutateJson } from "./JsonMutation.ts"
import type { Random } from "./Random.ts"

/** One event as it will be written. */
interface Said {
  readonly name: string | undefined
  readonly data: string
}

const odd: readonly [Said, ...ReadonlyArray<Said>] = [
  { name: undefined, data: "" },
  { name: undefined, data: "[DONE]" },
  { name: undefined, data: "null" },
  { name: undefined, data: "[]" },
  { name: undefined, data: "{}" },
  { name: undefined, data: "\"x\"" },
  { name: "error", data: "{\"error\":{\"message\":\"x\"}}" },
  { name: "error", data: "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}" },
  { name: "ping", data: "{\"type\":\"ping\"}" },
  { name: "__proto__", data: "{\"type\":\"__proto__\"}" },
  { name: "constructor", data: "{\"type\":\"constructor\"}" },
  { name: undefined, data: "{\"type\":\"toString\"}" },
  { name: undefined, data: "{\"choices\":[{}]}" },
  { name: undefined, data: "<html>" }
]

const change = (random: Random, events: Array<Said>, pieces: ReadonlyArray<Piece>, other: ReadonlyArray<Piece>, donors: Donors): void => {
  const at = random.below(events.length + 1)
  const here = events[at]
  switch (random.below(12)) {
    case 0:
      events.splice(at, 1)
      return
    case 1:
      if (here !== undefined) events.splice(at, 0, here)
      return
    case 2:
      if (here !== undefined) events.splice(random.below(events.length), 0, ...events.splice(at, 1))
      return
    case 3:
      events.splice(at, 0, random.pick(odd))
      return
    case 4: {
      const donor = random.from(other)
      if (donor !== undefined) events.splice(at, 0, donor)
      return
    }
    case 5:
      if (random.chance(30)) events.length = at
      else if (here !== undefined) events[at] = { ...here, name: random.pick([undefined, "message", "error", "x", other[0]?.name]) }
      return
    case 6:
      if (random.chance(20)) events.splice(at, events.length, ...other.slice(random.below(other.length + 1)))
      return
    default: {
      const chosen = random.below(events.length)
      const said = events[chosen]
      const tree = pieces.find((piece) => piece.data === said?.data)?.tree
      if (said !== undefined && tree !== undefined) events[chosen] = { name: said.name, data: mutateJson(random, tree, donors) }
    }
  }
}

/** A stream's events with one to five changes. */
export const mutate = (random: Random, pieces: ReadonlyArray<Piece>, other: ReadonlyArray<Piece>, donors: Donors): ReadonlyArray<Said> => {
  const events: Array<Said> = [...pieces]
  const times = random.chance(50) ? 1 : 2 + random.below(4)
  for (let time = 0; time < times; time++) change(random, events, pieces, other, donors)
  return events
}

const lineEnds = ["\n", "\r\n", "\r"] as const

const line = (random: Random, { data, name }: Said, end: string): string => {
  const field = random.rarely(30) ? "data:" : "data: "
  const head = name === undefined ? "" : `event: ${name.replaceAll(/[\r\n]/g, "")}${end}`
  const extra = random.rarely(20) ? random.pick([`: comment${end}`, `id: 1${end}`, `retry: 5${end}`, `data${end}`, `foo: bar${end}`]) : ""
  const text = random.rarely(20) ? data.replaceAll(",", `,${end}${field}`) : data.replaceAll(/[\r\n]+/g, " ")
  const blank = random.rarely(15) ? "" : end
  return `${head}${extra}${field}${text}${end}${blank}`
}

/** The text of a stream of server-sent events, in any of its layouts. */
export const toSse = (random: Random, events: ReadonlyArray<Said>): string => {
  const end = random.chance(70) ? "\n" : random.pick(lineEnds)
  const start = random.rarely(30) ? "\ufeff" : ""
  return start + events.map((event) => line(random, event, random.rarely(30) ? random.pick(lineEnds) : end)).join("")
}

/** The text of a stream that is one JSON array. */
export const toArray = (random: Random, events: ReadonlyArray<Said>): string => {
  const between = random.pick([",\r\n", ",", ",\n\n", " , ", ""])
  const text = events.map(({ data }) => data).join(random.chance(85) ? "," : between)
  return `${random.rarely(30) ? "" : "["}${text}${random.rarely(50) ? "" : "]"}`
}
