/**
 * Offered tools and the choice among them. Functions cross by name and schema; custom tools become functions with one text
 * parameter; namespaces are flattened into names; tools of another provider are not offered.
 */
import type { CustomTool, FunctionTool, NamespaceTool, ProviderTool, Tool, ToolChoice } from "@sluice/protocol/CanonicalRequest"
import { bare, same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import * as RootedSchema from "@sluice/protocol/RootedSchema"
import { isObject, type Json, type JsonObject, type Node } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { cacheField } from "./Cache.ts"
import { type Crossing, drop, fieldOf, fitName, inside, isOwn, originOf, type Place } from "./Crossing.ts"
import * as Schemas from "./Schemas.ts"
import * as Wire from "./Wire.ts"

type WireFunction = typeof Wire.FunctionTool.Type

const isTool = Schema.is(Wire.Tool)
const isOther = Schema.is(Wire.OtherTool)
const isChoice = Schema.is(Wire.ToolChoice)
const isFunction = Schema.is(Wire.FunctionTool)
const structural: ReadonlySet<string> = new Set(["type"])
const plain = Fields.plain<FunctionTool, WireFunction, Crossing>()

/** `true` stands for a schema of anything, `false` for one of nothing; what to make of them is the provider's business. */
const readSchema = (schema: JsonObject | boolean): JsonObject | undefined => schema === true ? undefined : schema === false ? { not: {} } : schema

const functionTool: Fields.Fields<FunctionTool, WireFunction, Crossing> = [
  {
    of: ["name"],
    keys: ["name"],
    get: ({ name }) => ({ name }),
    put: (tool, _, place) => {
      const name = fitName(tool.name, place.context)
      if (name !== tool.name) Fields.lose(place, tool, "name", { reason: "renamed", weight: "hint", before: tool.name, after: name })
      return { name }
    }
  },
  plain("description", "description", (value) => value, (value) => value),
  plain("parameters", "input_schema", readSchema, (value) => value),
  plain("strict", "strict", (value) => value, (value) => value),
  plain("deferred", "defer_loading", (value) => value, (value) => value),
  cacheField()
]

const providerTool: Fields.Fields<ProviderTool, typeof Wire.OtherTool.Type, Crossing> = [cacheField()]

const decodeTool = (wire: Wire.Tool, at: string): Tool => {
  const value = Wire.asJson(wire)
  const node = { wire: { dialect: Wire.id, value }, at }
  if (isFunction(wire)) {
    const foreign = Fields.foreignKeys(functionTool, wire, structural)
    return { type: "function", name: wire.name, ...Fields.get(functionTool, wire, at), ...present({ foreign }), ...node }
  }
  return { type: "provider", dialect: Wire.id, name: wire.type, value, ...Fields.get(providerTool, wire, at), ...node }
}

/** Offered tools. */
export const decodeTools = (tools: ReadonlyArray<Wire.Tool>, at: string): ReadonlyArray<Tool> =>
  tools.map((tool, index) => decodeTool(tool, Pointer.child(at, index)))

const encodeFunction = (tool: FunctionTool, place: Place): JsonObject => {
  const origin = originOf(isFunction, tool)
  const rooted = origin === undefined ? RootedSchema.rooted(tool.parameters) : tool.parameters
  const { isWider, schema: parameters } = origin === undefined && tool.strict === true ? Schemas.closed(rooted ?? {}) : { isWider: false, schema: rooted }
  if (!same(parameters, tool.parameters)) {
    const reason = tool.parameters === undefined ? "defaulted" : "approximated"
    const weight = isWider ? "meaning" : "hint"
    Fields.lose(place, tool, "parameters", present({ reason, weight, before: tool.parameters, after: parameters }))
  }
  Fields.loseRest(functionTool, tool, new Set(["type"]), place, () => "hint", isOwn(tool))
  return Fields.put(functionTool, present({ ...tool, parameters }), origin, place)
}

/** A custom tool as a function: what is called with free text is called with one text parameter instead. */
const asFunction = (tool: CustomTool): FunctionTool => {
  const grammar = tool.grammar === undefined ? undefined : `The input must follow this ${tool.grammar.syntax} grammar:\n${tool.grammar.definition}`
  const description = [tool.description, grammar].filter((text) => text !== undefined).join("\n\n")
  return present({
    type: "function",
    name: tool.name,
    description: description === "" ? undefined : description,
    parameters: { type: "object", properties: { input: { type: "string" } }, required: ["input"] },
    deferred: tool.deferred,
    cache: tool.cache
  })
}

const flattened = (tool: NamespaceTool, place: Place): ReadonlyArray<FunctionTool> =>
  tool.tools.map((inner) => {
    const { wire: _, ...flat } = inner.type === "custom" ? asFunction(inner) : inner
    return { ...flat, name: place.context.flat(tool.name, inner.name) }
  })

const approximate = (place: Place, before: unknown, after: unknown): void =>
  place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: bare(before), after: bare(after) })

/** Whether the model can find tools that are not loaded: Anthropic's own search among the tools is how. */
const hasSearch = (tools: ReadonlyArray<Tool>): boolean =>
  tools.some((tool) => tool.type === "provider" && tool.dialect === Wire.id && tool.name.startsWith("tool_search"))

