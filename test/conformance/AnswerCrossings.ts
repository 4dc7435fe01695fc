/** What a crossing of an answer may lose on its way to a client, like the tables of requests in Crossings.ts; the target is the client's dialect. */
import type { Row } from "./Crossings.ts"

const intoChat: ReadonlyArray<Row> = [
  ["/annotations", "dropped", "hint", "canonical", "nothing can be said about the whole answer"],
  ["/choices/*/annotations", "dropped", "hint", "canonical, recorded", "only links to the web and log probabilities can be said about an answer"],
  ["/choices/*/finish", "approximated", "hint", "all", "five reasons are all there are: the nearest one"],
  ["/choices/*/parts/*/encrypted", "dropped", "hint", "all", "thinking that only its provider can read"],
  ["/choices/*/parts/*/signature", "dropped", "hint", "all", "no signatures"],
  ["/choices/*/parts/*", "dropped", "hint", "all", "a part that only another protocol knows, or pictures and film"],
  ["/foreignEvents", "dropped", "hint", "canonical", "events that only another protocol knows"],
  ["/usage/cacheWrite1h", "approximated", "hint", "all", "cache writes of both ages are one number"],
  ["/usage/toolPrompt", "approximated", "hint", "canonical", "prompts of server tools are told with the prompt"]
]

const intoMessages: ReadonlyArray<Row> = [
  ["/annotations", "dropped", "hint", "all", "nothing can be said about a choice or the whole answer"],
  ["/choices/*/finish/reason", "approximated", "hint", "all", "the nearest reason"],
  ["/choices/*/parts/*/annotations", "dropped", "hint", "all", "a citation names its place in a document of the request"],
  ["/choices/*/parts/*/arguments", "approximated", "hint", "all", "arguments that are no object are put into one"],
  ["/choices/*/parts/*/encrypted", "dropped", "hint", "canonical, recorded", "ciphers of another provider"],
  ["/choices/*/parts/*/form", "approximated", "hint", "canonical", "a summary of thinking is thinking here"],
  ["/choices/*/parts/*/id", "renamed", "hint", "all", "ids of calls have letters, digits, `_` and `-`"],
  ["/choices/*/parts/*/kind", "approximated", "hint", "all", "a call of a custom tool is one of a function"],
  ["/choices/*/parts/*/signature", "dropped", "hint", "canonical, recorded", "signatures of another provider"],
  ["/choices/*/parts/*", "approximated", "hint", "all", "a refusal becomes text"],
  ["/choices/*/parts/*", "dropped", "hint", "all", "sound, pictures, film, or a part that only another protocol knows"],
  ["/choices/*", "dropped", "meaning", "all", "there is only one answer"],
  ["/foreignEvents", "dropped", "hint", "canonical", "events that only another protocol knows"],
  ["/usage/audioIn", "approximated", "hint", "all", "tokens of sound are told with the prompt"],
  ["/usage/audioOut", "approximated", "hint", "all", "tokens of sound are told with the output"],
  ["/usage/toolPrompt", "approximated", "hint", "canonical", "prompts of server tools are told with the prompt"],
  ["/usage", "defaulted", "hint", "all", "tokens must be stated: zero"]
]

/** The rows by the client's dialect. */
export const tables: { readonly [target: string]: ReadonlyArray<Row> } = { "openai-chat": intoChat, "anthropic-messages": intoMessages }
