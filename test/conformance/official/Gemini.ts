/** The generating part of Google's specifications, closed. */
import { isObject, type Json } from "@sluice/protocol/Wire"
import type { Oracle } from "../../../packages/testing/src/Laws.ts"
import { resolved, type Schemas } from "./Alternatives.ts"
import { union } from "./Closed.ts"
import { streamed } from "./Judging.ts"
import { formatted, without } from "./Patches.ts"
import { compile, type Patch, patched, read, schemasOf } from "./Specification.ts"

const detailsOf = (schemas: Schemas): Json => {
  const { properties } = resolved(schemas, schemas["Status"])
  return isObject(properties) ? properties["details"] ?? {} : {}
}

/** Where real traffic contradicts the specification. */
export const patches: ReadonlyArray<Patch> = [
  {
    name: "model in the path",
    changes: "`GenerateContentRequest` does not require `model`.",
    because: "The document describes the call of Google's RPC; over HTTP the path names the model and no client repeats it.",
    apply: without(["GenerateContentRequest"], ["model"]),
    example: { schema: "GenerateContentRequest", value: { contents: [] }, isAccepted: true }
  },
  {
    name: "functions without a description",
    changes: "`FunctionDeclaration` does not require `description`.",
    because: "Vertex's document, the newer one, calls it optional, and clients whose tools have none send an empty one.",
    apply: without(["FunctionDeclaration"], ["description"]),
    example: { schema: "FunctionDeclaration", value: { name: "f" }, isAccepted: true }
  },
  {
    name: "either alphabet of base64",
    changes: "`byte` takes the alphabet for URLs as well, and no padding.",
    because: "So the JSON mapping of protobuf has it; recorded signatures and pictures of both services are in either alphabet.",
    apply: formatted("byte", { pattern: "^[A-Za-z0-9+/_-]*={0,2}$" }),
    example: { schema: "Part", value: { text: "", thoughtSignature: "skip_thought_signature_validator" }, isAccepted: true }
  },
  {
    name: "roles are words",
    changes: "The role of `Content` is `user` or `model`.",
    because: "Both documents say so in words only; a patch that makes the judge stricter.",
    apply: (schemas) => {
      const content = resolved(schemas, schemas["Content"])
      const properties = isObject(content["properties"]) ? content["properties"] : {}
      schemas["Content"] = { ...content, properties: { ...properties, role: { enum: ["user", "model"] } } }
    },
    example: { schema: "Content", value: { role: "assistant", parts: [] }, isAccepted: false }
  },
  {
    name: "error reply",
    changes: "`ErrorReply` is added: `error` with `code`, `message`, `status` and `details`, all but the last required.",
    because: "Both documents describe `google.rpc.Status` and neither how HTTP replies wrap it and name its code.",
    apply: (schemas) => {
      const properties = { code: { type: "integer" }, message: { type: "string" }, status: { type: "string" }, details: detailsOf(schemas) }
      const error = { type: "object", properties, required: ["code", "message", "status"], additionalProperties: false }
      schemas["ErrorReply"] = { type: "object", properties: { error }, required: ["error"], additionalProperties: false }
    },
    example: { schema: "ErrorReply", value: { error: { code: 429, message: "Slow down.", status: "RESOURCE_EXHAUSTED" } }, isAccepted: true }
  }
]

/** The schemas as published: the closed union of both documents. */
export const schemas = (): Schemas => {
  const { schemas: vertex } = read("google/aiplatform.v1beta1.discovery.json")
  return union(schemasOf("google/generativelanguage-v1beta.openapi.json"), isObject(vertex) ? vertex : {})
}

/** The judge. */
export const oracle = (): Oracle => {
  const judge = compile(patched(schemas(), patches))
  return {
    request: judge("GenerateContentRequest"),
    response: judge("GenerateContentResponse"),
    error: judge("ErrorReply"),
    stream: streamed((event) => isObject(event) && event["error"] !== undefined ? "ErrorReply" : "GenerateContentResponse", judge)
  }
}
