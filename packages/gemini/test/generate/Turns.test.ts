import type { Part } from "@sluice/protocol/CanonicalPart"
import type { Json } from "@sluice/protocol/Wire"
import { describe, expect, it } from "vitest"
import { decode, elsewhere, encode, encodeFresh, lossesOf } from "./Generate.ts"

const idsOf = (contents: ReadonlyArray<Json>) =>
  decode({ contents }).turns.flatMap((turn) => turn.parts.flatMap((part) => part.type === "tool-call" || part.type === "tool-result" ? [part.id] : []))

const call = (name: string, args: Json = {}, id?: string) => ({ functionCall: { ...(id === undefined ? {} : { id }), name, args } })
const result = (name: string, id?: string) => ({ functionResponse: { ...(id === undefined ? {} : { id }), name, response: { output: "x" } } })

describe("the roles of contents", () => {
  it("are those of turns; results alone are a tool's, and no role is the user's", () => {
    const { turns } = decode({
      contents: [
        { parts: [{ text: "q" }] },
        { role: "model", parts: [call("f")] },
        { role: "user", parts: [result("f")] },
        { role: "function", parts: [result("f")] },
        { role: "user", parts: [result("f"), { text: "and" }] },
        { role: "critic", parts: [] }
      ]
    })
    expect(turns.map((turn) => turn.role)).toEqual(["user", "assistant", "tool", "tool", "user", "foreign"])
  })
})

describe("calls without ids", () => {
  it("get the same ids from the same body", () => {
    const contents = [{ role: "model", parts: [call("f", { a: 1 })] }, { role: "user", parts: [result("f")] }]
    expect(idsOf(contents)).toEqual(idsOf(contents))
  })

  it("are told apart by their arguments, and by number where even those are the same", () => {
    const ids = idsOf([{ role: "model", parts: [call("f", { a: 1 }), call("f", { a: 2 }), call("f", { a: 1 })] }])
    expect(new Set(ids).size).toBe(3)
    expect(ids[2]).toBe(`${ids[0]}_2`)
  })

  it("are answered by name and in order, each result a content of its own", () => {
    const [first, second, third, ...answers] = idsOf([
      { role: "model", parts: [call("f", { a: 1 }), call("g"), call("f", { a: 2 })] },
      { role: "user", parts: [result("f")] },
      { role: "user", parts: [result("g")] },
      { role: "user", parts: [result("f")] }
    ])
    expect(answers).toEqual([first, second, third])
  })

  it("leave the calls that are answered by id to those results", () => {
    const ids = idsOf([{ role: "model", parts: [call("f", {}, "1"), call("f", {}, "2"), call("f", {}, "3")] }, {
      role: "user",
      parts: [result("f"), result("f", "1"), result("f")]
    }])
    expect(ids.slice(3)).toEqual(["2", "1", "3"])
  })

  it("are answered in order where the result has no name either", () => {
    const [first, second, ...answers] = idsOf([{ role: "model", parts: [call("f"), call("g")] }, { role: "user", parts: [result(""), result("")] }])
    expect(answers).toEqual([first, second])
  })

  it("stay without ids on the wire", () => {
    const body = { contents: [{ role: "model", parts: [call("f")] }, { role: "user", parts: [result("f")] }] }
    expect(encode(decode(body)).body).toEqual(body)
  })
})

