/**
 * Tools and the choice among them. Functions, custom tools and namespaces have canonical words; every other type is a tool that
 * only its provider knows and is carried inside this dialect only.
 */
import type { CanonicalRequest, CustomTool, FunctionTool, NamespaceTool, Tool, ToolChoice } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, type Node, valueIn } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { parametersOf } from "../internal/objectSchemas.ts"
import { fitSchema } from "../internal/strictSchemas.ts"
import { type Crossing, fitName, inside, loseNode, type Place } from "./Crossing.ts"
import * as Wire from "./Wire.ts"

type Rows<N, W> = Fields.Fields<N, W, Crossing>
type WireFunction = typeof Wire.FunctionTool.Type
type WireCustom = typeof Wire.CustomTool.Type
type WireNamespace = typeof Wire.NamespaceTool.Type

const isFunction = Schema.is(Wire.FunctionTool)
const isCustom = Schema.is(Wire.CustomTool)
const isNamespace = Schema.is(Wire.NamespaceTool)

const itself = <A>(value: A): A => value
const plainOf = <N, W>() => Fields.plain<N, W, Crossing>()

const nameRow = <N extends FunctionTool | CustomTool | NamespaceTool, W extends { readonly name: string }>(): Fields.Field<N, W, Crossing> => ({
  of: ["name"],
  keys: ["name"],
  get: (wire) => {
    const found: Pick<FunctionTool, "name"> = { name: wire.name }
    // N has the very field that was found.
    return found as Partial<N>
  },
  put: (tool, wire, place) => ({ name: wire.name === undefined ? fitName(tool.name, inside(place, tool, "name")) : tool.name })
})

const functionFields: Rows<FunctionTool, WireFunction> = [
  nameRow(),
  plainOf<FunctionTool, WireFunction>()("description", "description", itself, itself),
  {
    of: ["parameters"],
    keys: ["parameters"],
    get: (wire) => present({ parameters: wire.parameters ?? undefined }),
    put: (tool, _, place) => ({ parameters: parametersOf(tool, place.context) ?? null })
  },
  {
    // Silence means strict here and nowhere else: what other protocols say by silence is `false` here.
    of: ["strict"],
    keys: ["strict"],
    get: (wire) => wire.strict === true ? { strict: true } : {},
    put: (tool, wire, place) => {
      if (tool.strict === false && wire.name === undefined) Fields.lose(place, tool, "strict", { reason: "dropped", weight: "hint", before: false })
      return { strict: tool.strict ?? false }
    }
  },
  plainOf<FunctionTool, WireFunction>()("deferred", "defer_loading", itself, itself)
]

const customFields: Rows<CustomTool, WireCustom> = [
  nameRow(),
  plainOf<CustomTool, WireCustom>()("description", "description", itself, itself),
  {
    of: ["grammar"],
    keys: ["format"],
    get: ({ format }) =>
      typeof format?.syntax === "string" && typeof format.definition === "string"
        ? { grammar: { syntax: format.syntax, definition: format.definition } }
        : {},
    put: (tool) => ({ format: tool.grammar === undefined ? { type: "text" } : { type: "grammar", ...tool.grammar } })
  },
  plainOf<CustomTool, WireCustom>()("deferred", "defer_loading", itself, itself)
]

const namespaceFields: Rows<NamespaceTool, WireNamespace> = [
  nameRow(),
  plainOf<NamespaceTool, WireNamespace>()("description", "description", itself, itself)
]

const structural: ReadonlySet<string> = new Set(["type"])
const structuralOfNamespace: ReadonlySet<string> = new Set(["type", "tools"])

const nodeOf = <N, W extends object>(fields: Rows<N, W>, wire: W, at: string, known = structural): Node =>
  present({ wire: { dialect: Wire.id, value: Wire.asJson(wire) }, at, foreign: Fields.foreignKeys(fields, wire, known) })

const decodeCallable = (wire: unknown, at: string): FunctionTool | CustomTool | undefined => {
  if (isFunction(wire)) return { type: "function", name: wire.name, ...Fields.get(functionFields, wire, at), ...nodeOf(functionFields, wire, at) }
  if (isCustom(wire)) return { type: "custom", name: wire.name, ...Fields.get(customFields, wire, at), ...nodeOf(customFields, wire, at) }
  return undefined
}

const decodeNamespace = (wire: WireNamespace, at: string): NamespaceTool | undefined => {
  const tools = wire.tools.flatMap((tool, index) => decodeCallable(tool, Pointer.child(at, "tools", index)) ?? [])
  // A namespace with tools that only the provider knows is one of them itself.
  return tools.length < wire.tools.length
    ? undefined
    : {
      type: "namespace",
      name: wire.name,
      ...Fields.get(namespaceFields, wire, at),
      tools,
      ...nodeOf(namespaceFields, wire, at, structuralOfNamespace)
    }
}

