/**
 * The normal form under which law 2 compares a request or an answer with what came out on the other side of a crossing. It
 * removes differences that carry no meaning and that protocols force upon each other: how results are grouped into messages,
 * where adjacent messages are cut, the layout of JSON arguments, ids. It is not used inside one dialect, where identity holds.
 */
import type { Part, ToolCallPart, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import * as Equality from "@sluice/protocol/Equality"
import * as Json from "@sluice/protocol/Json"
import * as Struct from "effect/Struct"

/** Arguments as JSON without layout; text that is not an object stays as it is. */
const args = (part: ToolCallPart): string => {
  const parsed = part.kind === "function" ? Json.parseArguments(part.arguments) : undefined
  return parsed === undefined ? part.arguments : JSON.stringify(sorted(parsed))
}

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => left < right ? -1 : 1).map(([key, inner]) => [key, sorted(inner)]))
}

/** Gives calls their number in the order of their first mention. */
const numbering = (): (id: string) => string => {
  const numbers = new Map<string, string>()
  return (id) => {
    const known = numbers.get(id) ?? `call#${numbers.size}`
    numbers.set(id, known)
    return known
  }
}

/** Protocols that keep calls apart from content give the calls last; the order within each kind is kept. */
const rank = (part: Part): number => part.type === "reasoning" ? 0 : part.type === "tool-call" ? 2 : 1

const isEmptyText = (part: Part): boolean => part.type === "text" && part.text === ""

/** Adjacent texts without anything of their own are one text. */
const joinTexts = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> =>
  parts.reduce<ReadonlyArray<Part>>((joined, part) => {
    const last = joined.at(-1)
    return last?.type === "text" && part.type === "text" && isPlain(last) && isPlain(part)
      ? [...joined.slice(0, -1), { type: "text", text: last.text + part.text }]
      : [...joined, part]
  }, [])

const isPlain = (part: Part): boolean => Object.keys(Equality.bare(part) ?? {}).length === 2

const normalParts = (parts: ReadonlyArray<Part>, number: (id: string) => string): ReadonlyArray<Part> =>
  joinTexts(
    parts.filter((part) => !isEmptyText(part)).toSorted((left, right) => rank(left) - rank(right)).map((part): Part => {
      if (part.type === "tool-call") return { ...part, id: number(part.id), arguments: args(part) }
      if (part.type === "tool-result") return normalResult(part, number)
      return part
    })
  )

/** A result that says it is no error says the same as one that does not speak of it. */
const normalResult = (part: ToolResultPart, number: (id: string) => string): ToolResultPart => ({
  ...Struct.omit(part, part.isError === false ? ["name", "isError"] : ["name"]),
  id: number(part.id),
  parts: normalParts(part.parts, number)
})

/** Each result becomes a turn of its own, before what else its turn says. */
const split = (turn: Turn): ReadonlyArray<Turn> => {
  if (turn.role !== "user" && turn.role !== "tool") return [turn]
  const results = turn.parts.filter((part) => part.type === "tool-result")
  const rest = turn.parts.filter((part) => part.type !== "tool-result")
  if (results.length === 0) return [turn]
  const said: ReadonlyArray<Turn> = rest.length === 0 ? [] : [{ ...turn, role: "user", parts: rest }]
  return [...results.map((part): Turn => ({ role: "tool", parts: [part] })), ...said]
}

const merge = (turns: ReadonlyArray<Turn>): ReadonlyArray<Turn> =>
  turns.reduce<ReadonlyArray<Turn>>((merged, turn) => {
    const last = merged.at(-1)
    const fits = last !== undefined && last.role === turn.role && last.role !== "tool" && last.role !== "foreign" && last.name === turn.name
    return fits ? [...merged.slice(0, -1), { ...last, parts: [...last.parts, ...turn.parts] }] : [...merged, turn]
  }, [])

/** System and developer are one role; ids of items are not compared. */
const anonymous = (turn: Turn): Turn => ({ ...Struct.omit(turn, ["item"]), role: turn.role === "developer" ? "system" : turn.role })

const normalTurns = (turns: ReadonlyArray<Turn>): ReadonlyArray<Turn> => {
  const number = numbering()
  return merge(turns.flatMap(split).map(anonymous))
    .map((turn) => ({ ...turn, parts: normalParts(turn.parts, number) }))
    .filter((turn) => turn.parts.length > 0)
}

/**
 * A request in normal form. System and developer are one role, instructions are one turn, results are turns of their own,
 * adjacent turns of a speaker are one, calls come last in their turn and are numbered, empty texts and lists are gone.
 */
export const ofRequest = (request: CanonicalRequest): unknown => {
  // How the client wants its own stream is answered by the gateway and not by the other side.
  const { instructions, tools, stop, streamOptions: _, ...rest } = request
  const said = normalTurns(instructions ?? [])
  return Equality.bare({
    ...rest,
    turns: normalTurns(rest.turns),
    instructions: said.length === 0 ? undefined : said.flatMap((turn) => turn.parts),
    tools: tools?.length === 0 ? undefined : tools,
    stop: stop?.length === 0 ? undefined : stop
  })
}

/** What an answer says, whoever said it: content, calls, reasons, tokens; ids, model, annotations and native values aside. */
export const ofResponse = (response: CanonicalResponse): unknown => {
  const number = numbering()
  return Equality.bare({
    choices: response.choices.map((choice) => ({
      index: choice.index,
      parts: normalParts(choice.parts.map(({ part }) => part), number),
      finish: choice.finish?.reason
    })),
    usage: response.usage,
    failure: response.failure === undefined ? undefined : { class: response.failure.class }
  })
}
