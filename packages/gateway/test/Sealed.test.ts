/** What was sealed of an answer goes back to the credential that made it, and to no other. */
import { assert, describe, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import { DialectId } from "@sluice/protocol/Wire"
import * as Continuity from "../src/Continuity.ts"
import { CredentialId } from "../src/Credential.ts"
import { ProviderId } from "../src/ProviderId.ts"
import * as Sealed from "../src/Sealed.ts"

const dialect = DialectId.make("anthropic-messages")
const executor = { id: ProviderId.make("p"), dialect: { id: dialect } }
const [made, other] = [CredentialId.make("team-a"), CredentialId.make("team-b")]
const user = (words: string): Turn => ({ role: "user", parts: [{ type: "text", text: words }] })
const at = { choice: 0, index: 0 }
const answered: ReadonlyArray<CanonicalEvent> = [
  { type: "block-start", ...at, kind: "reasoning" },
  { type: "reasoning-delta", ...at, text: "hm" },
  { type: "signature", ...at, signature: { by: dialect, value: "sealed" } },
  { type: "block-end", ...at },
  { type: "block-start", choice: 0, index: 1, kind: "text" },
  { type: "text-delta", choice: 0, index: 1, text: "Hi" },
  { type: "block-end", choice: 0, index: 1 },
  { type: "end" }
]
const next: CanonicalRequest = { model: "m", turns: [user("Hello"), { role: "assistant", parts: [{ type: "text", text: "Hi" }] }, user("More")] }

/** Learns an answer that a credential gave, and asks again with another or the same one. */
const isRestored = (learntWith: CredentialId | undefined, askedWith: CredentialId | undefined): boolean => {
  const gateway = { continuity: Continuity.memory(Continuity.defaultBounds, () => 0) }
  const exchange = { principal: { id: "key" }, current: learntWith === undefined ? undefined : { credential: learntWith } }
  Sealed.learner(gateway, exchange, executor, { model: "m", turns: [user("Hello")] })?.(frame(...answered))
  return Sealed.restore(gateway, exchange, executor, askedWith, next) !== next
}

describe("what was sealed", () => {
  it("goes back to the credential that made it", () => {
    assert.isTrue(isRestored(made, made))
  })

  it("does not go to another one, which may not be able to read it", () => {
    assert.isFalse(isRestored(made, other))
    assert.isFalse(isRestored(made, undefined))
  })

  it("goes back to the provider where nobody knows which credential made it", () => {
    assert.isTrue(isRestored(undefined, made))
    assert.isTrue(isRestored(undefined, undefined))
  })
})
