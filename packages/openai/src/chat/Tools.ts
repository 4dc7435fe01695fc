/**
 * Tools and the choice among them. The deprecated `functions` are tools like others and stay where they were; a tool that only
 * its provider knows is carried inside this dialect only.
 */
import type { CanonicalRequest, CustomTool, FunctionTool, Tool, ToolChoice } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, type Node, valueIn } from "@sluice/protocol/Wire"
import { parametersOf } from "../internal/objectSchemas.ts"
import { fitSchema } from "../internal/strictSchemas.ts"
import { type Crossing, fitName, inside, loseNode, type Place } from "./Crossing.ts"
import { cacheField } from "./Parts.ts"
import { id, type LegacyFunction, type Request, type Tool as WireTool } from "./Wire.ts"

type Rows<N, W> = Fields.Fields<N, W, Crossing>

const nameRow = <N extends FunctionTool | CustomTool, W extends { readonly name: string }>(): Fields.Field<N, W, Crossing> => ({
  of: ["name"],
  keys: ["name"],
  get: (wire) => {
    const found: Pick<FunctionTool, "name"> = { name: wire.name }
    // N has the very field that was found.
    return found as Partial<N>
  },
  put: (tool, wire, place) => ({ name: wire.name === undefined ? fitName(tool.name, inside(place, tool, "name")) : tool.name })
})

const functionFields: Rows<FunctionTool, LegacyFunction> = [
  nameRow(),
  Fields.plain<FunctionTool, LegacyFunction, Crossing>()("description", "description", (value) => value, (value) => value),
  {
    of: ["parameters"],
    keys: ["parameters"],
    get: (wire) => present({ parameters: wire.parameters ?? undefined }),
    put: (tool, _, place) => ({ parameters: parametersOf(tool, place.context) })
  },
  Fields.plain<FunctionTool, LegacyFunction, Crossing>()("strict", "strict", (value) => value, (value) => value)
]

type CustomDefinition = Extract<WireTool, { readonly type: "custom" }>["custom"]

const customFields: Rows<CustomTool, CustomDefinition> = [
  nameRow(),
  Fields.plain<CustomTool, CustomDefinition, Crossing>()("description", "description", (value) => value, (value) => value),
  {
    of: ["grammar"],
    keys: ["format"],
    get: (wire) => present({ grammar: isObject(wire.format) && isObject(wire.format.grammar) ? wire.format.grammar : undefined }),
    put: (tool) => ({ format: tool.grammar === undefined ? { type: "text" } : { type: "grammar", grammar: tool.grammar } })
  }
]

const cacheRows: Rows<FunctionTool | CustomTool, object> = [cacheField()]

const known: ReadonlySet<string> = new Set(["type", "function", "custom"])

/** A tool is a value of the parsed body, narrowed by the schema. */
const nodeOf = (tool: object, at: string, own: ReadonlySet<string>): Node =>
  present({ wire: { dialect: id, value: tool as JsonObject }, at, foreign: Fields.foreignKeys(cacheRows, tool, own) })

/** The type decides: a tool of its provider's own type may have keys of these names as well. */
const isFunction = (tool: WireTool): tool is Extract<WireTool, { readonly function: object }> => tool.type === undefined || tool.type === "function"

const isCustom = (tool: WireTool): tool is Extract<WireTool, { readonly custom: object }> => tool.type === "custom"

const decodeTool = (tool: WireTool, at: string): Tool => {
  const node = nodeOf(tool, at, known)
  const cache = Fields.get(cacheRows, tool, at)
  if (isFunction(tool)) return { type: "function", name: "", ...Fields.get(functionFields, tool.function, at), ...present({ cache: cache.cache }), ...node }
  if (isCustom(tool)) return { type: "custom", name: "", ...Fields.get(customFields, tool.custom, at), ...present({ cache: cache.cache }), ...node }
  return { type: "provider", dialect: id, name: tool.type, value: node.wire?.value ?? null, ...present({ wire: node.wire, at: node.at }) }
}

const legacyKeys: ReadonlySet<string> = new Set(["name", "description", "parameters", "strict"])

