/**
 * What a tool is called where a dialect has no namespaces and no tools that take free text, and which tool a call of such a
 * name means. Pure functions of the request, because the client brings the calls back in its next one.
 */
import type { CallFacts } from "./CanonicalEvent.ts"
import type { Tool } from "./CanonicalRequest.ts"

/** A tool as its caller names it in a call. */
export type ToolName = Omit<CallFacts, "id">

/** The name of a tool of a namespace where there are no namespaces. */
export const flat = (namespace: string, name: string): string => `${namespace}__${name}`

/**
 * The tools that a dialect may have been offered under another name or as another kind: the name it was offered under, and the
 * tool. `renamed` has the names that had to be changed beyond that, the dialect's to the flat one. Functions that kept their
 * name are not among them; where a function has the flat name of another tool, a call means the function.
 */
export const changed = (tools: ReadonlyArray<Tool>, renamed: ReadonlyMap<string, string>): ReadonlyMap<string, ToolName> => {
  const found = new Map<string, ToolName>()
  for (const tool of tools) {
    if (tool.type === "custom") found.set(tool.name, { kind: "custom", name: tool.name })
    if (tool.type !== "namespace") continue
    for (const { name, type } of tool.tools) found.set(flat(tool.name, name), { kind: type, name, namespace: tool.name })
  }
  for (const tool of tools) if (tool.type === "function") found.delete(tool.name)
  for (const [name, flatName] of renamed) {
    found.set(name, found.get(flatName) ?? { kind: "function", name: flatName })
  }
  return found
}
