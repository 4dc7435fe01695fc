/**
 * The items of a streamed OpenAI response while they are open: each announces itself, grows by deltas and closes with
 * the events that repeat what it became. OpenAiResponsesFrames.ts decides when.
 */
import type { ToolName } from "./Facts.ts"
import { logprob } from "./OpenAiChatWire.ts"
import { callItem, itemId, type ItemStatus, messageItem, reasoningItem, refusalPart, textPart, wantsSeal } from "./OpenAiResponsesWire.ts"
import type { Answer } from "./Provider.ts"
import { sealOf } from "./Signatures.ts"

/** Where items put their events and what they became. */
export interface ItemSink {
  readonly answer: Answer
  readonly emit: (type: string, fields: object) => string
  readonly place: () => number
  readonly done: (index: number, item: object) => void
  /** The item id a delta names: the item's own, unless ids change. */
  readonly named: (id: string) => string
}

/** An open item: text that adds to it, and its close. */
export interface OpenItem {
  readonly opening: string
  readonly add: (text: string) => string
  readonly close: (status: ItemStatus) => string
}

const finished = (sink: ItemSink, index: number, item: object): string => {
  sink.done(index, item)
  return sink.emit("response.output_item.done", { output_index: index, item })
}

/** A message with one part: text, or a refusal. */
export const openMessage = (sink: ItemSink, kind: "text" | "refusal"): OpenItem => {
  const { answer, emit } = sink
  const index = sink.place()
  const id = itemId(answer, "msg", index)
  const name = kind === "text" ? "output_text" : "refusal"
  const tokens: Array<string> = []
  const part = () => kind === "text" ? textPart(answer, tokens) : refusalPart(tokens.join(""))
  const probabilities = (all: ReadonlyArray<string>) =>
    kind === "refusal" ? {} : { logprobs: answer.logprobs ? all.map((token) => logprob(answer, token)) : [] }
  const at = { item_id: id, output_index: index, content_index: 0 }
  return {
    opening: emit("response.output_item.added", { output_index: index, item: messageItem(id, "in_progress", []) })
      + emit("response.content_part.added", { ...at, part: part() }),
    add: (text) => {
      tokens.push(text)
      return emit(`response.${name}.delta`, { ...at, item_id: sink.named(id), delta: text, ...probabilities([text]) })
    },
    close: (status) =>
      emit(`response.${name}.done`, { ...at, [kind]: tokens.join(""), ...probabilities(tokens) })
      + emit("response.content_part.done", { ...at, part: part() })
      + finished(sink, index, messageItem(id, status, [part()]))
  }
}

/** An open thought, which may be sealed before it closes. */
export interface OpenThought extends OpenItem {
  readonly seal: (value: string) => void
}

/** A thought with one summary part, or with none until text is added. As at the real service the seal it starts with is not the one it ends with. */
export const openThought = (sink: ItemSink): OpenThought => {
  const { answer, emit } = sink
  const index = sink.place()
  const id = itemId(answer, "rs", index)
  const at = { item_id: id, output_index: index, summary_index: 0 }
  let summary = ""
  let sealed = ""
  return {
    opening: emit("response.output_item.added", { output_index: index, item: reasoningItem(answer, id, "", wantsSeal(answer) ? sealOf("") : "") }),
    add: (text) => {
      const announced = summary === "" ? emit("response.reasoning_summary_part.added", { ...at, part: { type: "summary_text", text: "" } }) : ""
      summary += text
      return announced + emit("response.reasoning_summary_text.delta", { ...at, item_id: sink.named(id), delta: text })
    },
    seal: (value) => {
      sealed = value
    },
    close: () => {
      const told = summary === ""
        ? ""
        : emit("response.reasoning_summary_text.done", { ...at, text: summary })
          + emit("response.reasoning_summary_part.done", { ...at, part: { type: "summary_text", text: summary } })
      return told + finished(sink, index, reasoningItem(answer, id, summary, sealed))
    }
  }
}

/** An open call; `grown` says whether arguments have come. */
export interface OpenCall extends OpenItem {
  readonly grown: () => boolean
}

/** A call of a function or of a custom tool. */
export const openCall = (sink: ItemSink, callId: string, tool: ToolName): OpenCall => {
  const { answer, emit } = sink
  const index = sink.place()
  const custom = tool.custom === true
  const id = itemId(answer, custom ? "ctc" : "fc", index)
  const event = custom ? "response.custom_tool_call_input" : "response.function_call_arguments"
  const at = { item_id: id, output_index: index }
  let input = ""
  const first = callItem(id, callId, tool, "", "in_progress")
  return {
    opening: emit("response.output_item.added", { output_index: index, item: answer.quirk === "late-names" ? { ...first, name: "" } : first }),
    add: (text) => {
      input += text
      return emit(`${event}.delta`, { ...at, item_id: sink.named(id), delta: text })
    },
    grown: () => input !== "",
    close: (status) =>
      emit(`${event}.done`, custom ? { ...at, input } : { ...at, name: tool.name, arguments: input })
      + finished(sink, index, callItem(id, callId, tool, input, status))
  }
}
