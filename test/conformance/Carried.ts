/**
 * What must cross between any two dialects without a loss, as requests that hold nothing else. The output limit is among them
 * throughout, because one protocol demands it.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"

const base = { model: "m", maxOutputTokens: 500 } as const
const question = { role: "user", parts: [{ type: "text", text: "What is the weather in Paris?" }] } as const
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false } as const
const weather = { type: "function", name: "get_weather", description: "Looks outside.", parameters: schema } as const
const request = (fields: Omit<CanonicalRequest, "model" | "turns"> & { readonly turns?: CanonicalRequest["turns"] }): CanonicalRequest => ({
  ...base,
  turns: [question],
  ...fields
})

const call = (id: string, city: string) => ({ type: "tool-call", kind: "function", id, name: "get_weather", arguments: JSON.stringify({ city }) }) as const
const result = (id: string, text: string) =>
  ({ role: "tool", parts: [{ type: "tool-result", id, kind: "function", parts: [{ type: "text", text }] }] }) as const

/** Something that crosses, with the requests that show it, and the dialects that have no word for it: `to openai-chat`, or `from openai-chat`. */
export interface Carried {
  readonly what: string
  readonly requests: ReadonlyArray<CanonicalRequest>
  readonly unless: ReadonlyArray<string>
}

const all: ReadonlyArray<readonly [what: string, requests: ReadonlyArray<CanonicalRequest>, unless?: ReadonlyArray<string>]> = [
  ["the model and a question", [request({})]],
  ["instructions", [request({ instructions: [{ role: "system", parts: [{ type: "text", text: "Be brief." }] }] })]],
  [
    "turns of user and assistant, in order",
    [request({
      turns: [question, { role: "assistant", parts: [{ type: "text", text: "Sunny." }] }, { role: "user", parts: [{ type: "text", text: "And in Rome?" }] }]
    })]
  ],
  ["several texts in one turn", [request({ turns: [{ role: "user", parts: [{ type: "text", text: "One." }, { type: "text", text: "Two." }] }] })]],
  [
    "pictures between texts",
    [request({
      turns: [{
        role: "user",
        parts: [
          { type: "text", text: "Compare" },
          { type: "image", source: { type: "base64", mime: "image/png", data: "iVBORw0KGgo=" } },
          { type: "text", text: "with" },
          { type: "image", source: { type: "base64", mime: "image/png", data: "iVBORw0KGgo=" } }
        ]
      }]
    })]
  ],
  [
    "pictures by URL",
    [request({
      turns: [{ role: "user", parts: [{ type: "text", text: "Look" }, { type: "image", source: { type: "url", url: "https://example.com/a.png" } }] }]
    })],
    ["from gemini-generate", "to gemini-generate"]
  ],
  [
    "documents inline, with their title",
    [request({
      turns: [{ role: "user", parts: [{ type: "document", source: { type: "base64", mime: "application/pdf", data: "JVBERi0xLjQK" }, title: "report.pdf" }] }]
    })],
    ["from gemini-generate", "to gemini-generate"]
  ],
  ["tools with description and schema", [request({ tools: [weather] })]],
  ["a tool's strictness", [request({ tools: [{ ...weather, strict: true }] })], ["to gemini-generate"]],
  [
    "the choice of tools: auto, none, required, one by name",
    (["auto", "none", "required"] as const).map((type) => request({ tools: [weather], toolChoice: { type } })).concat(
      request({ tools: [weather], toolChoice: { type: "named", kind: "function", name: "get_weather" } })
    )
  ],
  ["whether calls may be parallel", [request({ tools: [weather], toolChoice: { type: "auto" }, parallelToolCalls: false })], ["to gemini-generate"]],
  [
    "parallel calls with their results: ids, names, arguments, order",
    [request({
      tools: [weather],
      turns: [question, { role: "assistant", parts: [call("call_1", "Paris"), call("call_2", "Rome")] }, result("call_1", "sunny"), result("call_2", "rain")]
    })],
    ["from gemini-generate"]
  ],
  ["the limit of the answer", [request({ maxOutputTokens: 77 })]],
  ["temperature from 0 to 1", [0, 0.5, 1].map((temperature) => request({ temperature }))],
  ["top-p", [request({ topP: 0.5 })]],
  ["up to four stop sequences", [request({ stop: ["a", "b", "c", "d"] })], ["to openai-responses"]],
  ["whether the answer is streamed", [request({ stream: true }), request({ stream: false })]],
  ["the user's id", [request({ user: "user-1" })], ["to gemini-generate"]]
]

/** All there is. */
export const carried: ReadonlyArray<Carried> = all.map(([what, requests, unless = []]) => ({ what, requests, unless }))

/** What crosses between two dialects. */
export const carriedBetween = (from: string, to: string): ReadonlyArray<Carried> =>
  carried.filter(({ unless }) => !unless.includes(`from ${from}`) && !unless.includes(`to ${to}`))
