/**
 * Gives the calls of an answer back as the client offered its tools: under their names, in their namespaces, and with free text
 * where they take free text, though the provider called a function with one text parameter. Such text is known only when the
 * arguments are whole, so that it comes in one piece. Pure but for the calls it waits for.
 */
import type { CallFacts, CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import { parseArguments } from "@sluice/protocol/Json"
import type { ToolName } from "@sluice/protocol/ToolNames"

/** A frame as the client is to get it; `undefined` where nothing is left of it for now. */
export type Give = (frame: Frame) => Frame | undefined

const sameFrame: Give = (frame) => frame

/** The free text a custom tool was called with as a function; arguments of another form are the text themselves. */
const textOf = (callArguments: string): string => {
  const input = parseArguments(callArguments)?.["input"]
  return typeof input === "string" ? input : callArguments
}

/** The facts of a call with the tool's own name. A provider that knows custom tools has called one as such. */
const named = (call: CallFacts, tool: ToolName): CallFacts => ({
  kind: tool.kind === "custom" ? "custom" : call.kind,
  id: call.id,
  name: tool.name,
  ...(tool.namespace === undefined ? {} : { namespace: tool.namespace })
})

const finalOf = (part: Part, call: CallFacts, isUnwrapped: boolean): Part => {
  if (part.type !== "tool-call") return part
  const { wire: _, ...rest } = part
  return { ...rest, ...call, arguments: isUnwrapped ? textOf(part.arguments) : part.arguments }
}

interface Open {
  readonly call: CallFacts
  /** What came of the arguments so far, where they are held back. */
  held: string | undefined
}

const keyOf = ({ choice, index }: { readonly choice: number; readonly index: number }): string => `${choice} ${index}`

/** Starts for one answer. `tools` are those whose calls look different to the provider, by its name of them. */
export const giveBack = (tools: ReadonlyMap<string, ToolName>): Give => {
  if (tools.size === 0) return sameFrame
  const open = new Map<string, Open>()

  const step = (event: CanonicalEvent): ReadonlyArray<CanonicalEvent> => {
    if (event.type === "block-start") {
      const tool = event.call === undefined ? undefined : tools.get(event.call.name)
      if (event.call === undefined || tool === undefined) return [event]
      const call = named(event.call, tool)
      open.set(keyOf(event), { call, held: call.kind === event.call.kind ? undefined : "" })
      return [{ ...event, call }]
    }
    if (event.type !== "tool-arguments-delta" && event.type !== "block-end") return [event]
    const block = open.get(keyOf(event))
    if (block === undefined) return [event]
    if (event.type === "tool-arguments-delta") {
      if (block.held === undefined) return [event]
      block.held += event.text
      return []
    }
    open.delete(keyOf(event))
    const { call, held } = block
    const end = event.final === undefined ? event : { ...event, final: finalOf(event.final, call, held !== undefined) }
    return held === undefined || held === "" ? [end] : [{ type: "tool-arguments-delta", choice: event.choice, index: event.index, text: textOf(held) }, end]
  }

  return (frame) => {
    if (open.size === 0 && !frame.events.some(({ type }) => type === "block-start")) return frame
    const events = frame.events.flatMap(step)
    if (events.length === frame.events.length && events.every((event, index) => event === frame.events[index])) return frame
    return events.length === 0 && frame.events.length > 0 ? undefined : { ...frame, events }
  }
}
