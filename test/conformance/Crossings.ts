/**
 * What a crossing of a request may lose: one table per target, each row a loss with its reason, its weight and why. A loss
 * outside the table fails a test, and so does a row that no test meets. docs/reference/crossings.md is made from it.
 */
import type { Loss } from "@sluice/protocol/Loss"
import * as Laws from "../../packages/testing/src/Laws.ts"
import * as AnswerCrossings from "./AnswerCrossings.ts"

/**
 * Where the loss occurs and is met by the tests: on random values of the whole canonical model, of the other dialect, of both,
 * or of the other dialect only in recorded traffic.
 */
type Origin = "canonical" | "pair" | "all" | "recorded" | "canonical, recorded"

/** One loss: canonical place with stars for indexes, what is done, how grave, where from, why. */
export type Row = readonly [at: string, reason: Loss["reason"], weight: Loss["weight"], from: Origin, why: string]

const intoChat: ReadonlyArray<Row> = [
  ["/background", "dropped", "meaning", "canonical", "no answers in the background"],
  ["/cache", "dropped", "hint", "all", "no hint to cache the whole prompt; the provider caches by itself"],
  ["/cachedContent", "dropped", "meaning", "canonical", "no stored context to refer to"],
  ["/container", "dropped", "hint", "all", "no containers"],
  ["/conversation", "dropped", "meaning", "canonical", "no conversations kept by the provider"],
  ["/headers", "dropped", "hint", "canonical", "headers are for the client's own protocol"],
  ["/include", "dropped", "hint", "canonical", "nothing further to include"],
  ["/instructions/*/parts/*/cache", "dropped", "hint", "all", "no cache hint on parts"],
  ["/instructions/*", "dropped", "hint", "all", "an instruction in which nothing is left"],
  ["/mcpServers", "dropped", "hint", "all", "no MCP servers of the provider"],
  ["/parallelToolCalls", "dropped", "hint", "all", "refused by the provider without tools, and no tool is left"],
  ["/prediction/*/cache", "dropped", "hint", "canonical", "no cache hint on parts"],
  ["/previousResponse", "dropped", "meaning", "canonical", "no earlier answer to refer to"],
  ["/reasoning", "approximated", "hint", "all", "a budget becomes the level that covers it"],
  ["/reasoning", "dropped", "hint", "canonical, recorded", "no word for visibility alone, or for thinking as the model likes"],
  ["/responseFormat/name", "defaulted", "hint", "all", "a schema must have a name"],
  ["/safetySettings", "dropped", "hint", "canonical", "no safety settings"],
  ["/serviceTier", "dropped", "hint", "all", "a tier that only the other provider has"],
  ["/stop", "approximated", "hint", "all", "at most four stop sequences"],
  ["/toolChoice/name", "renamed", "hint", "all", "follows the tool's name"],
  ["/toolChoice/names/*", "renamed", "hint", "canonical", "follows the tools' names"],
  ["/toolChoice", "dropped", "hint", "all", "nothing left to choose from"],
  ["/toolChoice", "dropped", "meaning", "all", "the forced tool has no place here"],
  ["/tools/*/cache", "dropped", "hint", "all", "no cache hint on tools"],
  ["/tools/*/deferred", "dropped", "hint", "all", "tools are always loaded"],
  ["/tools/*/name", "renamed", "hint", "all", "names have at most 64 letters, digits, `_` and `-`"],
  ["/tools/*", "dropped", "hint", "all", "a tool that only its own provider runs"],
  ["/tools", "approximated", "hint", "canonical", "tools of a namespace stand by themselves"],
  ["/tools", "dropped", "hint", "all", "no tool is left"],
  ["/topK", "dropped", "hint", "all", "no such parameter"],
  ["/truncation", "dropped", "hint", "canonical", "no truncation by the provider"],
  ["/turns/*/parts/*/annotations", "dropped", "hint", "recorded", "what is said about a text cannot be sent back"],
  ["/turns/*/parts/*/parts/*", "dropped", "meaning", "recorded", "a part of a result that only another protocol knows"],
  ["/turns/*/parts/*/cache", "dropped", "hint", "all", "no cache hint on parts"],
  ["/turns/*/parts/*/citations", "dropped", "hint", "all", "documents are not cited"],
  ["/turns/*/parts/*/context", "dropped", "hint", "all", "documents have no context"],
  ["/turns/*/parts/*/id", "renamed", "hint", "all", "ids of calls have at most 40 characters"],
  ["/turns/*/parts/*/isError", "dropped", "hint", "all", "a tool message does not say that the tool failed"],
  ["/turns/*/parts/*/name", "dropped", "hint", "canonical", "a tool message does not name its tool"],
  ["/turns/*/parts/*/name", "renamed", "hint", "all", "follows the tool's name"],
  ["/turns/*/parts/*/namespace", "dropped", "hint", "canonical", "calls have no namespace"],
  ["/turns/*/parts/*/parts/*/cache", "dropped", "hint", "all", "no cache hint on parts"],
  ["/turns/*/parts/*/parts/*", "approximated", "hint", "canonical", "a result that is JSON, or a document of text, becomes text"],
  ["/turns/*/parts/*/source/mime", "approximated", "hint", "canonical", "sound is wav or mp3"],
  ["/turns/*/parts/*/source/mime", "dropped", "hint", "canonical", "a URL does not say what it leads to"],
  ["/turns/*/parts/*/title", "defaulted", "hint", "all", "a file must have a name"],
  ["/turns/*/parts/*", "approximated", "hint", "all", "a document of text becomes text"],
  ["/turns/*/parts/*", "dropped", "hint", "all", "thinking of another provider, or what has no words"],
  ["/turns/*/parts/*", "dropped", "meaning", "all", "a file of another provider, an unsupported medium, a part only another protocol knows"],
  ["/turns/*/parts", "approximated", "hint", "all", "a result must say something"],
  ["/turns/*", "dropped", "hint", "all", "a turn in which nothing is left"],
  ["/turns/*", "dropped", "meaning", "canonical", "a turn that only another protocol knows"],
  ["/turns", "approximated", "hint", "all", "media that a tool answered with follow in a user message; results stand next to their calls"]
]