describe("results of functions", () => {
  const partsOf = (response: Json, parts?: Json) => {
    const [turn] = decode({ contents: [{ parts: [{ functionResponse: { name: "f", response, ...(parts === undefined ? {} : { parts }) } }] }] }).turns
    const [part] = turn?.parts ?? []
    return part?.type === "tool-result"
      ? { isError: part.isError, parts: part.parts.map((inner) => inner.type === "text" ? inner.text : inner.type === "json" ? inner.value : inner.type) }
      : undefined
  }

  it("are text under the usual keys, errors under theirs, and JSON otherwise", () => {
    expect(partsOf({ output: "x" })).toEqual({ isError: undefined, parts: ["x"] })
    expect(partsOf({ error: "no" })).toEqual({ isError: true, parts: ["no"] })
    expect(partsOf({ output: 5 })).toEqual({ isError: undefined, parts: [{ output: 5 }] })
    expect(partsOf({})).toEqual({ isError: undefined, parts: [] })
    expect(partsOf({ output: "x" }, [{ inlineData: { mimeType: "image/png", data: "AAAA" } }])).toEqual({ isError: undefined, parts: ["x", "image"] })
  })

  const sent = (parts: ReadonlyArray<Part>, isError?: boolean) => {
    const encoded = encodeFresh({
      turns: [
        { role: "assistant", parts: [{ type: "tool-call", kind: "function", id: "1", name: "f", arguments: "{}" }] },
        { role: "tool", parts: [{ type: "tool-result", kind: "function", id: "1", parts, ...(isError === undefined ? {} : { isError }) }] }
      ]
    })
    const body: { readonly contents: ReadonlyArray<{ readonly parts: ReadonlyArray<{ readonly functionResponse: Json }> }> } = JSON.parse(
      JSON.stringify(encoded.body)
    )
    return body.contents[1]?.parts[0]?.functionResponse
  }

  it("have the name of the call they answer and an object as response", () => {
    expect(sent([{ type: "text", text: "x" }])).toEqual({ id: "1", name: "f", response: { output: "x" } })
    expect(sent([{ type: "text", text: "no" }], true)).toEqual({ id: "1", name: "f", response: { error: "no" } })
    expect(sent([{ type: "json", value: { a: 1 } }])).toEqual({ id: "1", name: "f", response: { a: 1 } })
    expect(sent([])).toEqual({ id: "1", name: "f", response: {} })
    expect(sent([{ type: "text", text: "x" }, { type: "image", source: { type: "base64", mime: "image/png", data: "AAAA" } }])).toEqual({
      id: "1",
      name: "f",
      response: { output: "x" },
      parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }]
    })
  })

  it("stand together behind their calls and in their order, before anything else", () => {
    const encoded = encodeFresh({
      turns: [
        { role: "assistant", parts: [{ type: "tool-call", kind: "function", id: "1", name: "f", arguments: "{}" }] },
        { role: "assistant", parts: [{ type: "tool-call", kind: "function", id: "2", name: "g", arguments: "{\"a\":1}" }] },
        { role: "tool", parts: [{ type: "tool-result", kind: "function", id: "2", parts: [{ type: "text", text: "b" }] }] },
        { role: "user", parts: [{ type: "tool-result", kind: "function", id: "1", parts: [{ type: "text", text: "a" }] }, { type: "text", text: "so?" }] }
      ]
    })
    expect(encoded.body["contents"]).toEqual([
      { role: "model", parts: [call("f", {}, "1"), call("g", { a: 1 }, "2")] },
      {
        role: "user",
        parts: [{ functionResponse: { id: "1", name: "f", response: { output: "a" } } }, {
          functionResponse: { id: "2", name: "g", response: { output: "b" } }
        }]
      },
      { role: "user", parts: [{ text: "so?" }] }
    ])
    expect(encoded.losses).toEqual([])
  })
})

describe("thinking and signatures", () => {
  it("of Gemini are kept, the bypass that its clients write is none", () => {
    const body = {
      contents: [{
        role: "model",
        parts: [{ text: "hm", thought: true, thoughtSignature: "S" }, { ...call("f"), thoughtSignature: "skip_thought_signature_validator" }]
      }]
    }
    const parts = decode(body).turns[0]?.parts ?? []
    expect(parts.map((part) => part.signature?.value)).toEqual(["S", undefined])
    expect(encode(decode(body)).body).toEqual(body)
  })

  it("of others are not sent", () => {
    const encoded = encodeFresh({
      turns: [{
        role: "assistant",
        parts: [
          { type: "reasoning", form: "raw", text: "hm", signature: { by: elsewhere, value: "S" } },
          { type: "text", text: "ok", signature: { by: elsewhere, value: "S" } }
        ]
      }]
    })
    expect(encoded.body["contents"]).toEqual([{ role: "model", parts: [{ text: "ok" }] }])
    expect(lossesOf(encoded)).toEqual(["/turns/0/parts/0 dropped", "/turns/0/parts/1/signature dropped"])
  })

  it("are replaced by the bypass on the first call for models that ask for them", () => {
    const turns = [{
      role: "assistant" as const,
      parts: ["1", "2"].map((id) => ({ type: "tool-call" as const, kind: "function" as const, id, name: "f", arguments: "{}" }))
    }]
    expect(encodeFresh({ model: "gemini-3-pro", turns }).body["contents"]).toEqual([
      { role: "model", parts: [{ ...call("f", {}, "1"), thoughtSignature: "skip_thought_signature_validator" }, call("f", {}, "2")] }
    ])
    expect(encodeFresh({ model: "gemini-2.5-pro", turns }).body["contents"]).toEqual([{ role: "model", parts: [call("f", {}, "1"), call("f", {}, "2")] }])
  })
})

