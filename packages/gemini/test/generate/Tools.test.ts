import type { FunctionTool } from "@sluice/protocol/CanonicalRequest"
import type { JsonObject } from "@sluice/protocol/Wire"
import { describe, expect, it } from "vitest"
import { decode, elsewhere, encode, encodeFresh, lossesOf, request } from "./Generate.ts"

const f: FunctionTool = { type: "function", name: "f", parameters: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] } }

describe("offered tools", () => {
  it("are functions and tools of the provider, wherever they stand together", () => {
    const body = request({
      tools: [{ function_declarations: [{ name: "f", parameters: { type: "OBJECT" } }], google_search: {} }, { codeExecution: {}, urlContext: null }]
    })
    expect(decode(body).tools?.map((tool) => tool.name)).toEqual(["f", "google_search", "codeExecution"])
    expect(encode(decode(body)).body).toEqual(body)
  })

  it("are edited in the entry they came from", () => {
    const request_ = decode(request({ tools: [{ functionDeclarations: [{ name: "f", behavior: "BLOCKING" }, { name: "g" }], googleSearch: {} }] }))
    const tools = (request_.tools ?? []).filter((tool) => tool.name !== "g" && tool.name !== "googleSearch").map((tool) => ({ ...tool, description: "d" }))
    expect(encode({ ...request_, tools }).body["tools"]).toEqual([{ functionDeclarations: [{ name: "f", behavior: "BLOCKING", description: "d" }] }])
    expect(encode({ ...request_, tools: [...request_.tools ?? [], f] }).body["tools"]).toEqual([
      { functionDeclarations: [{ name: "f", behavior: "BLOCKING" }, { name: "g" }], googleSearch: {} },
      { functionDeclarations: [{ name: "f", parameters: { type: "OBJECT", properties: { a: { type: "INTEGER" } }, required: ["a"] } }] }
    ])
  })

  it("carry JSON Schema where Gemini's own schema is too narrow", () => {
    const parameters = { type: "object", properties: { a: { const: 1 } }, additionalProperties: false }
    expect(encodeFresh({ tools: [{ ...f, parameters }] }).body["tools"]).toEqual([{ functionDeclarations: [{ name: "f", parametersJsonSchema: parameters }] }])
  })

  it("are adapted for models that do not take JSON Schema, which is a loss", () => {
    const parameters = { type: "object", properties: { a: { type: ["string", "null"] } }, additionalProperties: false }
    const encoded = encodeFresh({ model: "gemini-1.5-pro", tools: [{ ...f, parameters }] })
    expect(encoded.body["tools"]).toEqual([{
      functionDeclarations: [{ name: "f", parameters: { type: "OBJECT", properties: { a: { nullable: true, type: "STRING" } } } }]
    }])
    expect(lossesOf(encoded)).toEqual(["/tools/0/parameters approximated"])
  })

  it("have names Gemini takes, and the answer gets the caller's", () => {
    const encoded = encodeFresh({ tools: [{ ...f, name: "1 tool" }], toolChoice: { type: "named", kind: "function", name: "1 tool" } })
    const [[sent, called] = ["", ""]] = [...encoded.renamed]
    expect(sent).toMatch(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/)
    expect(called).toBe("1 tool")
    expect(encoded.body["toolConfig"]).toEqual({ functionCallingConfig: { mode: "ANY", allowedFunctionNames: [sent] } })
  })

  it("of a namespace carry its name, in their declaration, in a call and in its result", () => {
    const encoded = encodeFresh({
      tools: [{ type: "namespace", name: "crm", tools: [{ type: "function", name: "find" }] }],
      turns: [
        { role: "user", parts: [{ type: "text", text: "Find" }] },
        { role: "assistant", parts: [{ type: "tool-call", kind: "function", id: "a", namespace: "crm", name: "find", arguments: "{}" }] },
        { role: "tool", parts: [{ type: "tool-result", kind: "function", id: "a", parts: [{ type: "text", text: "found" }] }] }
      ]
    })
    expect(encoded.body["tools"]).toMatchObject([{ functionDeclarations: [{ name: "crm__find" }] }])
    expect(encoded.body["contents"]).toMatchObject([
      { role: "user" },
      { role: "model", parts: [{ functionCall: { name: "crm__find" } }] },
      { role: "user", parts: [{ functionResponse: { name: "crm__find" } }] }
    ])
  })

  it("of free text become functions, those of other providers are lost", () => {
    const encoded = encodeFresh({ tools: [{ type: "custom", name: "c" }, { type: "provider", dialect: elsewhere, name: "p", value: {} }] })
    expect(lossesOf(encoded)).toEqual(["/tools/0 approximated", "/tools/1 dropped"])
  })
})

describe("the choice among tools", () => {
  const choiceOf = (functionCallingConfig: JsonObject) => decode(request({ toolConfig: { functionCallingConfig } })).toolChoice

  it("is read in words of any case and in numbers", () => {
    expect(choiceOf({ mode: "auto" })).toEqual({ type: "auto" })
    expect(choiceOf({ mode: 2 })).toEqual({ type: "required" })
    expect(choiceOf({ mode: "ANY", allowedFunctionNames: ["f"] })).toEqual({ type: "named", kind: "function", name: "f" })
    expect(choiceOf({ mode: "ANY", allowed_function_names: ["f", "g"] })).toEqual({ type: "allowed", mode: "required", names: ["f", "g"] })
    expect(choiceOf({ mode: "VALIDATED", allowedFunctionNames: ["f", "g"] })).toEqual({ type: "allowed", mode: "auto", names: ["f", "g"] })
    expect(choiceOf({ mode: "VALIDATED" })?.type).toBe("provider")
    expect(choiceOf({ mode: "MODE_UNSPECIFIED" })).toBeUndefined()
  })

  it("is edited beside what else stands in toolConfig", () => {
    const body = request({
      tools: [{ functionDeclarations: [{ name: "f" }] }],
      toolConfig: { functionCallingConfig: { mode: "any", x: 1 }, retrievalConfig: { languageCode: "de" } }
    })
    expect(encode({ ...decode(body), toolChoice: { type: "none" } }).body["toolConfig"]).toEqual({
      functionCallingConfig: { mode: "NONE", x: 1 },
      retrievalConfig: { languageCode: "de" }
    })
    const { toolChoice: _, ...free } = decode(body)
    expect(encode(free).body["toolConfig"]).toEqual({ retrievalConfig: { languageCode: "de" } })
  })

  it("is written for tools from elsewhere", () => {
    const sent = (toolChoice: Parameters<typeof encodeFresh>[0]["toolChoice"]) =>
      encodeFresh({ tools: [f], ...(toolChoice === undefined ? {} : { toolChoice }) }).body["toolConfig"]
    expect(sent({ type: "required" })).toEqual({ functionCallingConfig: { mode: "ANY" } })
    expect(sent({ type: "allowed", mode: "auto", names: ["f", "g"] })).toEqual({
      functionCallingConfig: { mode: "VALIDATED", allowedFunctionNames: ["f", "g"] }
    })
    expect(sent(undefined)).toBeUndefined()
  })
})
