/** Edge cases of what travels beside the words: cache marks, sampling, streams, counts. */
import type { Situation } from "./EdgeCase.ts"
import { inFile } from "./NamedTests.ts"

const chatToMessages = inFile("test/crossings/ChatHintsToMessages.test.ts")
const chatUsage = inFile("packages/openai/test/chat/Usage.test.ts")
const chatDecoder = inFile("packages/openai/test/chat/EventDecoder.test.ts")
const responsesDecoder = inFile("packages/openai/test/responses/EventDecoder.test.ts")
const geminiDialect = inFile("packages/gemini/test/generate/Dialect.test.ts")
const sse = inFile("packages/protocol/test/Sse.test.ts")
const streams = inFile("test/exchanges/StreamForBody.test.ts")
const verdict = inFile("packages/gateway/test/Verdict.test.ts")

/** Cache marks, sampling, streams and counts. */
export const transport: ReadonlyArray<Situation> = [
  {
    situation: "a cache mark of an hour behind a shorter one",
    expected: "it becomes a shorter one, reported; a request of the provider's own protocol is left as it came",
    tests: chatToMessages(
      "of an hour behind a shorter one, in the order of tools, system and messages, become shorter ones, and that is reported",
      "of a client of Messages itself leave as they came"
    )
  },
  {
    situation: "more than four cache marks",
    expected: "the first ones go, tools before the last tool first, each reported",
    tests: chatToMessages("more than four lose the first ones, tools before the last tool first, and each is reported")
  },
  {
    situation: "sampling beside thinking and beside a forced tool",
    expected: "only what the provider refuses is lost, and never silently",
    tests: chatToMessages(
      "is kept where the model does not think",
      "is lost with its places where the model thinks, and only what is refused beside thinking",
      "is kept where a forced tool takes the thinking away, which is the loss that is reported"
    ),
    decided: "Rejected: others drop temperature and top_p of every caller of another protocol without a word."
  },
  {
    situation: "a stream that answers a buffered request: empty, cut, failing",
    expected: "an error, never an empty success",
    tests: streams("with ${model} events is an error of the provider, and no empty success", "that breaks off with the provider's error is that error")
  },
  {
    situation: "a plain JSON error inside a stream of status 200; comments first; an end without a mark; content behind the mark",
    expected: "the provider's message; comments skipped; an error at the end; nothing behind the mark",
    tests: streams(
      "whose ${model} stands where the answer should is the provider's failure with its own message",
      "that ends before its finish ends in an error of the client's own, for a client of ${client}",
      "has its comments skipped and what follows its mark left out"
    )
  },
  {
    situation: "a total alone; usage that is null or zero at first; prompts of tools the provider ran",
    expected: "nothing is divided by guessing; null says nothing; the last counts; prompts of tools are a class",
    tests: [
      ...chatUsage("that are a total alone are not divided by guessing", "that are null say nothing"),
      ...chatDecoder("is usage of which the last counts, zeros that stand in for it first"),
      ...geminiDialect("counts the prompts of tools the provider ran as a class of their own, beside the prompt")
    ]
  },
  {
    situation: "events cut anywhere; data before the name of its event; half an event at the end of the bytes",
    expected: "the same events; one event; half an event is not shown and is an error",
    tests: [
      ...sse(
        "at any offset, inside characters and between CR and LF, changes no event and loses no byte",
        "name the event also behind its data, as one event"
      ),
      ...streams(
        "that arrives byte by byte is whole, for a client of ${client}",
        "whose last event breaks off in its JSON does not show it and ends in an error, for a client of ${client}"
      )
    ]
  },
  {
    situation: "a completion without output, behind items that ended with and without an index",
    expected: "the items that were streamed are the output",
    tests: responsesDecoder(
      "keeps what was streamed when the terminal has no output",
      "keeps items that ended without an index beside those that have one",
      "keeps items apart that are announced and ended without an index"
    ),
    decided: "Others put items without an index last. Here they stand where they ended, because the client has seen them there."
  },
  {
    situation: "an event called completed whose payload says failed; a break of the connection behind the completion",
    expected: "one failure; no second terminal",
    tests: [
      ...responsesDecoder(
        "is a failure when the payload says so, whatever the event is called",
        "is told once: a failure behind a completion that failed, and a cut behind a completion, say nothing more"
      ),
      ...verdict("stays Completed where the client or the connection left after the last finish")
    ]
  }
]