describe("media", () => {
  const sent = (part: Part) => {
    const encoded = encodeFresh({ turns: [{ role: "user", parts: [part] }] })
    const body: { readonly contents: ReadonlyArray<{ readonly parts: ReadonlyArray<Json> }> } = JSON.parse(JSON.stringify(encoded.body))
    return { part: body.contents[0]?.parts[0], losses: lossesOf(encoded) }
  }

  it("are of the kind of their MIME type", () => {
    const kinds = ["image/png", "audio/wav", "video/mp4", "application/pdf", "text/plain"].map((mimeType) =>
      decode({ contents: [{ parts: [{ inlineData: { mimeType, data: "AAAA" } }] }] }).turns[0]?.parts[0]?.type
    )
    expect(kinds).toEqual(["image", "audio", "video", "document", "document"])
  })

  it("are in the common alphabet of base64, whichever they came in, and come back as they came", () => {
    const body = { contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: "-_8A-w" } }] }] }
    expect(decode(body).turns[0]?.parts[0]).toMatchObject({ source: { type: "base64", data: "+/8A+w==" } })
    expect(encode(decode(body)).body).toEqual(body)
  })

  it("are addresses that anybody reads, or files that only Google does", () => {
    const sources = ["https://example.com/a.png", "gs://bucket/a.mp4", "https://generativelanguage.googleapis.com/v1beta/files/1"].map((file_uri) => {
      const part = decode({ contents: [{ parts: [{ file_data: { file_uri, mime_type: "image/png" } }] }] }).turns[0]?.parts[0]
      return part?.type === "image" ? part.source.type : undefined
    })
    expect(sources).toEqual(["url", "file", "file"])
  })

  it("take data URLs apart", () => {
    expect(sent({ type: "image", source: { type: "url", url: "data:image/png;base64,AAAA" } }).part).toEqual({
      inlineData: { mimeType: "image/png", data: "AAAA" }
    })
  })

  it("get the MIME type that Gemini asks for", () => {
    expect(sent({ type: "image", source: { type: "url", url: "https://example.com/a.PNG?x" } })).toEqual({
      part: { fileData: { mimeType: "image/png", fileUri: "https://example.com/a.PNG?x" } },
      losses: ["/turns/0/parts/0/source/mime defaulted"]
    })
  })

  it("that are text become a text document, and files of others are lost as meaning", () => {
    expect(sent({ type: "document", source: { type: "text", text: "é" } }).part).toEqual({ inlineData: { mimeType: "text/plain", data: "w6k=" } })
    const encoded = encodeFresh({
      turns: [{ role: "user", parts: [{ type: "text", text: "x" }, { type: "image", source: { type: "file", provider: elsewhere, id: "f" } }] }]
    })
    expect(encoded.losses).toMatchObject([{ canonical: "/turns/0/parts/1", reason: "dropped", weight: "meaning" }])
  })

  it("keep what only Gemini says of them", () => {
    const body = {
      contents: [{ parts: [{ fileData: { fileUri: "https://youtu.be/x" }, videoMetadata: { fps: 2 }, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } }] }]
    }
    expect(decode(body).turns[0]?.parts[0]).toMatchObject({ foreign: ["videoMetadata"], detail: "low" })
    expect(encode(decode(body)).body).toEqual(body)
  })
})

describe("parts that only Gemini knows", () => {
  it("are foreign, and come back", () => {
    const body = {
      contents: [{ role: "model", parts: [{ executableCode: { code: "1", language: "PYTHON" } }, { codeExecutionResult: { outcome: "OUTCOME_OK" } }, {}] }]
    }
    expect(decode(body).turns[0]?.parts.map((part) => part.type === "foreign" ? part.name : part.type)).toEqual([
      "executableCode",
      "codeExecutionResult",
      "part"
    ])
    expect(encode(decode(body)).body).toEqual(body)
  })
})
