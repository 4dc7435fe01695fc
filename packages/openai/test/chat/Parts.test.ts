import { describe, it } from "@effect/vitest"
import type { Part } from "@sluice/protocol/CanonicalPart"
import { bare } from "@sluice/protocol/Equality"
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { id } from "../../src/chat/Dialect.ts"
import { decode, elsewhere, encode } from "./Chat.ts"

const read = (block: JsonObject) => bare(decode({ model: "m", messages: [{ role: "user", content: [block] }] }).turns[0]?.parts[0])
const written = (part: Part) => {
  const encoded = encode({ model: "m", turns: [{ role: "user", parts: [part] }] })
  const [message] = encoded.body["messages"] as ReadonlyArray<JsonObject>
  return { content: message?.["content"], losses: encoded.losses.map(({ canonical, reason, weight }) => `${canonical} ${reason} ${weight}`) }
}

describe("a content part", () => {
  it("with a picture is its URL or its bytes", () => {
    assert.deepStrictEqual(read({ type: "image_url", image_url: { url: "https://e.x/a.png", detail: "low" } }), {
      type: "image",
      source: { type: "url", url: "https://e.x/a.png" },
      detail: "low"
    })
    assert.deepStrictEqual(read({ type: "image_url", image_url: "data:image/png;base64,AA==" }), {
      type: "image",
      source: { type: "base64", mime: "image/png", data: "AA==" }
    })
  })

  it("with sound is its bytes and their type", () => {
    assert.deepStrictEqual(read({ type: "input_audio", input_audio: { data: "AA", format: "mp3" } }), {
      type: "audio",
      source: { type: "base64", mime: "audio/mpeg", data: "AA" }
    })
    assert.deepStrictEqual(read({ type: "input_audio", input_audio: "AA" }), { type: "audio", source: { type: "base64", data: "AA" } })
  })

  it("with a file is a document: bytes, a link or an id", () => {
    assert.deepStrictEqual(read({ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA" } }), {
      type: "document",
      title: "a.pdf",
      source: { type: "base64", mime: "application/pdf", data: "AA" }
    })
    assert.deepStrictEqual(read({ type: "file", file: { file_id: "file-1" } }), { type: "document", source: { type: "file", provider: id, id: "file-1" } })
    assert.deepStrictEqual(read({ type: "file", file: { file_data: "https://e.x/a.pdf" } }), {
      type: "document",
      source: { type: "url", url: "https://e.x/a.pdf" }
    })
    assert.deepStrictEqual(read({ type: "document_url", document_url: "https://e.x/a.pdf", document_name: "a" }), {
      type: "document",
      title: "a",
      source: { type: "url", url: "https://e.x/a.pdf" }
    })
  })

  it("carries the cache hints of compatible providers and of OpenAI", () => {
    assert.deepStrictEqual(read({ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } }), {
      type: "text",
      text: "a",
      cache: { ttl: "1h" }
    })
    assert.deepStrictEqual(read({ type: "text", text: "a", prompt_cache_breakpoint: { mode: "explicit" } }), { type: "text", text: "a", cache: {} })
  })

  it("without its content is kept and says nothing", () => {
    assert.deepInclude(read({ type: "image_url", image_url: null }) as object, { type: "foreign", name: "image_url" })
  })
})

describe("a part from another dialect", () => {
  it("is written as the specification says", () => {
    assert.deepStrictEqual(written({ type: "image", source: { type: "base64", mime: "image/webp", data: "AA" } }).content, [
      { type: "image_url", image_url: { url: "data:image/webp;base64,AA" } }
    ])
    assert.deepStrictEqual(written({ type: "audio", source: { type: "base64", mime: "audio/wav", data: "AA" } }).content, [
      { type: "input_audio", input_audio: { data: "AA", format: "wav" } }
    ])
    assert.deepStrictEqual(written({ type: "document", title: "a.pdf", source: { type: "base64", mime: "application/pdf", data: "AA" } }).content, [
      { type: "file", file: { file_data: "data:application/pdf;base64,AA", filename: "a.pdf" } }
    ])
  })

  it("that is text in another form becomes text", () => {
    assert.deepStrictEqual(written({ type: "json", value: { a: 1 } }), {
      content: [{ type: "text", text: "{\"a\":1}" }],
      losses: ["/turns/0/parts/0 approximated hint"]
    })
    assert.deepStrictEqual(written({ type: "document", source: { type: "text", text: "words" } }).content, [{ type: "text", text: "words" }])
  })

  it("gets the name that OpenAI requires of a file", () => {
    assert.deepStrictEqual(written({ type: "document", source: { type: "base64", mime: "application/pdf", data: "AA" } }), {
      content: [{ type: "file", file: { file_data: "data:application/pdf;base64,AA", filename: "document.pdf" } }],
      losses: ["/turns/0/parts/0/title defaulted hint"]
    })
  })

  it("that cannot be said is a loss of meaning", () => {
    for (
      const part of [
        { type: "document", source: { type: "url", url: "https://e.x/a.pdf" } },
        { type: "document", source: { type: "file", provider: elsewhere, id: "file_1" } },
        { type: "video", source: { type: "base64", mime: "video/mp4", data: "AA" } },
        { type: "audio", source: { type: "base64", mime: "audio/flac", data: "AA" } },
        { type: "foreign", dialect: elsewhere, name: "x", value: 1 }
      ] satisfies ReadonlyArray<Part>
    ) assert.include(written(part).losses, "/turns/0/parts/0 dropped meaning")
  })

  it("loses its cache hint, because unknown keys are refused by some providers", () => {
    assert.deepStrictEqual(written({ type: "text", text: "a", cache: {} }), { content: "a", losses: ["/turns/0/parts/0/cache dropped hint"] })
  })
})
