/**
 * Items of an answer as events: what an item says when it is announced, and what it says, once whole, beyond what its pieces
 * said. A whole answer is items that were never announced.
 */
import * as CallIds from "@sluice/protocol/CallIds"
import type { BlockKind } from "@sluice/protocol/CanonicalEvent"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Annotations from "./Annotations.ts"
import * as Blocks from "./Blocks.ts"
import { factsOf } from "./Items.ts"
import * as Media from "./Media.ts"
import { id } from "./Wire.ts"

const text = (value: Json | undefined): string => typeof value === "string" ? value : ""
const nonEmpty = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined
const objects = (value: Json | undefined): ReadonlyArray<JsonObject> => Array.isArray(value) ? value.filter(isObject) : []

/** Items of tools the provider runs whose arguments are streamed. */
const serverTools: ReadonlySet<string> = new Set(["mcp_call", "code_interpreter_call"])

const isCall = (type: string): boolean => type === "function_call" || type === "custom_tool_call"

/** Notes an item that nobody announced. */
export const implied = (draft: Blocks.Draft, output: number, type: string, itemId: string | undefined): void => {
  if (draft.answer.items.has(output)) return
  Blocks.withItem(draft, output, { id: itemId, type, facts: present({ id: itemId, type }), announced: {}, isDone: false, thought: undefined, pending: "" })
}

const kindOf = (type: string): BlockKind => {
  switch (type) {
    case "refusal":
      return "refusal"
    case "reasoning_text":
    case "summary_text":
      return "reasoning"
    case "output_text":
    case "text":
      return "text"
    default:
      return "foreign"
  }
}

/** Opens the block of a part of an item. Thinking ends when the next thought of its item begins. */
export const openPart = (draft: Blocks.Draft, output: number, of: "content" | "summary", part: number, wire: JsonObject): void => {
  const item = draft.answer.items.get(output)
  const type = text(wire["type"])
  const kind = of === "summary" ? "reasoning" : kindOf(type)
  const address = Blocks.addressOf(output, of, part)
  if (kind === "reasoning" && item !== undefined) {
    Blocks.close(draft, item.thought)
    Blocks.withItem(draft, output, { ...item, thought: address })
  }
  Blocks.open(draft, address, {
    kind,
    ...present({
      form: kind === "reasoning" ? of === "summary" ? "summary" as const : "raw" as const : undefined,
      item: item?.facts,
      native: kind === "foreign" ? { dialect: id, name: `content.${type}`, value: wire } : undefined
    }),
    partIndex: part
  })
}

/** What a whole part says beyond its pieces. */
export const completePart = (draft: Blocks.Draft, output: number, of: "content" | "summary", part: number, wire: JsonObject): void => {
  const address = Blocks.addressOf(output, of, part)
  const isNew = Blocks.blockAt(draft.answer, address) === undefined
  if (isNew) openPart(draft, output, of, part, wire)
  Blocks.complete(draft, address, text(wire["type"] === "refusal" ? wire["refusal"] : wire["text"]))
  const cited = Blocks.blockAt(draft.answer, address)?.citations ?? 0
  for (const citation of objects(wire["annotations"]).slice(cited)) {
    Blocks.note(draft, address, (at) => ({ type: "annotation", ...at, annotation: Annotations.decode(citation) }))
  }
  const logprobs = isNew ? Annotations.logprobsOf(wire["logprobs"]) : undefined
  if (logprobs !== undefined) draft.events.push({ type: "annotation", choice: 0, annotation: logprobs })
  if (Blocks.blockAt(draft.answer, address)?.kind !== "reasoning") Blocks.close(draft, address)
}

const startCall = (draft: Blocks.Draft, output: number, item: Blocks.Item, wire: JsonObject, isLast: boolean): void => {
  const address = Blocks.addressOf(output, "item")
  const told = (key: string): string | undefined => nonEmpty(wire[key]) ?? nonEmpty(item.announced[key])
  // A call of which nothing was ever said is none: nobody could answer it.
  if (["call_id", "name", "arguments", "input"].every((key) => told(key) === undefined) && item.pending === "") return
  const name = told("name") ?? (isLast ? `tool_${output}` : undefined)
  const call = told("call_id") ?? (name === undefined ? undefined : told("id") ?? CallIds.made(draft.answer.id, 0, output))
  if (call === undefined || name === undefined) return
  Blocks.open(draft, address, {
    kind: "tool-call",
    call: { kind: item.type === "custom_tool_call" ? "custom" : "function", id: call, name, ...present({ namespace: told("namespace") }) },
    ...present({ item: item.facts })
  })
  Blocks.say(draft, address, item.pending)
  Blocks.withItem(draft, output, { ...item, pending: "" })
}

