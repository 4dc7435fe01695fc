/** The official schemas as judges of what the codecs emit, by dialect, with the corrections that real traffic forces. */
import type { Oracle } from "../../packages/testing/src/Laws.ts"
import * as Fixtures from "./Fixtures.ts"
import * as Chat from "./official/Chat.ts"
import * as Gemini from "./official/Gemini.ts"
import * as Messages from "./official/Messages.ts"
import * as Responses from "./official/Responses.ts"
import type { Patch } from "./official/Specification.ts"

const specifications = {
  "openai-chat": Chat,
  "anthropic-messages": Messages,
  "openai-responses": Responses,
  "gemini-generate": Gemini
} as const

/** The corrections by dialect. */
export const patches: ReadonlyArray<readonly [dialect: string, patches: ReadonlyArray<Patch>]> = Object.entries(specifications).map((
  [dialect, { patches }]
) => [
  dialect,
  patches
])

/** The official schemas by dialect, each compiled when it is first needed; none where they are absent. */
export const oracles: { readonly [dialect: string]: Oracle } = Fixtures.hasSpecs
  ? Object.fromEntries(Object.entries(specifications).map(([dialect, { oracle }]) => [dialect, oracle()]))
  : {}
