/** Tokens that stand in for values: the same for the same caller, put back wherever a stream cuts them, and nobody else's. */
import { assert, describe, it } from "@effect/vitest"
import { type Frame, frame } from "@sluice/protocol/CanonicalEvent"
import * as HeldFrames from "../../src/texts/HeldFrames.ts"
import * as TokenVault from "../../src/texts/TokenVault.ts"

const secret = Buffer.from("a secret of the test")
const at = { choice: 0, index: 0 }

const run = (vault: TokenVault.Vault, frames: ReadonlyArray<Frame>): string => {
  const machine = HeldFrames.make(TokenVault.restoring(vault))
  const out = [...frames.flatMap(machine.step), ...machine.end("end")]
  return out.flatMap(({ events }) => events).map((event) => "text" in event ? event.text : "").join("")
}

const cut = (text: string, place: number): ReadonlyArray<string> => [text.slice(0, place), text.slice(place)]
const said = (pieces: ReadonlyArray<string>): ReadonlyArray<Frame> => pieces.map((text) => frame({ type: "text-delta", ...at, text }))

describe("a token", () => {
  it("is the same for the same caller, kind and value, and another one else", () => {
    const token = (owner: string, label: string, value: string, of = secret) => TokenVault.tokenFor(new Map(), of, owner, label, value)
    const one = token("a", "email", "x")
    assert.strictEqual(one, token("a", "email", "x"))
    const others = [
      token("b", "email", "x"),
      token("a", "card", "x"),
      token("a", "email", "y"),
      token("a", "email", "x", Buffer.from("other")),
      token("", "1:aemail", "x")
    ]
    assert.strictEqual(new Set([one, ...others]).size, 6)
    for (const each of [one, ...others.slice(0, 4)]) assert.match(each, /^\[(?:email|card):[a-z2-7]{8}\]$/)
  })

  it("is put back wherever a stream is cut, once or at every character", () => {
    const vault: TokenVault.Vault = new Map()
    const [mail, card] = [TokenVault.tokenFor(vault, secret, "a", "email", "jane@example.com"), TokenVault.tokenFor(vault, secret, "a", "card", "4111")]
    const text = `To ${mail}: [${card}] and ${mail}${mail}, not [email:aaaaaaaa] nor ${mail.slice(0, -1)}`
    const wanted = text.replaceAll(mail, "jane@example.com").replaceAll(card, "4111")
    for (let place = 0; place <= text.length; place++) assert.strictEqual(run(vault, said(cut(text, place))), wanted, `cut at ${place}`)
    assert.strictEqual(run(vault, said(text.split(""))), wanted)
  })

  it("holds back no more than what may be one", () => {
    const vault: TokenVault.Vault = new Map()
    TokenVault.tokenFor(vault, secret, "a", "email", "jane@example.com")
    const machine = HeldFrames.make(TokenVault.restoring(vault))
    const released = ["A list: [", "1, 2]", " and [ema", "ils]", " [other:"].map((text) => machine.step(frame({ type: "text-delta", ...at, text })).length)
    assert.deepStrictEqual(released, [0, 2, 0, 2, 1])
  })

  it("is put back as JSON into the arguments of calls", () => {
    const vault: TokenVault.Vault = new Map()
    const token = TokenVault.tokenFor(vault, secret, "a", "quote", "say \"hi\"\n")
    const json = JSON.stringify({ a: `${token}!` })
    for (let place = 0; place <= json.length; place++) {
      const frames = cut(json, place).map((text) => frame({ type: "tool-arguments-delta", ...at, text }))
      assert.deepStrictEqual(JSON.parse(run(vault, frames)), { a: "say \"hi\"\n!" })
    }
  })

  it("stays in thinking, whose proof holds for its words", () => {
    const vault: TokenVault.Vault = new Map()
    const token = TokenVault.tokenFor(vault, secret, "a", "email", "jane@example.com")
    assert.strictEqual(run(vault, [frame({ type: "reasoning-delta", ...at, text: token })]), token)
  })
})
