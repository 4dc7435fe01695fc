/** Inputs that once broke a decoder, as small as they were found. The short form judges each of them. */
import type { Decoder, Written } from "./Input.ts"

/** One input, what it did, and where. */
export interface Regression extends Written {
  readonly was: string
  readonly dialect: string
  readonly decoder: Decoder
}

const deep = (levels: number): string => `${"{\"a\":".repeat(levels)}0${"}".repeat(levels)}`

/** The list. */
export const regressions: ReadonlyArray<Regression> = [
  {
    was: "a medium of an answer in snake case was not looked at before it was read",
    dialect: "gemini-generate",
    decoder: "response",
    text: "{\"candidates\":[{\"content\":{\"parts\":[{\"inline_data\":{\"mimeType\":0}}]}}]}",
    status: 200
  },
  {
    was: "an image with a document's source of text broke the encoder of another dialect",
    dialect: "anthropic-messages",
    decoder: "request",
    text:
      "{\"model\":\"gemini-2.5-pro\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"text\",\"file_id\":\"\"}}]}]}"
  },
  {
    was: "a deprecated function with a key `function` moved to the other tools",
    dialect: "openai-chat",
    decoder: "request",
    text: "{\"model\":\"\",\"messages\":[],\"functions\":[{\"name\":\"\",\"function\":{\"name\":\"\"}}]}"
  },
  {
    was: "evidence of nothing but quotes was twice as long as evidence may be",
    dialect: "openai-chat",
    decoder: "error",
    text: "\"".repeat(4100),
    status: 500
  },
  {
    was: "a tool of the provider's own type with a key `function` lost that key's value",
    dialect: "openai-chat",
    decoder: "request",
    text: "{\"model\":\"\",\"messages\":[],\"tools\":[{\"type\":\"\",\"function\":\"\"}]}"
  },
  {
    was: "a tool of the provider's own type with an object under `function` broke the encoder of another dialect",
    dialect: "openai-chat",
    decoder: "request",
    text: "{\"model\":\"\",\"messages\":[],\"tools\":[{\"type\":\"\",\"function\":{\"name\":0}}]}"
  },
  {
    was: "a call with a stray `name` was taken for the deprecated form and lost its list",
    dialect: "openai-chat",
    decoder: "request",
    text:
      "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"name\":\"f\"}]}]}"
  },
  {
    was: "details without words made a failure without words",
    dialect: "openai-responses",
    decoder: "error",
    text: "{\"detail\":[{\"msg\":\"\"}]}",
    status: 413
  },
  {
    was: "an error that nests deep broke the stack where its evidence was measured",
    dialect: "anthropic-messages",
    decoder: "error",
    text: `{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":${deep(20_000)}}`
  },
  {
    was: "a chunk that nests deep broke the stack where it was written again",
    dialect: "openai-chat",
    decoder: "stream",
    text: `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"a"}}],"x":${deep(20_000)}}\n\ndata: [DONE]\n\n`
  },
  {
    was: "an answer that nests deep broke the stack where it was written",
    dialect: "openai-responses",
    decoder: "response",
    text: `{"id":"r","object":"response","status":"completed","output":[],"x":${deep(20_000)}}`
  }
]
