/**
 * Offered tools and the choice among them. One entry of `tools` holds functions and tools of the provider side by side; in canonical
 * words each is a tool of its own, and goes back into the entry it came from. Custom tools become functions with one text parameter.
 */
import {
  type CanonicalRequest,
  type CustomTool,
  type FunctionTool,
  isChoiceElsewhere,
  type NamespaceTool,
  type ProviderTool,
  type Tool,
  type ToolChoice
} from "@sluice/protocol/CanonicalRequest"
import { bare, same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import * as Capabilities from "./Capabilities.ts"
import { approximate, type Crossing, drop, fieldOf, fitName, inside, isOwn, originOf, type Place } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Schemas from "./Schemas.ts"
import * as Wire from "./Wire.ts"

const isDeclaration = Schema.is(Wire.FunctionDeclaration)
const noKeys: ReadonlySet<string> = new Set()

const schemaOf = (wire: Partial<Wire.FunctionDeclaration>): JsonObject | undefined => {
  const parameters = Keys.read(wire, "parameters")
  return Keys.read(wire, "parametersJsonSchema") ?? (parameters === undefined ? undefined : Schemas.decodeObject(parameters))
}

const isEmptyObject = (value: Json | undefined): boolean => !isObject(value) || Object.keys(value).length === 0

/** The schema under the key that can say it: Gemini's own where it says the same, else JSON Schema, which older models do not take. */
export const encodeSchema = (schema: JsonObject, keys: { readonly own: string; readonly json: string }, field: Place): Fields.Patch => {
  const { isExact, schema: own } = Schemas.encode(schema)
  if (own["type"] === "OBJECT" && isEmptyObject(own["properties"]) && !Capabilities.takesJsonSchema(field.context.model)) {
    drop(field, schema, "hint")
    return { [keys.own]: undefined, [keys.json]: undefined }
  }
  if (!isExact && Capabilities.takesJsonSchema(field.context.model)) return { [keys.own]: undefined, [keys.json]: schema }
  if (!isExact) approximate(field, schema, Schemas.decodeObject(own))
  return { [keys.json]: undefined, [keys.own]: own }
}

const functionTool: Fields.Fields<FunctionTool, Wire.FunctionDeclaration, Crossing> = [
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
  Keys.plain<FunctionTool, Wire.FunctionDeclaration, Crossing>()("description", "description", (value) => value, (value) => value),
  {
    of: ["parameters"],
    keys: Keys.spelled("parameters", "parametersJsonSchema"),
    get: (wire) => present({ parameters: schemaOf(wire) }),
    put: (tool, wire, place) => {
      const keys = { own: "parameters", json: Keys.nameIn(wire, "parametersJsonSchema") }
      return tool.parameters === undefined
        ? { [keys.own]: undefined, [keys.json]: undefined }
        : encodeSchema(tool.parameters, keys, fieldOf(place, tool, "parameters"))
    }
  }
]

const decodeFunction = (wire: Wire.FunctionDeclaration, at: string): FunctionTool => ({
  type: "function",
  name: wire.name,
  ...Fields.get(functionTool, wire, at),
  ...present({ foreign: Fields.foreignKeys(functionTool, wire, noKeys) }),
  wire: { dialect: Wire.id, value: Wire.asJson(wire) },
  at
})

const functionKeys: ReadonlySet<string> = new Set(Keys.spelled("functionDeclarations"))

const decodeEntry = (wire: Wire.Tool, at: string): ReadonlyArray<Tool> => {
  const functions = Keys.read(wire, "functionDeclarations") ?? []
  const place = Pointer.child(at, Keys.nameIn(wire, "functionDeclarations"))
  const others = Object.entries(Wire.asObject(wire)).filter(([key, value]) => !functionKeys.has(key) && value !== null)
  return [
    ...functions.map((declaration, index) => decodeFunction(declaration, Pointer.child(place, index))),
    ...others.map(([key, value]): ProviderTool => ({
      type: "provider",
      dialect: Wire.id,
      name: key,
      value: { [key]: value },
      wire: { dialect: Wire.id, value: Wire.asJson(wire) },
      at: Pointer.child(at, key)
    }))
  ]
}

/** Offered tools. */
export const decodeTools = (tools: ReadonlyArray<Wire.Tool>, at: string): ReadonlyArray<Tool> =>
  tools.flatMap((tool, index) => decodeEntry(tool, Pointer.child(at, index)))

const encodeFunction = (tool: FunctionTool, place: Place): JsonObject => {
  Fields.loseRest(functionTool, tool, new Set(["type"]), place, () => "hint", isOwn(tool))
  return Fields.put(functionTool, tool, originOf(isDeclaration, tool), place)
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

/** A tool on its way out: a function or a key of an entry. */
interface Written {
  readonly tool: Tool
  readonly functions: ReadonlyArray<JsonObject>
  readonly others: JsonObject
}

const encodeTool = (tool: Tool, place: Place): Written => {
  switch (tool.type) {
    case "function":
      return { tool, functions: [encodeFunction(tool, place)], others: {} }
    case "custom": {
      const after = asFunction(tool)
      approximate(place, tool, after)
      return { tool, functions: [encodeFunction(after, place)], others: {} }
    }
    case "namespace":
      return { tool, functions: flattened(tool, place).map((inner) => encodeFunction(inner, place)), others: {} }
    case "provider":
      if (tool.dialect === Wire.id && isObject(tool.value)) {
        if (tool.cache !== undefined) drop(inside(place, undefined, "cache"), tool.cache, "hint")
        return { tool, functions: [], others: tool.value }
      }
      drop(place, tool, "hint")
      return { tool, functions: [], others: {} }
  }
}

/** Whether a tool came from an entry of the list. */
const belongs = (tool: Tool, entry: Wire.Tool): boolean => {
  const value = tool.wire?.dialect === Wire.id ? tool.wire.value : undefined
  return value === entry || (Keys.read(entry, "functionDeclarations") ?? []).some((declaration) => declaration === value)
}

const overEntry = (entry: Wire.Tool, written: ReadonlyArray<Written>): JsonObject | undefined => {
  const origin = Wire.asObject(entry)
  const before: Json = Wire.asJson(Keys.read(entry, "functionDeclarations") ?? [])
  const functions = written.flatMap((each) => each.functions)
  const isSame = Array.isArray(before) && before.length === functions.length && functions.every((each, index) => each === before[index])
  const others = written.reduce<JsonObject>((all, each) => ({ ...all, ...each.others }), {})
  const gone = Object.keys(origin).filter((key) => !functionKeys.has(key) && origin[key] !== null && !Object.hasOwn(others, key))
  const entryNow = Fields.patched(origin, {
    ...others,
    ...Object.fromEntries(gone.map((key) => [key, undefined])),
    ...(isSame ? {} : { [Keys.nameIn(entry, "functionDeclarations")]: functions.length === 0 ? undefined : functions })
  })
  return Object.keys(entryNow).length === 0 ? undefined : entryNow
}

/** Tools over the list they came from; new functions stand together in one entry. `place` is the list of tools. */
export const encodeTools = (tools: ReadonlyArray<Tool>, origin: ReadonlyArray<Wire.Tool>, place: Place): Json | undefined => {
  const written = tools.map((tool, index) => encodeTool(tool, inside(place, tool, index)))
  const entries = origin.flatMap((entry) => {
    const now = overEntry(entry, written.filter(({ tool }) => belongs(tool, entry)))
    return now === undefined ? [] : [now]
  })
  const added = written.filter(({ tool }) => !origin.some((entry) => belongs(tool, entry)))
  const functions = added.flatMap((each) => each.functions)
  const others = added.map((each) => each.others).filter((each) => Object.keys(each).length > 0)
  const all = [...entries, ...(functions.length === 0 ? [] : [{ functionDeclarations: functions }]), ...others]
  loseOrder(tools, added, place)
  return all.length === 0 && origin.length === 0 ? undefined : all
}

/** Functions of one entry come before its other tools, and a namespace becomes several tools: only the list as a whole can say so. */
const loseOrder = (tools: ReadonlyArray<Tool>, added: ReadonlyArray<Written>, place: Place): void => {
  const isKept = ({ functions, others }: Written): boolean => functions.length > 0 || Object.keys(others).length > 0
  const kept = added.filter(isKept)
  const lastFunction = kept.findLastIndex(({ functions }) => functions.length > 0)
  const isMixed = kept.slice(0, lastFunction + 1).some(({ functions }) => functions.length === 0)
  if (!isMixed && !tools.some((tool) => tool.type === "namespace")) return
  const entries = [
    { functionDeclarations: kept.flatMap((each) => each.functions) },
    ...kept.filter(({ functions }) => functions.length === 0).map((each) => each.others)
  ]
  approximate(place, tools, entries.filter(Schema.is(Wire.Tool)).flatMap((entry) => decodeEntry(entry, "")))
}

const modes: ReadonlyArray<"AUTO" | "ANY" | "NONE" | "VALIDATED" | ""> = ["", "AUTO", "ANY", "NONE", "VALIDATED"]

const modeOf = (mode: Wire.Enum | undefined): string => typeof mode === "number" ? modes[mode] ?? "" : (mode ?? "").toUpperCase()

/** `functionCallingConfig` in canonical words. */
export const decodeToolChoice = (wire: Partial<Wire.FunctionCallingConfig>): ToolChoice | undefined => {
  const names = Keys.read(wire, "allowedFunctionNames") ?? []
  const [first, second] = names
  switch (modeOf(Keys.read(wire, "mode"))) {
    case "AUTO":
      return { type: "auto" }
    case "NONE":
      return { type: "none" }
    case "ANY":
      if (first === undefined) return { type: "required" }
      return second === undefined ? { type: "named", kind: "function", name: first } : { type: "allowed", mode: "required", names }
    case "VALIDATED":
      return first === undefined ? { type: "provider", dialect: Wire.id, value: Wire.asJson(wire) } : { type: "allowed", mode: "auto", names }
    default:
      return undefined
  }
}

const wireChoice = (choice: ToolChoice, place: Place): JsonObject | undefined => {
  const fit = (name: string): string => fitName(name, place.context)
  switch (choice.type) {
    case "auto":
      return { mode: "AUTO" }
    case "none":
      return { mode: "NONE" }
    case "required":
      return { mode: "ANY" }
    case "named":
      return { mode: "ANY", allowedFunctionNames: [fit(choice.name)] }
    case "allowed":
      return { mode: choice.mode === "required" ? "ANY" : "VALIDATED", allowedFunctionNames: choice.names.map(fit) }
    case "provider":
      return choice.dialect === Wire.id && isObject(choice.value) ? choice.value : undefined
  }
}

const isConfig = Schema.is(Wire.FunctionCallingConfig)

/** The choice as `functionCallingConfig`, over the one it came from. */
export const encodeToolChoice = (
  request: Pick<CanonicalRequest, "toolChoice" | "tools">,
  wire: Partial<Wire.FunctionCallingConfig>,
  place: Place
): JsonObject | undefined => {
  const choice = request.toolChoice
  if (choice === undefined) return undefined
  const written = isChoiceElsewhere(choice, request.tools, Wire.id) ? undefined : wireChoice(choice, place)
  const after = isConfig(written) ? decodeToolChoice(written) : undefined
  if (!same(choice, after)) {
    if (after === undefined) return drop(place, choice, choice.type === "auto" ? "hint" : "meaning")
    place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: bare(choice), after: bare(after) })
  }
  const { allowedFunctionNames: names, mode, ...others } = written ?? {}
  return Fields.patched(Wire.asObject(wire), {
    ...(modeOf(Keys.read(wire, "mode")) === mode ? {} : { mode }),
    [Keys.nameIn(wire, "allowedFunctionNames")]: names,
    ...others
  })
}
