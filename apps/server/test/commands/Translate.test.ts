import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import * as StreamTranslation from "../../src/commands/translate/StreamTranslation.ts"
import { anything } from "../../src/commands/translate/Translation.ts"
import { dialects } from "../../src/Dialects.ts"
import * as Samples from "./Samples.ts"
import { asProcess, folder, sluice } from "./Sluice.ts"

const translate = (from: string, to: string, input: unknown, ...flags: ReadonlyArray<string>) =>
  sluice(["translate", "--from", from, "--to", to, ...flags], { stdin: typeof input === "string" ? input : JSON.stringify(input) })

const path = (from: string) => from === "gemini-generate" ? ["--model", "m"] : []

const lossy = { model: "m", seed: 7, n: 2, messages: [{ role: "user", content: "Hello" }] }

describe("translate", () => {
  it.effect.each(Samples.pairs)("translates a request from %s to %s", ([from, to]) =>
    Effect.gen(function*() {
      const { code, stdout } = yield* translate(from, to, Samples.requests[from], ...path(from))
      assert.strictEqual(code, 0)
      if (from === to) assert.deepStrictEqual(JSON.parse(stdout), Samples.requests[from])
      assert.include(stdout, "Hello")
      // What was written is a request of that protocol, and is itself there
      const again = yield* translate(to, to, stdout, ...path(to))
      assert.deepStrictEqual([again.code, again.stderr], [0, ""])
      assert.deepStrictEqual(JSON.parse(again.stdout), JSON.parse(stdout))
    }))

  it.effect.each(Samples.pairs)("translates an answer from %s to %s", ([from, to]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* translate(from, to, Samples.answers[from], "--answer")
      assert.deepStrictEqual([code, stderr], [0, ""])
      if (from === to) assert.deepStrictEqual(JSON.parse(stdout), Samples.answers[from])
      const back = yield* translate(to, from, stdout, "--answer")
      assert.deepStrictEqual([back.code, back.stderr], [0, ""])
      assert.include(back.stdout, "\"Hello there\"")
    }))

  it.effect.each(Samples.pairs)("translates a stream from %s to %s", ([from, to]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* translate(from, to, Samples.streams[from], "--answer", "--stream")
      assert.deepStrictEqual([code, stderr], [0, ""])
      if (from === to) assert.strictEqual(stdout, Samples.streams[from])
      const back = yield* translate(to, "openai-chat", stdout, "--answer", "--stream")
      assert.deepStrictEqual([back.code, back.stderr], [0, ""])
      assert.strictEqual([...back.stdout.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join(""), "Hello there")
      assert.include(back.stdout, "\"total_tokens\":5")
    }))

  it.effect("says what is lost in lines, and ends with 1 where meaning is", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* translate("openai-chat", "anthropic-messages", lossy)
      assert.strictEqual(code, 1)
      assert.deepInclude(JSON.parse(stdout), { model: "m", messages: lossy.messages })
      assert.deepStrictEqual(stderr.split("\n"), [
        "/maxOutputTokens  defaulted to 4096  a hint  /maxOutputTokens",
        "/seed  dropped  a hint  /seed",
        "/n  dropped  changes the meaning  /candidates"
      ])
      const { n: _, ...hints } = lossy
      assert.strictEqual((yield* translate("openai-chat", "anthropic-messages", hints)).code, 0)
    }))

  it.effect("ends with 0 with --lenient, and says losses as data with --json", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* translate("openai-chat", "openai-responses", lossy, "--lenient", "--json")
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(stderr.split("\n").map((line) => JSON.parse(line)), [
        { at: "/seed", canonical: "/seed", reason: "dropped", weight: "hint", before: 7 },
        { at: "/n", canonical: "/candidates", reason: "dropped", weight: "meaning", before: 2 }
      ])
    }))

  it.effect("ends with 1 and says what is wrong where a request is none of its protocol", () =>
    Effect.gen(function*() {
      const wrong = yield* translate("openai-chat", "anthropic-messages", { model: "m", messages: "Hello" })
      assert.deepStrictEqual([wrong.code, wrong.stdout], [1, ""])
      assert.match(wrong.stderr, /\(at \/messages\)$/)
      const broken = yield* translate("openai-chat", "anthropic-messages", "{")
      assert.match(broken.stderr, /^The request body is not valid JSON/)
    }))

  it.effect("takes from flags what Gemini says in its path, and from no others", () =>
    Effect.gen(function*() {
      const request = Samples.requests["gemini-generate"]
      const told = yield* translate("gemini-generate", "openai-chat", request, "--model", "m", "--stream")
      assert.deepInclude(JSON.parse(told.stdout), { model: "m", stream: true })
      const repeated = yield* translate("gemini-generate", "openai-chat", { model: "models/m", ...request })
      assert.deepInclude(JSON.parse(repeated.stdout), { model: "m" })
      const untold = yield* translate("gemini-generate", "openai-chat", request)
      assert.deepStrictEqual(
        [untold.code, untold.stderr],
        [1, "The request names no model. Its protocol says it in the path: say it with --model."]
      )
      const twice = yield* translate("openai-chat", "gemini-generate", Samples.requests["openai-chat"], "--model", "m")
      assert.deepStrictEqual([twice.code, twice.stderr], [1, "requests of openai-chat say \"model\" in their body; leave out --model"])
    }))

  it.effect.each(Samples.pairs)("translates an error that a provider told from %s to %s", ([from, to]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* translate(from, to, Samples.errors[from], "--answer")
      assert.deepStrictEqual([code, stderr], [0, ""])
      if (from === to) assert.deepStrictEqual(JSON.parse(stdout), Samples.errors[from])
      assert.include(JSON.parse(stdout).error.message, "No such size")
    }))

  it.effect("refuses what is no answer", () =>
    Effect.gen(function*() {
      for (const input of [{ hello: 1 }, "<html>"]) {
        const none = yield* translate("openai-chat", "anthropic-messages", input, "--answer")
        assert.deepStrictEqual([none.code, none.stdout], [1, ""])
        assert.match(none.stderr, /no answer of openai-chat|not valid JSON/)
      }
    }))

  it.effect("ends a stream that broke off with the protocol's own error, and with 1", () =>
    Effect.gen(function*() {
      const cut = Samples.streams["openai-chat"].split("\n\n").slice(0, 2).join("\n\n") + "\n\n"
      const { code, stderr, stdout } = yield* translate("openai-chat", "anthropic-messages", cut, "--answer", "--stream")
      assert.strictEqual(code, 1)
      assert.match(stdout, /event: error\ndata: \{"type":"error".*\n\n$/)
      assert.match(stderr, /^It is no whole stream of openai-chat: /)
      const nothing = yield* translate("gemini-generate", "openai-chat", "", "--answer", "--stream")
      assert.strictEqual(nothing.code, 1)
    }))

  it.effect("reads Gemini's stream as a JSON array too", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* translate("gemini-generate", "gemini-generate", Samples.geminiChunks, "--answer", "--stream")
      assert.deepStrictEqual([code, stdout], [0, Samples.streams["gemini-generate"]])
    }))

  it.effect("gives tools the names of the client's request", () =>
    Effect.gen(function*() {
      const declared = { contents: [{ role: "user", parts: [{ text: "Hi" }] }], tools: [{ functionDeclarations: [{ name: "files.read", parameters: {} }] }] }
      const sent = yield* translate("gemini-generate", "openai-chat", declared, "--model", "m")
      const { name } = JSON.parse(sent.stdout).tools[0].function
      assert.notStrictEqual(name, "files.read")
      const call = { id: "call_1", type: "function", function: { name, arguments: "{}" } }
      const answer = {
        ...Samples.answers["openai-chat"],
        choices: [{ index: 0, message: { role: "assistant", content: null, tool_calls: [call] }, finish_reason: "tool_calls" }]
      }
      const cwd = yield* folder({ "request.json": JSON.stringify(declared) })
      const flags = ["--answer", "--request", join(cwd, "request.json"), "--model", "m"]
      const { stdout } = yield* translate("openai-chat", "gemini-generate", answer, ...flags)
      assert.strictEqual(JSON.parse(stdout).candidates[0].content.parts[0].functionCall.name, "files.read")
      const misplaced = yield* translate("openai-chat", "gemini-generate", answer, "--request", "request.json")
      assert.deepStrictEqual([misplaced.code, misplaced.stderr], [1, "--request says nothing here without --answer"])
      const unused = yield* translate("openai-chat", "gemini-generate", answer, "--answer", "--model", "m")
      assert.deepStrictEqual([unused.code, unused.stderr], [1, "--model says nothing here without --request"])
    }).pipe(Effect.scoped))

  it.live("is a program between two pipes", () =>
    Effect.gen(function*() {
      const cwd = yield* folder()
      const flags = ["--from", "openai-chat", "--to", "anthropic-messages"]
      const request = yield* asProcess(["translate", ...flags], cwd, JSON.stringify(lossy))
      assert.deepStrictEqual([request.code, request.stderr.split("\n").length], [1, 4])
      const answer = yield* asProcess(["translate", ...flags, "--answer", "--stream"], cwd, Samples.streams["openai-chat"])
      assert.deepStrictEqual([answer.code, answer.stderr], [0, ""])
      assert.match(answer.stdout, /event: message_stop\n.*\n\n$/)
    }).pipe(Effect.scoped), 60_000)
})