/** Says a piece of a call's arguments; before the call is known they wait. */
export const sayArguments = (draft: Blocks.Draft, output: number, piece: string): void => {
  const address = Blocks.addressOf(output, "item")
  const item = draft.answer.items.get(output)
  if (Blocks.blockAt(draft.answer, address) !== undefined) Blocks.say(draft, address, piece)
  else if (item !== undefined) Blocks.withItem(draft, output, { ...item, pending: item.pending + piece })
}

/** Announces an item. */
export const add = (draft: Blocks.Draft, output: number, wire: JsonObject): void => {
  const type = nonEmpty(wire["type"]) ?? "message"
  const before = draft.answer.items.get(output)
  if (before !== undefined && !before.isDone) finish(draft, output, {})
  const { status, ...stated } = factsOf(wire) ?? {}
  const facts = present({ ...stated, status: status === "in_progress" ? undefined : status })
  const item: Blocks.Item = { id: nonEmpty(wire["id"]), type, facts, announced: wire, isDone: false, thought: undefined, pending: "" }
  Blocks.withItem(draft, output, item)
  if (type === "message" || type === "reasoning") return
  const address = Blocks.addressOf(output, "item")
  // Arguments of an announced call are repeated by its pieces or its end.
  if (isCall(type)) startCall(draft, output, item, wire, false)
  else if (type === "image_generation_call") Blocks.open(draft, address, { kind: "media", item: facts })
  else {
    Blocks.open(draft, address, { kind: serverTools.has(type) ? "server-tool" : "foreign", item: facts, native: { dialect: id, name: type, value: wire } })
  }
}

const finishThinking = (draft: Blocks.Draft, output: number, wire: JsonObject): void => {
  for (const [part, summary] of objects(wire["summary"]).entries()) completePart(draft, output, "summary", part, summary)
  for (const [part, content] of objects(wire["content"]).entries()) completePart(draft, output, "content", part, { type: "reasoning_text", ...content })
  const sealed = nonEmpty(wire["encrypted_content"])
  if (sealed !== undefined && draft.answer.items.get(output)?.thought === undefined) openPart(draft, output, "content", 0, { type: "reasoning_text" })
  const thought = draft.answer.items.get(output)?.thought
  if (thought === undefined) return
  if (sealed !== undefined) Blocks.note(draft, thought, (at) => ({ type: "encrypted", ...at, encrypted: { by: id, value: sealed } }))
  Blocks.close(draft, thought)
}

const finishPicture = (draft: Blocks.Draft, output: number, wire: JsonObject): void => {
  const result = nonEmpty(wire["result"])
  const address = Blocks.addressOf(output, "item")
  Blocks.close(draft, address, result === undefined ? undefined : { type: "image", source: Media.pictureOf(result, wire["output_format"]) })
}

/** Completes and closes an item. */
export const finish = (draft: Blocks.Draft, output: number, wire: JsonObject): void => {
  if (!draft.answer.items.has(output)) add(draft, output, wire)
  const item = draft.answer.items.get(output)
  if (item === undefined || item.isDone) return
  const address = Blocks.addressOf(output, "item")
  switch (item.type) {
    case "message":
      for (const [part, content] of objects(wire["content"]).entries()) completePart(draft, output, "content", part, content)
      break
    case "reasoning":
      finishThinking(draft, output, wire)
      break
    case "function_call":
    case "custom_tool_call":
      if (Blocks.blockAt(draft.answer, address) === undefined) startCall(draft, output, item, wire, true)
      Blocks.complete(draft, address, text(wire[item.type === "function_call" ? "arguments" : "input"]))
      Blocks.close(draft, address)
      break
    case "image_generation_call":
      finishPicture(draft, output, wire)
      break
    default: {
      const native = Blocks.blockAt(draft.answer, address)?.native
      const isRestated = native === undefined || native.value === wire || Object.keys(wire).length === 0
      Blocks.close(draft, address, isRestated ? undefined : { type: "foreign", dialect: id, name: native.name, value: wire })
      break
    }
  }
  closeParts(draft, output)
  const done = draft.answer.items.get(output)
  if (done !== undefined) Blocks.withItem(draft, output, { ...done, isDone: true })
}

/** Closes parts of an item that its end did not speak of. */
const closeParts = (draft: Blocks.Draft, output: number): void => {
  const prefix = `${output}/`
  const { active, blocks } = draft.answer
  for (const address of blocks.keys()) if (address.startsWith(prefix)) Blocks.close(draft, address)
  if (active?.address.startsWith(prefix) === true) Blocks.close(draft, active.address)
}