const withoutDeferral = (tool: FunctionTool | CustomTool): FunctionTool | CustomTool => {
  const { deferred: _, ...rest } = tool
  return rest
}

/** A tool of another dialect that nothing here could ever load is loaded at once. A namespace tells of its tools as a list. */
const loaded = (tool: Tool, place: Place): Tool => {
  if (isOwn(tool) || tool.type === "provider") return tool
  if (tool.type === "namespace") return { ...tool, tools: tool.tools.map(withoutDeferral) }
  if (tool.deferred === undefined) return tool
  Fields.lose(place, tool, "deferred", { reason: "dropped", weight: "hint", before: tool.deferred })
  return withoutDeferral(tool)
}

const encodeTool = (tool: Tool, place: Place): ReadonlyArray<JsonObject> => {
  if (place.context.allowed?.has(tool.name) === false) {
    drop(place, tool, "hint")
    return []
  }
  switch (tool.type) {
    case "function":
      return [encodeFunction(tool, place)]
    case "custom": {
      const after = asFunction(tool)
      approximate(place, tool, after)
      return [encodeFunction(after, place)]
    }
    case "namespace":
      return flattened(tool, place).map((inner) => encodeFunction(inner, place))
    case "provider":
      // The value of a provider tool is the tool itself, so that an edit of the value shows; its cache hint is one key of it.
      if (tool.dialect === Wire.id && isOther(tool.value)) return [Fields.put(providerTool, tool, tool.value, place)]
      drop(place, tool, "hint")
      return []
  }
}

/** Tools over the list they came from: the same list when nothing changed. `place` is the list of tools. */
export const encodeTools = (tools: ReadonlyArray<Tool>, origin: Json | undefined, place: Place): Json => {
  const isLoaded = !hasSearch(tools)
  const written = tools.flatMap((tool, index) => {
    const here = inside(place, tool, index)
    return encodeTool(isLoaded ? loaded(tool, here) : tool, here)
  })
  // One namespace becomes several tools, which only the list as a whole can say.
  if (tools.some((tool) => tool.type === "namespace")) approximate(place, tools, decodeTools(written.filter(isTool), ""))
  return Array.isArray(origin) && origin.length === written.length && written.every((tool, index) => tool === origin[index]) ? origin : written
}

/** What a request says of the choice among tools. */
export interface Choice extends Node {
  readonly toolChoice?: ToolChoice
  readonly parallelToolCalls?: boolean
}

/** `tool_choice` in canonical words. */
export const decodeToolChoice = (wire: typeof Wire.ToolChoice.Type | null | undefined): Choice => {
  if (wire === undefined || wire === null) return {}
  const disabled = wire.disable_parallel_tool_use ?? undefined
  return present({ toolChoice: choiceOf(wire), parallelToolCalls: disabled === undefined ? undefined : !disabled })
}

const choiceOf = (wire: typeof Wire.ToolChoice.Type): ToolChoice => {
  switch (wire.type) {
    case "auto":
    case "none":
      return { type: wire.type }
    case "any":
      return { type: "required" }
    case "tool":
      return { type: "named", kind: "function", name: wire.name ?? "" }
    default:
      return { type: "provider", dialect: Wire.id, value: Wire.asJson(wire) }
  }
}

const wireChoice = (choice: ToolChoice, place: Place): JsonObject | undefined => {
  switch (choice.type) {
    case "auto":
    case "none":
      return { type: choice.type }
    case "required":
      return { type: "any" }
    case "named":
      return { type: "tool", name: fitName(choice.name, place.context) }
    case "allowed":
      return { type: choice.mode === "required" ? "any" : "auto" }
    case "provider":
      return choice.dialect === Wire.id && isObject(choice.value) ? choice.value : undefined
  }
}

const loseChoice = (before: ToolChoice | undefined, after: ToolChoice | undefined, place: Place): void => {
  if (same(before, after)) return
  if (after === undefined) return drop(place, before, before?.type === "auto" ? "hint" : "meaning")
  const reason = before === undefined ? "defaulted" : "approximated"
  place.sink.add({ at: place.at, canonical: place.canonical, reason, weight: "hint", ...present({ before, after }) })
}

/**
 * The choice as `tool_choice`, over the one it came from. Whether calls may be parallel is part of it, so that a request that
 * says only that needs the choice `auto` beside it; beside `none` it has no place.
 */
export const encodeToolChoice = (choice: Choice, origin: typeof Wire.ToolChoice.Type | null | undefined, place: Place): JsonObject | undefined => {
  const { parallelToolCalls: parallel, toolChoice } = choice
  const wanted = toolChoice ?? (parallel === undefined ? undefined : { type: "auto" as const })
  const written = wanted === undefined ? undefined : wireChoice(wanted, place)
  const disable = written === undefined || written["type"] === "none" || parallel === undefined ? undefined : !parallel
  const before = Wire.asObject(origin)
  const kept = before["type"] === written?.["type"] ? before : {}
  const merged = written === undefined ? undefined : Fields.patched({ ...kept, ...written }, { disable_parallel_tool_use: disable })
  const after: Choice = isChoice(merged) ? decodeToolChoice(merged) : {}
  loseChoice(toolChoice, after.toolChoice, fieldOf(place, choice, "toolChoice"))
  if (parallel !== after.parallelToolCalls) drop(fieldOf(place, choice, "parallelToolCalls"), parallel, "hint")
  return merged
}
