/**
 * Stands in for values that must not leave the gateway, and puts them back: a token such as `[email:k3v9x2ma]` for each value, the same
 * for the same caller and value, so that prompts stay alike from turn to turn, and another one for everybody else. The values of one
 * exchange are kept until it has ended, in memory.
 */
import { createHmac } from "node:crypto"
import type { Cut } from "../patterns/Cut.ts"
import type { Rule } from "./HeldFrames.ts"

/** The values of one exchange by their tokens. */
export type Vault = Map<string, string>

const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
const length = 8

/** A token of this shape is looked for in answers. */
const shape = /\[[a-z][a-z0-9-]{0,31}:[a-z2-7]{8}\]/g

/** What may be the beginning of one, at the end of a text. */
const beginning = /\[[a-z0-9:-]{0,41}$/

/** The token of a value, which is remembered. `owner` is who may have it back. */
export const tokenFor = (vault: Vault, secret: Uint8Array, owner: string, label: string, value: string): string => {
  const hash = createHmac("sha256", secret).update(`${owner.length}:${owner}${label}:${value}`).digest()
  const name = Array.from(hash.subarray(0, length), (byte) => alphabet[byte % alphabet.length]).join("")
  const token = `[${label}:${name}]`
  vault.set(token, value)
  return token
}

/** Puts the values back into an answer, also where a token is split between events. Thinking keeps its tokens: proofs hold for its words. */
export const restoring = (vault: Vault): Rule => ({
  context: 0,
  least: 1,
  wants: (passage) => passage !== "reasoning",
  judge: (text, _from, isWhole, passage) => {
    const cuts: Array<Cut> = []
    for (const match of text.matchAll(shape)) {
      const value = vault.get(match[0])
      if (value === undefined) continue
      cuts.push({ from: match.index, to: match.index + match[0].length, by: passage === "arguments" ? JSON.stringify(value).slice(1, -1) : value })
    }
    const tail = isWhole ? null : beginning.exec(text)
    const isOpen = tail !== null && [...vault.keys()].some((token) => token.startsWith(tail[0]))
    return { _tag: "Pass", until: isOpen ? tail.index : text.length, cuts }
  }
})
