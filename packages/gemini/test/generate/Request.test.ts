import { describe, expect, it } from "vitest"
import { decode, encode, encodeFresh, lossesOf, refusal, request } from "./Generate.ts"

describe("a request inside the dialect", () => {
  const bodies = {
    "in camel case": request({
      systemInstruction: { parts: [{ text: "S" }], role: "user" },
      generationConfig: { maxOutputTokens: 5, imageConfig: { aspectRatio: "1:1" } }
    }),
    "in snake case": request({
      system_instruction: { parts: { text: "S" } },
      generation_config: { max_output_tokens: 5, thinking_config: { thinking_budget: 0, include_thoughts: false } },
      tool_config: { function_calling_config: { mode: "any", allowed_function_names: ["f"] } },
      safety_settings: [{ category: 7, threshold: 4 }]
    }),
    "with nulls": request({
      systemInstruction: null,
      generationConfig: null,
      tools: [{ functionDeclarations: [{ name: "f", description: null }], codeExecution: null }],
      toolConfig: null
    }),
    "of one content without a list": { contents: { role: "user", parts: { text: "hi" } } },
    "with the model as a resource": { model: "models/gemini-2.5-pro", ...request() },
    "of Vertex AI": request({ labels: { team: "a" }, modelArmorConfig: { promptTemplateName: "p" } })
  }
  for (const [situation, body] of Object.entries(bodies)) {
    it(`comes back as it was ${situation}`, () => {
      const encoded = encode(decode(body))
      expect(encoded.body).toEqual(body)
      expect(encoded.losses).toEqual([])
    })
  }

  it("is edited under the spelling it came in, and nowhere else", () => {
    const body = request({ generation_config: { max_output_tokens: 5, top_k: 3, other: 1 } })
    const encoded = encode({ ...decode(body), maxOutputTokens: 7, temperature: 0.5 })
    expect(encoded.body).toEqual(request({ generation_config: { max_output_tokens: 7, top_k: 3, other: 1, temperature: 0.5 } }))
  })

  it("is told the model by the path, and by the body where there is no path", () => {
    expect(decode(request(), { model: "models/gemini-3-pro" }).model).toBe("gemini-3-pro")
    expect(decode({ model: "models/gemini-2.0-flash", ...request() }, {}).model).toBe("gemini-2.0-flash")
    expect(decode(request(), { model: "m", stream: true }).stream).toBe(true)
  })

  it("names keys without a canonical home, also inside generationConfig", () => {
    expect(decode(request({ generationConfig: { mediaResolution: "MEDIA_RESOLUTION_LOW" }, x: 1 })).foreign).toEqual(["x", "generationConfig"])
    expect(decode(request({ generationConfig: { temperature: 1 } })).foreign).toBeUndefined()
  })

  it("counts tokens of a wrapped request, too", () => {
    expect(refusal({ generateContentRequest: request() })).toBeUndefined()
  })
})

describe("a body that is no request", () => {
  it("is refused with the place that is wrong", () => {
    expect(refusal({})).toMatchObject({ class: "bad-request", param: "/contents" })
    expect(refusal({ contents: [{ parts: [{ text: 5 }] }] })?.param).toBe("/contents/0/parts/0/text")
    expect(refusal(request({ generationConfig: { temperature: "hot" } }))?.param).toBe("/generationConfig/temperature")
    expect(refusal(request({ tools: [{ functionDeclarations: [{}] }] }))?.param).toBe("/tools/0/functionDeclarations/0/name")
  })
})

describe("a request from elsewhere", () => {
  it("writes how to answer into generationConfig", () => {
    const encoded = encodeFresh({ maxOutputTokens: 9, topP: 0.5, seed: 3, candidates: 2, logprobs: { enabled: true, top: 2 }, modalities: ["text", "audio"] })
    expect(encoded.body["generationConfig"]).toEqual({
      maxOutputTokens: 9,
      topP: 0.5,
      seed: 3,
      candidateCount: 2,
      responseLogprobs: true,
      logprobs: 2,
      responseModalities: ["TEXT", "AUDIO"]
    })
    expect(encoded.losses).toEqual([])
  })

  it("reports what Gemini has no place for", () => {
    const encoded = encodeFresh({
      user: "u",
      metadata: { a: "b" },
      previousResponse: "r",
      audioOutput: { voice: "alloy" },
      stop: ["1", "2", "3", "4", "5", "6"]
    })
    expect(lossesOf(encoded).toSorted()).toEqual([
      "/audioOutput dropped",
      "/metadata dropped",
      "/previousResponse dropped",
      "/stop approximated",
      "/user dropped"
    ])
    expect(encoded.losses.filter((loss) => loss.weight === "meaning").map((loss) => loss.canonical)).toEqual(["/audioOutput", "/previousResponse"])
  })

  it("asks its instructions as the user where there is nothing else", () => {
    const encoded = encodeFresh({ turns: [], instructions: [{ role: "system", parts: [{ type: "text", text: "S" }] }] })
    expect(encoded.body).toEqual({ contents: [{ role: "user", parts: [{ text: "S" }] }] })
    expect(lossesOf(encoded)).toEqual(["/turns approximated", "/instructions dropped"])
  })

  it("loses a forced choice where no tool is left", () => {
    const encoded = encodeFresh({ toolChoice: { type: "required" } })
    expect(encoded.body["toolConfig"]).toBeUndefined()
    expect(encoded.losses).toMatchObject([{ canonical: "/toolChoice", weight: "meaning" }])
  })
})

describe("the form of the answer", () => {
  const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] }

  it("is Gemini's own schema where that says the same", () => {
    const encoded = encodeFresh({ responseFormat: { type: "json-schema", schema } })
    expect(encoded.body["generationConfig"]).toEqual({
      responseMimeType: "application/json",
      responseSchema: { type: "OBJECT", properties: { a: { type: "STRING" } }, required: ["a"] }
    })
  })

  it("is a JSON Schema where it needs one, and never both", () => {
    const closed = { ...schema, additionalProperties: false }
    const encoded = encodeFresh({ responseFormat: { type: "json-schema", name: "n", schema: closed } })
    expect(encoded.body["generationConfig"]).toEqual({ responseMimeType: "application/json", responseJsonSchema: closed })
    expect(lossesOf(encoded)).toEqual(["/responseFormat/name dropped"])
  })

  it("is read from any of the schema keys", () => {
    for (const key of ["responseJsonSchema", "_responseJsonSchema", "response_json_schema", "responseSchema"]) {
      const body = request({ generationConfig: { responseMimeType: "application/json", [key]: schema } })
      expect(decode(body).responseFormat).toEqual({ type: "json-schema", schema })
      expect(encode(decode(body)).body).toEqual(body)
    }
  })

  it("is JSON or text by its type alone, and other types stay on the wire", () => {
    expect(decode(request({ generationConfig: { responseMimeType: "application/json" } })).responseFormat).toEqual({ type: "json" })
    expect(decode(request({ generationConfig: { responseMimeType: "text/plain" } })).responseFormat).toEqual({ type: "text" })
    expect(decode(request({ generationConfig: { responseMimeType: "text/x.enum" } })).responseFormat).toBeUndefined()
  })
})
