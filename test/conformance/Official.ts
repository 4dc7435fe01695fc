/** The official schemas as judges of what the codecs emit, by dialect, with the corrections that real traffic forces. */
import type { Oracle } from "../../packages/testing/src/Laws.ts"
import * as Fixtures from "./Fixtures.ts"
import * as Chat from "./official/Chat.ts"
import * as Gemini from "./official/Gemini.ts"
import * as Messages from "./official/Messages.ts"
import * as Responses from "./official/Responses.ts"
import type { Patch } from "./official/Specification.ts"

const specifications = [
  { dialect: "openai-chat", patches: Chat.patches, oracle: Chat.oracle },
  { dialect: "anthropic-messages", patches: Messages.patches, oracle: Messages.oracle },
  { dialect: "openai-responses", patches: Responses.patches, oracle: Responses.oracle },
  { dialect: "gemini-generate", patches: Gemini.patches, oracle: Gemini.oracle }
]

/** The corrections by dialect. */
export const patches: ReadonlyArray<readonly [dialect: string, patches: ReadonlyArray<Patch>]> = specifications.map((
  { dialect, patches }
) => [dialect, patches])

/** The official schemas by dialect, each compiled when it is first needed; none where they are absent. */
export const oracles: { readonly [dialect: string]: Oracle } = Fixtures.hasSpecs
  ? Object.fromEntries(specifications.map(({ dialect, oracle }) => [dialect, oracle()]))
  : {}
