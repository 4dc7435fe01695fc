/**
 * Changes the texts of a request before it goes to a provider: instructions, turns, descriptions of tools, the expected text, and the
 * names by which the caller tells its users apart. A request in which nothing changes is the same object as before.
 */
import type { EmbeddingRequest } from "@sluice/protocol/CanonicalEmbedding"
import type { CanonicalRequest, Tool, Turn } from "@sluice/protocol/CanonicalRequest"
import * as PartTexts from "./PartTexts.ts"

type Change = PartTexts.Change

const turn = (given: Turn, change: Change): Turn => {
  const parts = PartTexts.each(given.parts, (part) => PartTexts.of(part, change))
  return parts === given.parts ? given : { ...given, parts }
}

const described = <T extends { readonly description?: string }>(tool: T, change: Change): T => {
  if (tool.description === undefined) return tool
  const description = change(tool.description, "text")
  return description === tool.description ? tool : { ...tool, description }
}

const tool = (given: Tool, change: Change): Tool => {
  if (given.type === "provider") return given
  if (given.type !== "namespace") return described(given, change)
  const own = described(given, change)
  const tools = PartTexts.each(own.tools, (inner) => described(inner, change))
  return tools === own.tools ? own : { ...own, tools }
}

const list = <A>(items: ReadonlyArray<A> | undefined, change: (item: A) => A): ReadonlyArray<A> | undefined =>
  items === undefined ? undefined : PartTexts.each(items, change)

const table = (values: CanonicalRequest["metadata"], change: Change): CanonicalRequest["metadata"] => {
  if (values === undefined) return undefined
  const entries = Object.entries(values).map(([key, value]) => [key, change(value, "text")] as const)
  return entries.some(([key, value]) => value !== values[key]) ? Object.fromEntries(entries) : values
}

const text = (given: string | undefined, change: Change): string | undefined => given === undefined ? undefined : change(given, "text")

/** The request with its texts changed. */
export const of = (request: CanonicalRequest, change: Change): CanonicalRequest => {
  const changed = {
    instructions: list(request.instructions, (item) => turn(item, change)),
    turns: PartTexts.each(request.turns, (item) => turn(item, change)),
    tools: list(request.tools, (item) => tool(item, change)),
    prediction: list(request.prediction, (part) => PartTexts.of(part, change)),
    metadata: table(request.metadata, change),
    user: text(request.user, change),
    safetyIdentifier: text(request.safetyIdentifier, change)
  }
  const differing = Object.entries(changed).filter(([key, value]) => value !== Reflect.get(request, key))
  return differing.length === 0 ? request : { ...request, ...Object.fromEntries(differing) }
}

/** The texts of an embedding request changed. */
export const ofEmbedding = (request: EmbeddingRequest, change: Change): EmbeddingRequest => {
  const inputs = PartTexts.each(request.inputs, (input) => {
    if (input.type !== "text") return input
    const said = change(input.text, "text")
    const title = text(input.title, change)
    return said === input.text && title === input.title ? input : { ...input, text: said, ...(title === undefined ? {} : { title }) }
  })
  const user = text(request.user, change)
  return inputs === request.inputs && user === request.user ? request : { ...request, inputs, ...(user === undefined ? {} : { user }) }
}
