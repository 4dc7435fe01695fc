/**
 * The normal form under which law 2 compares a request or an answer with what came out on the other side of a crossing. It
 * removes differences that carry no meaning and that protocols force upon each other: how results are grouped into messages,
 * where adjacent messages are cut, the layout of JSON arguments, ids. It is not used inside one dialect, where identity holds.
 */
import type { Part, ToolCallPart, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Tool, Turn } from "@sluice/protocol/CanonicalRequest"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import * as Equality from "@sluice/protocol/Equality"
import * as Json from "@sluice/protocol/Json"
import { nodeKeys } from "@sluice/protocol/Wire"
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

/** Protocols that keep thinking, refusals and calls apart from content lose their order among each other, not that within each kind. */
const rank = (part: Part): number => part.type === "reasoning" ? 0 : part.type === "refusal" ? 2 : part.type === "tool-call" ? 3 : 1

/** Answers keep media apart as well; in a request an image stands between the texts that speak of it. */
const answerRank = (part: Part): number =>
  part.type === "image" || part.type === "document" || part.type === "audio" || part.type === "video" ? 1.5 : rank(part)

const isEmptyText = (part: Part): boolean => part.type === "text" && part.text === ""

/** Whether two parts are words of one kind, without anything of their own: protocols that keep kinds apart write them as one. */
const continues = (last: Part | undefined, part: Part): last is Extract<Part, { readonly text: string }> =>
  last !== undefined && last.type === part.type && isPlain(last) && isPlain(part) &&
  (last.type !== "reasoning" || part.type !== "reasoning" || last.form === part.form)

const plainKeys = new Set(["type", "text", "form"])

const isPlain = (part: Part): part is Extract<Part, { readonly text: string }> =>
  "text" in part && Object.entries(part).every(([key, value]) => value === undefined || plainKeys.has(key) || nodeKeys.has(key))

const joinWords = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const joined: Array<Part> = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (continues(last, part) && isPlain(part)) joined[joined.length - 1] = { ...last, text: last.text + part.text }
    else joined.push(part)
  }
  return joined
}

const normalParts = (parts: ReadonlyArray<Part>, number: (id: string) => string, rankOf = rank): ReadonlyArray<Part> =>
  joinWords(
    parts.filter((part) => !isEmptyText(part)).toSorted((left, right) => rankOf(left) - rankOf(right)).map((part): Part => {
      if (part.type === "tool-call") return { ...part, id: number(part.id), arguments: args(part) }
      if (part.type === "tool-result") return normalResult(part, number)
      if (part.type === "text" && part.annotations?.length === 0) return Struct.omit(part, ["annotations"])
      if ("source" in part && part.source.type === "parts") {
        return {
          ...part,
          source: { ...part.source, parts: part.source.parts.filter((inner) => !isEmptyText(inner)) }
        }
      }
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
  // A turn that says nothing parts no two others
  return merge(turns.flatMap(split).map(anonymous).filter((turn) => !turn.parts.every(isEmptyText)))
    .map((turn) => ({ ...turn, parts: normalParts(turn.parts, number) }))
    .filter((turn) => turn.parts.length > 0)
}

/** An object schema that names no properties says the same as one whose list of them is empty. */
const normalSchema = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(normalSchema)
  if (typeof value !== "object" || value === null) return value
  const isEmptyList = (key: string, inner: unknown): boolean =>
    key === "properties" && typeof inner === "object" && inner !== null && Object.keys(inner).length === 0
  return Object.fromEntries(Object.entries(value).filter(([key, inner]) => !isEmptyList(key, inner)).map(([key, inner]) => [key, normalSchema(inner)]))
}

const normalTool = (tool: Tool): unknown => {
  if (tool.type === "namespace") return { ...tool, tools: tool.tools.map(normalTool) }
  return tool.type === "function" && tool.parameters !== undefined ? { ...tool, parameters: normalSchema(tool.parameters) } : tool
}

/**
 * A request in normal form. System and developer are one role, what they say before anybody else is the instructions, results are turns of their own,
 * adjacent turns of a speaker are one, calls come last in their turn and are numbered, empty texts and lists are gone.
 */
export const ofRequest = (request: CanonicalRequest): unknown => {
  // How the client wants its own stream is answered by the gateway and not by the other side.
  const { instructions, tools, stop, streamOptions: _, ...rest } = request
  const turns = normalTurns(rest.turns)
  const first = turns.findIndex((turn) => turn.role !== "system")
  const leading = first === -1 ? turns.length : first
  const said = [...normalTurns(instructions ?? []), ...turns.slice(0, leading)].flatMap((turn) => turn.parts)
  return Equality.bare({
    ...rest,
    turns: turns.slice(leading),
    instructions: said.length === 0 ? undefined : joinWords(said),
    tools: tools === undefined || tools.length === 0 ? undefined : tools.map(normalTool),
    stop: stop?.length === 0 ? undefined : stop
  })
}

/** What an answer says, whoever said it: content, calls, reasons, tokens; ids, model, annotations and native values aside. */
export const ofResponse = (response: CanonicalResponse): unknown => {
  const number = numbering()
  return Equality.bare({
    choices: response.choices.map((choice) => ({
      index: choice.index,
      parts: normalParts(choice.parts.map(({ part }): Part => part.type === "text" ? Struct.omit(part, ["annotations"]) : part), number, answerRank),
      finish: choice.finish?.reason
    })),
    usage: response.usage,
    failure: response.failure === undefined ? undefined : { class: response.failure.class }
  })
}