const decodeLegacy = (tool: LegacyFunction, at: string): Tool => ({
  type: "function",
  name: "",
  ...Fields.get(functionFields, tool, at),
  ...nodeOf(tool, at, legacyKeys)
})

/** The tools of a request, `tools` first, then the deprecated `functions`; `undefined` where it has none. */
export const decodeTools = (wire: Pick<Request, "tools" | "functions">, at: string): ReadonlyArray<Tool> | undefined => {
  const tools = [
    ...(wire.tools ?? []).map((tool, index) => decodeTool(tool, Pointer.child(at, "tools", index))),
    ...(wire.functions ?? []).map((tool, index) => decodeLegacy(tool, Pointer.child(at, "functions", index)))
  ]
  return tools.length === 0 ? undefined : tools
}

const ownTool = (tool: Tool): JsonObject | undefined => {
  const value = valueIn(id, tool)
  return isObject(value) ? value : undefined
}

/** Whether a tool stood among the deprecated `functions`, whose entries may have keys of any name. */
const isLegacy = (tool: Tool, functions: ReadonlyArray<object> | null | undefined): boolean => {
  const value = ownTool(tool)
  if (tool.type !== "function" || value === undefined) return false
  return functions?.includes(value) === true || (typeof value["name"] === "string" && value["function"] === undefined)
}

const handled: ReadonlySet<string> = new Set(["type", "name", "description", "parameters", "strict", "grammar", "cache"])

const encodeTool = (tool: Tool, place: Place): JsonObject | undefined => {
  const origin = ownTool(tool)
  switch (tool.type) {
    case "function":
    case "custom": {
      Fields.loseRest<FunctionTool | CustomTool, object, Crossing>(cacheRows, tool, handled, place, () => "hint", origin !== undefined)
      // The inner definition was checked by the schema when the tool was decoded.
      const wire = origin?.[tool.type]
      const definition = tool.type === "function"
        ? Fields.put(functionFields, fitSchema(tool, place), isObject(wire) ? wire as unknown as LegacyFunction : undefined, place)
        : Fields.put(customFields, tool, isObject(wire) ? wire as unknown as CustomDefinition : undefined, place)
      const cached = Fields.put(cacheRows, tool, origin, place)
      return origin === undefined ? { type: tool.type, [tool.type]: definition, ...cached } : Fields.patched(cached, { [tool.type]: definition })
    }
    case "provider":
      if (tool.dialect === id && isObject(tool.value)) return tool.value
      loseNode(place, tool, { reason: "dropped", weight: "hint", before: tool })
      return undefined
    case "namespace":
      return undefined
  }
}

/** Tools of a namespace carry its name in their own, because Chat Completions knows no namespaces. */
const flattened = (tools: ReadonlyArray<Tool>, place: Place): ReadonlyArray<Tool> => {
  const first = tools.find((tool) => tool.type === "namespace")
  if (first === undefined) return tools
  const after = tools.flatMap((tool): ReadonlyArray<Tool> =>
    tool.type === "namespace" ? tool.tools.map((inner) => ({ ...inner, name: place.context.flat(tool.name, inner.name) })) : [tool]
  )
  Fields.lose(place, first, "tools", { reason: "approximated", weight: "hint", before: tools, after })
  return after
}

const sameList = (before: ReadonlyArray<unknown> | null | undefined, after: ReadonlyArray<unknown>): boolean =>
  Array.isArray(before) && before.length === after.length && after.every((item, index) => item === before[index])

const listPatch = (key: "tools" | "functions", before: ReadonlyArray<unknown> | null | undefined, after: ReadonlyArray<JsonObject>): Fields.Patch =>
  sameList(before, after) || (after.length === 0 && (before === undefined || before === null)) ? {} : { [key]: after.length === 0 ? undefined : after }