const decodeTool = (wire: Wire.Tool, at: string): Tool => {
  const value = Wire.asJson(wire)
  return decodeCallable(wire, at) ?? (isNamespace(wire) ? decodeNamespace(wire, at) : undefined) ??
    { type: "provider", dialect: Wire.id, name: wire.type, value, wire: { dialect: Wire.id, value }, at }
}

const decodeTools = (tools: ReadonlyArray<Wire.Tool>, at: string): ReadonlyArray<Tool> =>
  tools.map((tool, index) => decodeTool(tool, Pointer.child(at, "tools", index)))

const isTools = Schema.is(Schema.Array(Wire.Tool))

/** The tools that an item of the input brings (`additional_tools`); `undefined` where it is another item. */
export const offeredIn = (item: Wire.Item): ReadonlyArray<Wire.Tool> | undefined => {
  if (item.type !== "additional_tools") return undefined
  const { tools } = Wire.asObject(item)
  return isTools(tools) ? tools : undefined
}

type Offers = Pick<Wire.Request, "input" | "tools">

const itemsOf = ({ input }: Partial<Offers>): ReadonlyArray<Wire.Item> => Array.isArray(input) ? input : []

/** All offered tools: those of the request, then those that items of the input bring; `undefined` where it has none. */
export const decodeAll = (wire: Partial<Offers>, at: string): ReadonlyArray<Tool> | undefined => {
  const own = wire.tools === undefined || wire.tools === null ? undefined : decodeTools(wire.tools, at)
  const brought = itemsOf(wire).flatMap((item, index) => decodeTools(offeredIn(item) ?? [], Pointer.child(at, "input", index)))
  return own === undefined && brought.length === 0 ? undefined : [...own ?? [], ...brought]
}

/** Whether items of the input bring tools. */
export const hasOffers = (wire: Partial<Offers>): boolean => itemsOf(wire).some((item) => offeredIn(item) !== undefined)

/** Whether a tool came from a list. */
const cameFrom = (tool: Tool, list: ReadonlyArray<Wire.Tool>): boolean => {
  const value = valueIn(Wire.id, tool)
  return list.some((each) => Wire.asJson(each) === value)
}

const handled: ReadonlySet<string> = new Set(["type"])
const handledOfNamespace: ReadonlySet<string> = new Set(["type", "tools"])

/** The tool a node came from, when it came from this dialect. */
const originOf = <W>(tool: Tool, is: (value: unknown) => value is W): W | undefined => {
  const value = valueIn(Wire.id, tool)
  return is(value) ? value : undefined
}

const put = <N extends Node, W extends object>(fields: Rows<N, W>, tool: N, origin: W | undefined, type: string, place: Place): JsonObject => {
  Fields.loseRest(fields, tool, handledOfNamespace, place, () => "hint", origin !== undefined)
  const written = Fields.put(fields, tool, origin, place)
  return origin === undefined ? { type, ...written } : written
}

const encodeFunction = (tool: FunctionTool, place: Place): JsonObject => {
  const origin = originOf(tool, isFunction)
  const written = put(functionFields, fitSchema(tool, place), origin, "function", place)
  // Both keys are required, and silence about strictness means strict.
  return origin === undefined ? { ...written, parameters: written["parameters"] ?? null, strict: written["strict"] ?? false } : written
}

const sameList = (before: Json | undefined, after: ReadonlyArray<JsonObject>): boolean =>
  Array.isArray(before) && before.length === after.length && after.every((tool, index) => tool === before[index])

const encodeNamespace = (tool: NamespaceTool, place: Place): JsonObject => {
  const origin = originOf(tool, isNamespace)
  const written = put(namespaceFields, tool, origin, "namespace", place)
  const tools = tool.tools.map((inner, index) => encodeCallable(inner, inside(place, inner, "tools", index)))
  if (origin !== undefined && sameList(Wire.asJson(origin.tools), tools)) return written
  if (origin !== undefined || written["description"] !== undefined) return { ...written, tools }
  // OpenAI refuses a namespace without a description.
  Fields.lose(place, tool, "description", { reason: "defaulted", weight: "hint", after: "" })
  return { ...written, description: "", tools }
}

const encodeCallable = (tool: FunctionTool | CustomTool, place: Place): JsonObject =>
  tool.type === "function" ? encodeFunction(tool, place) : put(customFields, tool, originOf(tool, isCustom), "custom", place)

