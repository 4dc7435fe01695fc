/** What a crossing of an answer may lose on its way to a client, like the tables of requests in RequestCrossings.ts; the target is the client's dialect. */
import type { Row } from "./Crossings.ts"

const intoChat: ReadonlyArray<Row> = [
  ["/annotations", "dropped", "hint", "canonical, gemini recorded", "nothing can be said about the whole answer"],
  [
    "/choices/*/annotations",
    "dropped",
    "hint",
    "canonical, gemini, messages recorded, responses recorded",
    "only links to the web and log probabilities can be said about an answer"
  ],
  ["/choices/*/finish", "approximated", "hint", "canonical, messages, gemini, responses recorded", "five reasons are all there are: the nearest one"],
  ["/choices/*/parts/*", "dropped", "hint", "all", "a part that only another protocol knows, or pictures and film"],
  ["/choices/*/parts/*/encrypted", "dropped", "hint", "canonical, messages, responses", "thinking that only its provider can read"],
  ["/choices/*/parts/*/signature", "dropped", "hint", "canonical, messages, gemini", "no signatures"],
  ["/foreignEvents", "dropped", "hint", "canonical, responses", "events that only another protocol knows"],
  ["/usage/cacheWrite1h", "approximated", "hint", "canonical, messages", "cache writes of both ages are one number"],
  ["/usage/toolPrompt", "approximated", "hint", "canonical, gemini", "prompts of server tools are told with the prompt"]
]

const intoMessages: ReadonlyArray<Row> = [
  ["/annotations", "dropped", "hint", "all", "nothing can be said about a choice or the whole answer"],
  ["/choices/*", "dropped", "meaning", "canonical, chat, gemini", "there is only one answer"],
  ["/choices/*/finish/reason", "approximated", "hint", "all", "the nearest reason"],
  ["/choices/*/parts/*", "approximated", "hint", "canonical, chat, responses", "a refusal becomes text"],
  ["/choices/*/parts/*", "dropped", "hint", "all", "sound, pictures, film, or a part that only another protocol knows"],
  ["/choices/*/parts/*/annotations", "dropped", "hint", "all", "a citation names its place in a document of the request"],
  ["/choices/*/parts/*/arguments", "approximated", "hint", "canonical, chat, responses", "arguments that are no object are put into one"],
  ["/choices/*/parts/*/encrypted", "dropped", "hint", "canonical, responses, chat recorded", "ciphers of another provider"],
  ["/choices/*/parts/*/form", "approximated", "hint", "canonical", "a summary of thinking is thinking here"],
  ["/choices/*/parts/*/id", "renamed", "hint", "all", "ids of calls have letters, digits, `_` and `-`"],
  ["/choices/*/parts/*/kind", "approximated", "hint", "canonical, chat, responses", "a call of a custom tool is one of a function"],
  ["/choices/*/parts/*/name", "renamed", "hint", "responses recorded", "a call in a namespace names it with its tool"],
  ["/choices/*/parts/*/namespace", "dropped", "hint", "responses recorded", "calls have no namespace"],
  ["/choices/*/parts/*/signature", "dropped", "hint", "canonical, responses, gemini, chat recorded", "signatures of another provider"],
  ["/foreignEvents", "dropped", "hint", "canonical, responses", "events that only another protocol knows"],
  ["/usage", "defaulted", "hint", "all", "tokens must be stated: zero"],
  ["/usage/audioIn", "approximated", "hint", "canonical, chat, gemini", "tokens of sound are told with the prompt"],
  ["/usage/audioOut", "approximated", "hint", "canonical, chat, gemini", "tokens of sound are told with the output"],
  ["/usage/toolPrompt", "approximated", "hint", "canonical, gemini", "prompts of server tools are told with the prompt"]
]

const intoResponses: ReadonlyArray<Row> = [
  ["/choices/*", "dropped", "hint", "canonical, chat, gemini", "there is only one answer"],
  ["/choices/*/annotations", "dropped", "hint", "canonical, chat, gemini", "only texts have annotations"],
  ["/choices/*/finish", "approximated", "hint", "canonical, messages, gemini, chat recorded", "the nearest of complete, too long and filtered"],
  ["/choices/*/parts/*", "dropped", "hint", "all", "sound, film, or a part that only another protocol knows"],
  [
    "/choices/*/parts/*/annotations",
    "dropped",
    "hint",
    "canonical, chat, gemini, messages recorded",
    "only links to the web and log probabilities can be said about a text"
  ],
  ["/choices/*/parts/*/encrypted", "dropped", "hint", "canonical, messages, chat recorded", "ciphers of another provider"],
  ["/choices/*/parts/*/signature", "dropped", "hint", "canonical, messages, gemini, chat recorded", "no signatures"],
  ["/failure/code", "approximated", "hint", "canonical, chat", "a failed answer has a code of a closed list: that of the failure's class"],
  ["/foreignEvents", "dropped", "hint", "canonical", "events that only another protocol knows"],
  ["/usage/audioIn", "approximated", "hint", "canonical, chat, gemini", "tokens of sound are told with the prompt"],
  ["/usage/audioOut", "approximated", "hint", "canonical, chat, gemini", "tokens of sound are told with the output"],
  ["/usage/cacheWrite1h", "approximated", "hint", "canonical, messages", "cache writes of both ages are one number"],
  ["/usage/toolPrompt", "approximated", "hint", "canonical, gemini", "prompts of server tools are told with the prompt"]
]

const intoGemini: ReadonlyArray<Row> = [
  ["/annotations", "dropped", "hint", "canonical, chat recorded", "nothing of another protocol can be said about the whole answer"],
  ["/choices/*/annotations", "dropped", "hint", "canonical, chat, messages recorded, responses recorded", "what another protocol says about an answer"],
  ["/choices/*/finish/reason", "approximated", "hint", "all", "the nearest reason"],
  ["/choices/*/parts/*", "approximated", "hint", "canonical, chat, responses", "a refusal becomes text"],
  ["/choices/*/parts/*", "dropped", "hint", "canonical, messages, responses", "a part that only another protocol knows"],
  ["/choices/*/parts/*/arguments", "approximated", "hint", "all", "arguments that are no object are put into one"],
  ["/choices/*/parts/*/encrypted", "dropped", "hint", "canonical, messages, responses, chat recorded", "ciphers of another provider"],
  ["/choices/*/parts/*/kind", "approximated", "hint", "canonical, chat, responses", "a call of a custom tool is one of a function"],
  ["/choices/*/parts/*/name", "renamed", "hint", "responses recorded", "a call in a namespace names it with its tool"],
  ["/choices/*/parts/*/namespace", "dropped", "hint", "responses recorded", "calls have no namespace"],
  ["/choices/*/parts/*/signature", "dropped", "hint", "canonical, messages, chat recorded", "signatures of another provider"],
  ["/choices/*/parts/*/source/mime", "defaulted", "hint", "chat", "media must state their type"],
  ["/choices/*/parts/*/transcript", "dropped", "hint", "canonical, chat", "sound has no words beside it"],
  ["/foreignEvents", "dropped", "hint", "canonical, responses", "events that only another protocol knows"],
  ["/usage/cacheWrite1h", "approximated", "hint", "canonical, messages", "cache writes are told with the prompt"],
  ["/usage/cacheWrite5m", "approximated", "hint", "all", "cache writes are told with the prompt"]
]

/** The rows by the client's dialect. */
export const tables: { readonly [target: string]: ReadonlyArray<Row> } = {
  "openai-chat": intoChat,
  "anthropic-messages": intoMessages,
  "openai-responses": intoResponses,
  "gemini-generate": intoGemini
}