const intoMessages: ReadonlyArray<Row> = [
  ["/audioOutput", "dropped", "meaning", "all", "no spoken answers"],
  ["/background", "dropped", "meaning", "canonical", "no answers in the background"],
  ["/cacheKey", "dropped", "hint", "all", "caching goes by marks, not by keys"],
  ["/cacheRetention", "dropped", "hint", "all", "caching goes by marks"],
  ["/cachedContent", "dropped", "meaning", "canonical", "no stored context to refer to"],
  ["/candidates", "dropped", "hint", "all", "one answer is what there is"],
  ["/candidates", "dropped", "meaning", "all", "there is only one answer"],
  ["/conversation", "dropped", "meaning", "canonical", "no conversations kept by the provider"],
  ["/frequencyPenalty", "dropped", "hint", "all", "no such parameter"],
  ["/headers", "dropped", "hint", "canonical", "headers are for the client's own protocol"],
  ["/include", "dropped", "hint", "canonical", "nothing further to include"],
  ["/instructions/*/parts/*/cache", "dropped", "hint", "canonical", "at most four cache marks: the last ones stay"],
  ["/instructions/*/parts/*", "dropped", "hint", "all", "an instruction that says nothing"],
  ["/instructions/*", "dropped", "hint", "all", "an instruction in which nothing is left"],
  ["/instructions", "dropped", "hint", "pair", "no instruction is left"],
  ["/logitBias", "dropped", "hint", "all", "no such parameter"],
  ["/logprobs", "dropped", "hint", "all", "no log probabilities"],
  ["/maxOutputTokens", "defaulted", "hint", "all", "must be stated: 4096"],
  ["/metadata", "dropped", "hint", "all", "metadata is the user's id alone"],
  ["/modalities", "dropped", "hint", "all", "text is what there is"],
  ["/modalities", "dropped", "meaning", "all", "no spoken answers"],
  ["/parallelToolCalls", "dropped", "hint", "all", "belongs to the choice of tools, and there is none"],
  ["/prediction", "dropped", "hint", "all", "no predicted output"],
  ["/presencePenalty", "dropped", "hint", "all", "no such parameter"],
  ["/previousResponse", "dropped", "meaning", "canonical", "no earlier answer to refer to"],
  ["/reasoning", "approximated", "hint", "all", "levels and budgets become what the model knows, within its limits"],
  ["/reasoning", "dropped", "hint", "all", "thinking that cannot be had here: no room for its budget, a forced tool, or visibility alone"],
  ["/responseFormat", "approximated", "hint", "all", "a schema loses its name and what the provider does not enforce"],
  ["/responseFormat", "dropped", "hint", "all", "text is what there is"],
  ["/responseFormat", "dropped", "meaning", "all", "JSON without a schema cannot be enforced"],
  ["/safetyIdentifier", "dropped", "hint", "all", "metadata is the user's id alone"],
  ["/safetySettings", "dropped", "hint", "canonical", "no safety settings"],
  ["/seed", "dropped", "hint", "all", "no such parameter"],
  ["/serviceTier", "approximated", "hint", "all", "the nearest tier"],
  ["/serviceTier", "dropped", "hint", "all", "a tier that only the other provider has"],
  ["/stop", "approximated", "hint", "recorded", "a stop sequence must say more than blanks"],
  ["/store", "dropped", "hint", "all", "nothing is stored"],
  ["/temperature", "approximated", "hint", "all", "from 0 to 1"],
  ["/temperature", "dropped", "hint", "all", "not beside thinking"],
  ["/toolChoice", "approximated", "hint", "all", "a choice among some tools becomes a choice among all that are sent"],
  ["/toolChoice", "defaulted", "hint", "all", "the choice of tools must be there to forbid parallel calls"],
  ["/toolChoice", "dropped", "hint", "canonical", "nothing left to choose from"],
  ["/toolChoice", "dropped", "meaning", "canonical", "the forced tool has no place here"],
  ["/tools/*/cache", "dropped", "hint", "canonical", "at most four cache marks: the last ones stay"],
  ["/tools/*/name", "renamed", "hint", "canonical", "names have at most 128 letters, digits, `_` and `-`"],
  ["/tools/*/parameters", "approximated", "hint", "all", "a schema must be of an object"],
  ["/tools/*/parameters", "defaulted", "hint", "all", "a tool must have a schema: an object of anything"],
  ["/tools/*", "approximated", "hint", "all", "a custom tool becomes a function with one text"],
  ["/tools/*", "dropped", "hint", "all", "a tool outside the allowed ones, or one that only its own provider runs"],
  ["/tools", "approximated", "hint", "canonical", "tools of a namespace stand by themselves"],
  ["/topK", "dropped", "hint", "canonical", "not beside thinking"],
  ["/topP", "dropped", "hint", "all", "not beside thinking, or beside a temperature where the model takes one of the two"],
  ["/truncation", "dropped", "hint", "canonical", "no truncation by the provider"],
  ["/turns/*/name", "dropped", "hint", "all", "speakers have no names"],
  ["/turns/*/parts/*/arguments", "approximated", "hint", "all", "arguments that are no object are put into one"],
  ["/turns/*/parts/*/cache", "dropped", "hint", "canonical", "at most four cache marks: the last ones stay"],
  ["/turns/*/parts/*/detail", "dropped", "hint", "all", "images are looked at as closely as the provider likes"],
  ["/turns/*/parts/*/form", "approximated", "hint", "canonical", "a summary of thinking is thinking here"],
  ["/turns/*/parts/*/kind", "approximated", "hint", "all", "a call of a custom tool is one of a function"],
  ["/turns/*/parts/*/name", "renamed", "hint", "canonical", "follows the tool's name"],
  ["/turns/*/parts/*/namespace", "dropped", "hint", "canonical", "calls have no namespace"],
  ["/turns/*/parts/*/parts/*/cache", "dropped", "hint", "canonical", "at most four cache marks: the last ones stay"],
  ["/turns/*/parts/*/parts/*/detail", "dropped", "hint", "canonical, recorded", "images are looked at as closely as the provider likes"],
  ["/turns/*/parts/*/parts/*/source/parts/*", "dropped", "hint", "canonical", "a text that says nothing"],
  ["/turns/*/parts/*/parts/*/source", "approximated", "hint", "canonical", "the type of a medium is what the provider knows"],
  ["/turns/*/parts/*/parts/*", "approximated", "hint", "canonical", "a result that is JSON becomes text"],
  ["/turns/*/parts/*/parts/*", "dropped", "hint", "all", "a text that says nothing"],
  ["/turns/*/parts/*/parts/*", "dropped", "meaning", "canonical", "a file of another provider"],
  ["/turns/*/parts/*/source/parts/*", "dropped", "hint", "canonical", "a text that says nothing"],
  ["/turns/*/parts/*/source", "approximated", "hint", "all", "the type of a medium is what the provider knows"],
  ["/turns/*/parts/*", "approximated", "hint", "all", "a refusal becomes text"],
  ["/turns/*/parts/*", "dropped", "hint", "all", "thinking without the provider's own signature, or a text that says nothing"],
  ["/turns/*/parts/*", "dropped", "meaning", "all", "a file of another provider, sound or film, a part only another protocol knows"],
  ["/turns/*/role", "approximated", "hint", "all", "a notice in mid-conversation is said by the user"],
  ["/turns/*", "dropped", "hint", "all", "a turn in which nothing is left"],
  ["/turns/*", "dropped", "meaning", "all", "a turn that only another protocol knows"],
  ["/turns", "approximated", "hint", "pair", "results stand next to their calls"],
  ["/verbosity", "dropped", "hint", "all", "no such parameter"],
  ["/webSearch", "dropped", "hint", "all", "search is a tool here"]
]