describe("the translation of a stream", () => {
  const running = (from: Samples.Id, to: Samples.Id) => {
    const [source, target] = [from, to].map((id) => dialects.find((dialect) => dialect.id === id))
    return source === undefined || target === undefined ? assert.fail() : StreamTranslation.start(source, target, anything, 7)
  }

  it("writes each piece as soon as it has arrived, however it was cut", () => {
    const bytes = new TextEncoder().encode(Samples.streams["openai-chat"])
    const translation = running("openai-chat", "anthropic-messages")
    const texts = [...bytes].map((byte) => translation.push(Uint8Array.of(byte)).text)
    const first = texts.findIndex((text) => text.includes("Hello"))
    assert.isAbove(first, 0)
    assert.isBelow(first, Samples.streams["openai-chat"].indexOf("there"))
    assert.strictEqual(texts.join("") + translation.end().text, running("openai-chat", "anthropic-messages").push(bytes).text)
  })

  it("tells a loss of one kind once, however often it happens", () => {
    const token = (content: string) => {
      const logprobs = { content: [{ token: content, logprob: -1, bytes: null, top_logprobs: [] }], refusal: null }
      return `data: ${JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta: { content }, logprobs, finish_reason: null }] })}\n\n`
    }
    const translation = running("openai-chat", "anthropic-messages")
    const pieces = ["a", "b", "c"].map((content) => translation.push(new TextEncoder().encode(token(content))))
    assert.deepStrictEqual(pieces.map(({ losses }) => losses.length), [1, 0, 0])
  })

  it("ends at an event that is larger than any may be", () => {
    const translation = running("openai-chat", "openai-responses")
    const { failure, text } = translation.push(new TextEncoder().encode(`data: ${"x".repeat(1_100_000)}`))
    assert.strictEqual(failure?.class, "protocol-violation")
    assert.include(text, "larger than 1 MiB")
    assert.deepStrictEqual(translation.end(), { text: "", losses: [] })
  })
})