const encodeTool = (tool: Tool, place: Place): JsonObject | undefined => {
  switch (tool.type) {
    case "function":
    case "custom":
      return encodeCallable(tool, place)
    case "namespace":
      return encodeNamespace(tool, place)
    case "provider":
      if (tool.dialect === Wire.id && isObject(tool.value)) {
        Fields.loseRest<typeof tool, object, Crossing>([], tool, new Set([...handled, "dialect", "name", "value"]), place, () => "hint", true)
        return tool.value
      }
      loseNode(place, tool, { reason: "dropped", weight: "hint", before: tool })
      return undefined
  }
}

/** Whether the model can find tools that are not loaded: OpenAI's own search among the tools is how. */
const hasSearch = (tools: ReadonlyArray<Tool>): boolean =>
  tools.some((tool) => tool.type === "provider" && tool.dialect === Wire.id && tool.name.startsWith("tool_search"))

/** A function or custom tool of another dialect that nothing here could ever load is loaded at once. */
const loaded = (tool: Tool, place: Place): Tool => {
  if ((tool.type !== "function" && tool.type !== "custom") || tool.deferred === undefined || valueIn(Wire.id, tool) !== undefined) return tool
  Fields.lose(place, tool, "deferred", { reason: "dropped", weight: "hint", before: tool.deferred })
  const { deferred: _, ...rest } = tool
  return rest
}

const encodeSome = (request: CanonicalRequest, place: Place, isHere: (tool: Tool) => boolean): ReadonlyArray<JsonObject> => {
  const tools = request.tools ?? []
  const isLoaded = !hasSearch(tools)
  return tools.flatMap((tool, index): ReadonlyArray<JsonObject> => {
    const here = inside(place, tool, "tools", index)
    const encoded = isHere(tool) ? encodeTool(isLoaded ? loaded(tool, here) : tool, here) : undefined
    return encoded === undefined ? [] : [encoded]
  })
}

/** The request's own tools over the list they came from: the same list when nothing changed. */
export const encodeTools = (request: CanonicalRequest, wire: Partial<Offers>, place: Place): Json | undefined => {
  if (request.tools === undefined) return undefined
  const origin = wire.tools === undefined || wire.tools === null ? undefined : Wire.asJson(wire.tools)
  const brought = itemsOf(wire).flatMap((item) => offeredIn(item) ?? [])
  const written = encodeSome(request, place, (tool) => !cameFrom(tool, brought))
  if (sameList(origin, written) && origin !== undefined) return origin
  return written.length === 0 && origin === undefined ? undefined : written
}

/** An item that brings tools with those that are left of them; `undefined` where none is. */
export const encodeOffer = (item: Wire.Item, request: CanonicalRequest, place: Place): JsonObject | undefined => {
  const wire = Wire.asObject(item)
  const origin = offeredIn(item) ?? []
  const written = encodeSome(request, place, (tool) => cameFrom(tool, origin))
  if (sameList(Wire.asJson(origin), written)) return wire
  return written.length === 0 ? undefined : { ...wire, tools: written }
}

/** Whether a request of another dialect offers a tool that can be called here. */
export const hasTools = (request: CanonicalRequest): boolean => (request.tools ?? []).some((tool) => tool.type !== "provider" || tool.dialect === Wire.id)

const referenced = (tool: Json): string | undefined =>
  isObject(tool) && (tool["type"] === "function" || tool["type"] === "custom") && typeof tool["name"] === "string" && Object.keys(tool).length === 2
    ? tool["name"]
    : undefined

/** `tool_choice` in canonical words. */
export const decodeToolChoice = (wire: string | JsonObject): ToolChoice => {
  const native: ToolChoice = { type: "provider", dialect: Wire.id, value: wire }
  if (typeof wire === "string") return wire === "auto" || wire === "none" || wire === "required" ? { type: wire } : native
  const { mode, name, tools, type } = wire
  if ((type === "function" || type === "custom") && typeof name === "string") return { type: "named", kind: type, name }
  if (type !== "allowed_tools" || !Array.isArray(tools) || (mode !== "auto" && mode !== "required")) return native
  const names = tools.map(referenced)
  return names.every((known) => known !== undefined) ? { type: "allowed", mode, names } : native
}

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
      return { type: choice.kind, name: nameAt(choice.name, "name") }
    case "allowed": {
      const isCustomName = (name: string): boolean => request.tools?.some((tool) => tool.type === "custom" && tool.name === name) === true
      const tools = choice.names.map((name, index) => ({ type: isCustomName(name) ? "custom" : "function", name: nameAt(name, "names", index) }))
      return { type: "allowed_tools", mode: choice.mode, tools }
    }
    case "provider":
      if (choice.dialect === Wire.id) return choice.value
      Fields.lose(place, request, "toolChoice", { reason: "dropped", weight: "meaning", before: choice })
      return undefined
  }
}