/** What crosses: requests from a client to a provider, answers from a provider to a client. */
export type Direction = "request" | "answer"

const tables: { readonly [D in Direction]: { readonly [target: string]: ReadonlyArray<Row> } } = {
  request: { "openai-chat": intoChat, "anthropic-messages": intoMessages },
  answer: AnswerCrossings.tables
}

/** The dialects there are tables for. */
export const dialects: ReadonlyArray<string> = Object.keys(tables.request)

/** Whether the tables speak of a crossing from one dialect to another. */
export const isDeclared = (from: string, to: string): boolean => from !== to && dialects.includes(from) && dialects.includes(to)

/** The rows of a crossing; `canonical` stands for the whole canonical model as origin. */
export const rowsOf = (from: string, to: string, direction: Direction = "request"): ReadonlyArray<Row> =>
  (tables[direction][to] ?? []).filter(([, , , origin]) => from === "canonical" ? origin === "all" || origin.startsWith("canonical") : origin !== "canonical")

/** Whether a loss of a crossing is in its table. The losses of an answer are reported and never judged, whatever they weigh. */
export const allows = (from: string, to: string, direction: Direction = "request"): (loss: Loss) => boolean => {
  const rows = rowsOf(from, to, direction)
  return (loss) => {
    const place = Laws.lossPattern(loss.canonical)
    // Unknown keys of a dialect have no home elsewhere, whatever they are.
    if (place.endsWith("/foreign/*")) return loss.reason === "dropped" && loss.weight === "hint"
    return rows.some(([at, reason, weight]) => at === place && reason === loss.reason && (direction === "answer" || weight === loss.weight))
  }
}

/** Every row as the coverage of the laws counts it. */
export const countedKeys = (): ReadonlyArray<string> =>
  (["request", "answer"] as const).flatMap((direction) =>
    dialects.flatMap((to) =>
      ["canonical", ...dialects.filter((from) => from !== to)].flatMap((from) =>
        rowsOf(from, to, direction).filter(([, , , origin]) => from === "canonical" || !origin.endsWith("recorded")).map(([at, reason]) =>
          `loss ${direction} ${from} → ${to}:${at};${reason}`
        )
      )
    )
  )

/** The rows that only recorded traffic meets, as coverage counts them. */
export const recordedKeys = (): ReadonlyArray<string> =>
  (["request", "answer"] as const).flatMap((direction) =>
    dialects.flatMap((to) =>
      dialects.filter((from) => from !== to).flatMap((from) =>
        rowsOf(from, to, direction).filter(([, , , origin]) => origin.endsWith("recorded")).map(([at, reason]) =>
          `loss ${direction} ${from} → ${to}:${at};${reason}`
        )
      )
    )
  )
