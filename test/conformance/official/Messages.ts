/** The Messages part of Anthropic's specification. */
import { isObject, type Json } from "@sluice/protocol/Wire"
import type { Oracle } from "../../../packages/testing/src/Laws.ts"
import type { Schemas } from "./Alternatives.ts"
import { streamed } from "./Judging.ts"
import { withWords } from "./Patches.ts"
import { compile, type Patch, patched, schemasOf } from "./Specification.ts"

/** One more kind of error, like the others. */
const tooLarge = (schemas: Schemas): void => {
  const properties = { type: { const: "request_too_large", type: "string" }, message: { type: "string" } }
  schemas["RequestTooLargeError"] = { type: "object", properties, required: ["type", "message"] }
  const response = schemas["ErrorResponse"]
  if (!isObject(response) || !isObject(response["properties"]) || !isObject(response["properties"]["error"])) return
  const { error } = response["properties"]
  const kinds = Array.isArray(error["oneOf"]) ? error["oneOf"] : []
  const widened = { ...error, oneOf: [...kinds, { $ref: "#/components/schemas/RequestTooLargeError" }] }
  schemas["ErrorResponse"] = { ...response, properties: { ...response["properties"], error: widened } }
}

/** Whether a request uses what only the beta part has: MCP servers, or files by id. */
const isBeta = (value: Json): boolean =>
  Array.isArray(value)
    ? value.some(isBeta)
    : isObject(value) &&
      (value["mcp_servers"] !== undefined || (value["type"] === "file" && value["file_id"] !== undefined) || Object.values(value).some(isBeta))

/** Where real traffic contradicts the specification. */
export const patches: ReadonlyArray<Patch> = [
  {
    name: "newer stop reasons",
    changes: "`StopReason` has `compaction` and `model_context_window_exceeded`.",
    because: "The beta part of the same document has them, and models send the second without a beta header.",
    apply: withWords("StopReason", "end_turn", ["compaction", "model_context_window_exceeded"]),
    example: { schema: "StopReason", value: "model_context_window_exceeded", isAccepted: true }
  },
  {
    name: "requests that are too large",
    changes: "`ErrorResponse` takes the type `request_too_large`.",
    because: "The service answers 413 with it, as its documentation of errors says; the document has no schema for it.",
    apply: tooLarge,
    example: {
      schema: "ErrorResponse",
      value: { type: "error", error: { type: "request_too_large", message: "Request exceeds the maximum size" }, request_id: null },
      isAccepted: true
    }
  }
]

/** The schemas as published. */
export const schemas = (): Schemas => schemasOf("anthropic/anthropic-openapi.tryagi-2026-08.yaml")

/** The judge. A request that uses what is in beta is judged by the schemas of the beta part. */
export const oracle = (): Oracle => {
  const judge = compile(patched(schemas(), patches))
  return {
    request: (body) => judge(isBeta(body) ? "BetaCreateMessageParams" : "CreateMessageParams")(body),
    response: judge("Message"),
    error: judge("ErrorResponse"),
    stream: streamed((event) => isObject(event) && event["type"] === "error" ? "ErrorResponse" : "MessageStreamEvent", judge)
  }
}
