/**
 * What a tool is called where a dialect has no namespaces and no tools that take free text, and which tool a call of such a
 * name means. Pure functions of the request, because the client brings the calls back in its next one.
 */
import type { CallFacts } from "./CanonicalEvent.ts"
import type { Tool } from "./CanonicalRequest.ts"
import { isObject } from "./Wire.ts"

/** A tool as its caller names it in a call. */
export type ToolName = Omit<CallFacts, "id">

/** Names a tool of a namespace where there are no namespaces. */
export type Flat = (namespace: string, name: string) => string

/** The plain name of a tool of a namespace: both names. */
export const flat: Flat = (namespace, name) => `${namespace}__${name}`

const nameOf = (tool: Tool): string => {
  const stated = tool.type === "provider" && isObject(tool.value) ? tool.value["name"] : undefined
  return typeof stated === "string" ? stated : tool.name
}

const freeName = (plain: string, taken: ReadonlySet<string>): string => {
  let name = plain
  for (let count = 2; taken.has(name); count++) name = `${plain}_${count}`
  return name
}

/**
 * The names of a request's tools in namespaces, each of which no other tool has: one that stands by itself keeps its name, and
 * one in a namespace whose plain name is taken gets another. A tool that is not offered any more has its plain name.
 */
export const among = (tools: ReadonlyArray<Tool> | undefined): Flat => {
  const spaces = (tools ?? []).flatMap((tool) => tool.type === "namespace" ? [tool] : [])
  if (spaces.length === 0) return flat
  const taken = new Set((tools ?? []).flatMap((tool) => tool.type === "namespace" ? [] : [nameOf(tool)]))
  const names = new Map<string, string>()
  const keyOf = (namespace: string, name: string): string => JSON.stringify([namespace, name])
  for (const { name: namespace, tools: members } of spaces) {
    for (const { name } of members) {
      const key = keyOf(namespace, name)
      if (names.has(key)) continue
      const free = freeName(flat(namespace, name), taken)
      taken.add(free)
      names.set(key, free)
    }
  }
  return (namespace, name) => names.get(keyOf(namespace, name)) ?? flat(namespace, name)
}

/**
 * The tools that a dialect may have been offered under another name or as another kind: the name it was offered under, and the
 * tool. `renamed` has the names that had to be changed beyond that, the dialect's to the flat one. Functions that kept their
 * name are not among them; where a function has the name of another tool, a call means the function.
 */
export const changed = (tools: ReadonlyArray<Tool>, renamed: ReadonlyMap<string, string>): ReadonlyMap<string, ToolName> => {
  const flatName = among(tools)
  const found = new Map<string, ToolName>()
  for (const tool of tools) {
    if (tool.type === "custom") found.set(tool.name, { kind: "custom", name: tool.name })
    if (tool.type !== "namespace") continue
    for (const { name, type } of tool.tools) found.set(flatName(tool.name, name), { kind: type, name, namespace: tool.name })
  }
  for (const tool of tools) if (tool.type === "function") found.delete(tool.name)
  for (const [name, given] of renamed) {
    found.set(name, found.get(given) ?? { kind: "function", name: given })
  }
  return found
}
