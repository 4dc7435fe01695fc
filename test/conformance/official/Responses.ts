/** The Responses part of OpenAI's specification. */
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
    name: "a choice of the newer search tool",
    changes: "A choice of tools may be of type `web_search`.",
    because: "The tool is called so in the same document, whose choices only know its preview; clients force it by its name.",
    apply: withWords("ToolChoiceTypes", "web_search_preview", ["web_search"]),
    example: { schema: "ToolChoiceParam", value: { type: "web_search" }, isAccepted: true }
  },
  {
    name: "codes clients act upon",
    changes: "The code of a failed answer may be one of five more.",
    because:
      "The publisher's own agent acts upon `insufficient_quota`, `server_is_overloaded` and `context_length_exceeded`; `content_filter` and `model_not_found` " +
      "are what the service's error replies say.",
    apply: withWords("ResponseErrorCode", "server_error", [
      "insufficient_quota",
      "server_is_overloaded",
      "context_length_exceeded",
      "content_filter",
      "model_not_found"
    ]),
    example: { schema: "ResponseError", value: { code: "context_length_exceeded", message: "Too long." }, isAccepted: true }
  }
]

/** The schemas as published. */
export const schemas = (): Schemas => schemasOf(OpenAi.path)

/** The judge. */
export const oracle = (): Oracle => {
  const judge = compile(patched(schemas(), patches))
  return {
    request: judge("CreateResponse"),
    response: judge("Response"),
    error: judge("ErrorResponse"),
    stream: streamed(() => "ResponseStreamEvent", judge)
  }
}
