/** What a conversation is known by. */
import { assert, describe, it } from "@effect/vitest"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import { DialectId } from "@sluice/protocol/Wire"
import * as Conversation from "../src/Conversation.ts"
import type { Principal } from "../src/Principal.ts"

const user = (words: string): Turn => ({ role: "user", parts: [{ type: "text", text: words }] })
const request = (rest: Partial<CanonicalRequest> = {}): CanonicalRequest => ({ model: "m", turns: [user("Hello")], ...rest })
const of = (asked: Partial<CanonicalRequest>, headers: { readonly [name: string]: string } = {}, principal: Principal = { id: "k" }) =>
  Conversation.sessionOf(principal, headers, () => request(asked))

describe("a conversation", () => {
  it("is known by what is most particular: a header, the body's own word, its first words", () => {
    const told = { cacheKey: "c", metadata: { session_id: "s" } }
    assert.strictEqual(of(told, { "x-session-id": "h" }), of({}, { "x-session-id": "h" }))
    assert.strictEqual(of(told), of({ metadata: { session_id: "s" }, turns: [user("Other words")] }))
    assert.strictEqual(of({ cacheKey: "c" }), of({ cacheKey: "c", turns: [user("Other words")] }))
    assert.notStrictEqual(of({ cacheKey: "c" }), of({ cacheKey: "d" }))
    assert.strictEqual(of({ conversation: { id: "conv_1" } }), of({ conversation: "conv_1", turns: [user("Other words")] }))
  })

  it("is found in the name of the user, where agents put it", () => {
    const named = (session: string) => of({ user: `user_ab12_account__session_${session}`, turns: [user(session)] })
    assert.strictEqual(named("6f0e8d9c-1"), of({ user: "user_ab12_account_x_session_6f0e8d9c-1" }))
    assert.strictEqual(of({ user: "{\"device_id\":\"d\",\"session_id\":\"6f0e8d9c-1\"}" }), named("6f0e8d9c-1"))
    assert.notStrictEqual(named("6f0e8d9c-1"), named("6f0e8d9c-2"))
    // A plain user has many conversations
    assert.notStrictEqual(of({ user: "ada" }), of({ user: "ada", turns: [user("Other words")] }))
  })

  it("stays itself while it grows, and is told apart by its instructions and its first question", () => {
    const grown = of({ turns: [user("Hello"), { role: "assistant", parts: [{ type: "text", text: "Hi" }] }, user("More")] })
    assert.strictEqual(grown, of({}))
    assert.notStrictEqual(of({ instructions: [{ role: "system", parts: [{ type: "text", text: "Be brief" }] }] }), of({}))
    assert.isUndefined(of({ turns: [] }))
  })

  it("is another one for everybody who asks, whatever they send", () => {
    const names = [{ id: "k" }, { id: "l" }, { id: "k", tenant: "t" }].map((principal) => of({}, { "x-session-id": "s" }, principal))
    assert.strictEqual(new Set(names).size, 3)
    assert.notStrictEqual(of({}, { "x-session-id": "s" }, { id: "a\",\"b" }), of({}, { "x-session-id": "s" }, { id: "a", tenant: "b" }))
  })

  it("does not make the request be read where a header names it", () => {
    assert.isString(Conversation.sessionOf({ id: "k" }, { "session_id": "s" }, () => assert.fail("read")))
  })
})

describe("proofs", () => {
  it("are signatures and encrypted thinking of the protocol that is asked", () => {
    const [mine, other] = [DialectId.make("openai-chat"), DialectId.make("gemini-generate")]
    const carries = (by: DialectId) =>
      Conversation.carriesProofs(
        request({
          turns: [user("Hello"), { role: "assistant", parts: [{ type: "reasoning", form: "raw", text: "hm", signature: { by: mine, value: "x" } }] }]
        }),
        by
      )
    assert.deepStrictEqual([carries(mine), carries(other), Conversation.carriesProofs(request(), mine)], [true, false, false])
  })
})