/** The keys of the request's tools, over those it came with. */
export const encodeTools = (request: CanonicalRequest, origin: Pick<Request, "tools" | "functions"> | undefined, place: Place): Fields.Patch => {
  const tools: Array<JsonObject> = []
  const functions: Array<JsonObject> = []
  const isLost = (tool: Tool): boolean => tool.type === "provider" && tool.dialect !== id
  if (request.tools !== undefined && request.tools.every(isLost)) {
    if (request.tools.length > 0) Fields.lose(place, request, "tools", { reason: "dropped", weight: "hint", before: request.tools })
    return { ...listPatch("tools", origin?.tools, []), ...listPatch("functions", origin?.functions, []) }
  }
  for (const [index, tool] of flattened(request.tools ?? [], place).entries()) {
    const at = inside(place, tool, "tools", index)
    if (tool.type === "function" && isLegacy(tool, origin?.functions)) {
      // The definition was checked by the schema when the tool was decoded.
      functions.push(Fields.put(functionFields, tool, ownTool(tool) as unknown as LegacyFunction, at))
      continue
    }
    const encoded = encodeTool(tool, at)
    if (encoded !== undefined) tools.push(encoded)
  }
  return { ...listPatch("tools", origin?.tools, tools), ...listPatch("functions", origin?.functions, functions) }
}

const namedIn = (choice: JsonObject, key: string): string | undefined => {
  const inner = choice[key]
  const name = isObject(inner) ? inner["name"] : undefined
  return typeof name === "string" ? name : undefined
}

const allowedNames = (tools: Json | undefined): ReadonlyArray<string> | undefined => {
  if (!Array.isArray(tools)) return undefined
  const names = tools.map((tool) => isObject(tool) ? namedIn(tool, "function") ?? namedIn(tool, "custom") : undefined)
  return names.every((name) => name !== undefined) ? names : undefined
}

const fromMode = (mode: string): ToolChoice | undefined => {
  switch (mode) {
    case "auto":
    case "none":
    case "required":
      return { type: mode }
    case "any":
      return { type: "required" }
    default:
      return undefined
  }
}

/** `tool_choice`, or the deprecated `function_call`, in canonical words. */
export const decodeToolChoice = (wire: string | JsonObject): ToolChoice => {
  const other: ToolChoice = { type: "provider", dialect: id, value: wire }
  if (typeof wire === "string") return fromMode(wire) ?? other
  const func = namedIn(wire, "function") ?? (typeof wire["name"] === "string" ? wire["name"] : undefined)
  if (func !== undefined) return { type: "named", kind: "function", name: func }
  const custom = namedIn(wire, "custom")
  if (custom !== undefined) return { type: "named", kind: "custom", name: custom }
  const allowed = wire["allowed_tools"]
  if (!isObject(allowed)) return other
  const names = allowedNames(allowed["tools"])
  const mode = allowed["mode"]
  return names !== undefined && (mode === "auto" || mode === "required") ? { type: "allowed", mode, names } : other
}

const reference = (kind: "function" | "custom", name: string): JsonObject => ({ type: kind, [kind]: { name } })

/** A canonical choice as `tool_choice`; `undefined` where this dialect cannot force it, which is then a loss of meaning. */
export const encodeToolChoice = (choice: ToolChoice, request: CanonicalRequest, place: Place): Json | undefined => {
  const nameAt = (name: string, ...steps: ReadonlyArray<Pointer.Step>): string =>
    place.context.isOwn ? name : fitName(name, inside(place, { at: request.places?.["toolChoice"] ?? "/toolChoice" }, "toolChoice", ...steps))
  switch (choice.type) {
    case "auto":
    case "none":
    case "required":
      return choice.type
    case "named":
      return reference(choice.kind, nameAt(choice.name, "name"))
    case "allowed": {
      const isCustom = (name: string): boolean => request.tools?.some((tool) => tool.type === "custom" && tool.name === name) === true
      const tools = choice.names.map((name, index) => reference(isCustom(name) ? "custom" : "function", nameAt(name, "names", index)))
      return { type: "allowed_tools", allowed_tools: { mode: choice.mode, tools } }
    }
    case "provider":
      if (choice.dialect === id) return choice.value
      Fields.lose(place, request, "toolChoice", { reason: "dropped", weight: "meaning", before: choice })
      return undefined
  }
}
