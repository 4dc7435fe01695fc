/** The chat completions part of OpenAI's specification. */
import { isObject } from "@sluice/protocol/Wire"
import type { Oracle } from "../../../packages/testing/src/Laws.ts"
import type { Schemas } from "./Alternatives.ts"
import { streamed } from "./Judging.ts"
import * as OpenAi from "./OpenAi.ts"
import { withWords } from "./Patches.ts"
import { compile, type Patch, patched, schemasOf } from "./Specification.ts"

/** Where real traffic contradicts the specification. */
export const patches: ReadonlyArray<Patch> = [
  OpenAi.addresses,
  {
    name: "streamed calls of custom tools",
    changes: "A call in a chunk may be of type `custom`.",
    because: "Whole answers and requests have such calls in the same document; the chunk's schema is older than they are.",
    apply: withWords("ChatCompletionMessageToolCallChunk", "function", ["custom"]),
    example: { schema: "ChatCompletionMessageToolCallChunk", value: { index: 0, id: "call_1", type: "custom" }, isAccepted: true }
  }
]

/** The schemas as published. */
export const schemas = (): Schemas => schemasOf(OpenAi.path)

/** The judge. */
export const oracle = (): Oracle => {
  const judge = compile(patched(schemas(), patches))
  return {
    request: judge("CreateChatCompletionRequest"),
    response: judge("CreateChatCompletionResponse"),
    error: judge("ErrorResponse"),
    stream: streamed((event) => isObject(event) && event["error"] !== undefined ? "ErrorResponse" : "CreateChatCompletionStreamResponse", judge)
  }
}
