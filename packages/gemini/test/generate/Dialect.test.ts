import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { dialect } from "../../src/generate/Dialect.ts"
import * as Usage from "../../src/generate/Usage.ts"

describe("the dialect", () => {
  it("streams where the path says so, with server-sent events upstream", () => {
    const streaming = dialect.endpoints.filter(({ path }) => path.endsWith(":streamGenerateContent"))
    expect(streaming.every(({ stream }) => stream.in === "path" && stream.is === true)).toBe(true)
    for (const version of ["/v1beta", "/v1"]) {
      const ofVersion = streaming.filter(({ path }) => path.startsWith(`${version}/models/`))
      // The first is the one a provider is asked at
      expect(ofVersion.map(({ upstream }) => upstream)[0]).toBe(`${version}/models/{model}:streamGenerateContent?alt=sse`)
      expect(ofVersion.map(({ framing, query }) => [framing ?? "sse", query?.value])).toEqual([["sse", "sse"], ["json-array", undefined]])
    }
  })

  it("takes a name that stands in the path without its prefix, and asks providers with it", () => {
    const unprefixed = dialect.endpoints.filter(({ path }) => path.startsWith("/v1beta/{model}:"))
    const prefixed = dialect.endpoints.filter(({ path }) => path.startsWith("/v1beta/models/{model}:"))
    const asked = (endpoints: typeof unprefixed) => endpoints.map(({ path }) => path.split(":")[1])
    expect(asked(unprefixed)).toContain("streamGenerateContent")
    expect(asked(unprefixed)).toEqual(asked(prefixed))
    expect(unprefixed.every(({ upstream }) => upstream.startsWith("/v1beta/models/{model}:"))).toBe(true)
  })

  it("lists models as resources", () => {
    expect(dialect.models.list([{ id: "a/b" }])).toMatchObject({ models: [{ name: "models/a/b", displayName: "a/b" }] })
  })

  it("says of a model what it can be asked", () => {
    const methods = dialect.models.one({ id: "a", operations: ["generate", "count", "embed"] })["supportedGenerationMethods"]
    expect(methods).toEqual(["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"])
    expect(dialect.models.one({ id: "a" })["supportedGenerationMethods"]).toEqual(["generateContent", "streamGenerateContent"])
  })

  it("gives the page that is asked for, with a token for the next", () => {
    const all = ["a", "b/c", "d"].map((id) => ({ id }))
    const page = (query: { readonly [name: string]: string }): unknown =>
      Result.match(dialect.models.page?.(all, query) ?? Result.fail({ class: "defect", message: "no pages" }), {
        onFailure: ({ message }) => message,
        onSuccess: ({ hasMore, models }) => dialect.models.list(models, hasMore)
      })
    expect(page({})).not.toHaveProperty("nextPageToken")
    expect(page({ pageSize: "5000" })).not.toHaveProperty("nextPageToken")
    const first = page({ pageSize: "2" })
    expect(first).toMatchObject({ models: [{ name: "models/a" }, { name: "models/b/c" }], nextPageToken: expect.any(String) })
    const token = String((first as { readonly nextPageToken: string }).nextPageToken)
    expect(page({ pageSize: "2", pageToken: token })).toEqual(dialect.models.list([{ id: "d" }]))
    expect(page({ pageToken: "nonsense" })).toMatch(/^\/pageToken: /)
    expect(page({ pageSize: "-1" })).toMatch(/^\/pageSize: /)
  })

  it("has each event decoded, because every chunk restates the usage", () => {
    expect(dialect.bytes.deltaLength({ data: "{}" })).toBeUndefined()
  })
})

describe("usage", () => {
  it("is split into classes that do not overlap, and adds up again", () => {
    const wire = {
      promptTokenCount: 100,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 30,
      thoughtsTokenCount: 5,
      toolUsePromptTokenCount: 7,
      totalTokenCount: 142,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 80 }, { modality: 4, tokenCount: 20 }],
      cacheTokensDetails: [{ modality: "AUDIO", tokenCount: 5 }],
      candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 10 }]
    }
    const usage = Usage.decode(wire)
    expect(usage).toEqual({ input: 45, cacheRead: 40, audioIn: 15, output: 20, audioOut: 10, reasoning: 5, toolPrompt: 7 })
    expect(Usage.encode(usage)).toMatchObject({ promptTokenCount: 100, candidatesTokenCount: 30, totalTokenCount: 142 })
  })

  it("counts the prompts of tools the provider ran as a class of their own, beside the prompt", () => {
    expect(Usage.decode({ promptTokenCount: 5, toolUsePromptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 10 })).toEqual({
      input: 5,
      toolPrompt: 3,
      output: 2
    })
  })

  it("leaves out what is not stated", () => {
    expect(Usage.decode({ totalTokenCount: 5 })).toEqual({})
    expect(Usage.encode({})).toEqual({})
  })
})
