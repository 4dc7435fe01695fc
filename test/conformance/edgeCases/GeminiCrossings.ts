/** Edge cases of crossings to and from Gemini. */
import type { Situation } from "./EdgeCase.ts"
import { inFile } from "./NamedTests.ts"

const bytes = inFile("test/exchanges/Bytes.test.ts")
const chatToGemini = inFile("test/crossings/ChatToGemini.test.ts")
const geminiToChat = inFile("test/crossings/GeminiToChat.test.ts")
const responsesToGemini = inFile("test/crossings/ResponsesToGemini.test.ts")
const geminiToResponses = inFile("test/crossings/GeminiToResponses.test.ts")
const geminiToMessages = inFile("test/crossings/GeminiSignaturesToMessages.test.ts")
const messagesToGemini = inFile("test/crossings/MessagesCallsToGemini.test.ts")
const geminiTurns = inFile("packages/gemini/test/generate/Turns.test.ts")
const geminiDecoder = inFile("packages/gemini/test/generate/EventDecoder.test.ts")

/** Requests and answers to and from Gemini. */
export const geminis: ReadonlyArray<Situation> = [
  {
    situation: "a tool's schema with constants, nullable types, bounds, formats and alternatives",
    expected: "exact for models that take JSON Schema; for others the nearest, reported",
    tests: chatToGemini(
      "with a constant, a nullable type, bounds, alternatives of null and one or several types goes whole to models that take JSON Schema"
    )
  },
  {
    situation: "references, one of them to itself; required properties that do not exist; properties that say themselves that they are required",
    expected: "references in place, circles ended by their type, the list of required names right",
    tests: chatToGemini(
      "with references, one of them to itself, and a required property that there is not has them in place and in order for older models",
      "whose properties say themselves that they are required has them listed by their object"
    )
  },
  {
    situation: "properties that are named like keywords, and the keywords inside them",
    expected: "the properties stay, only keywords that cannot be said go",
    tests: chatToGemini("keeps properties that are named like keywords, and loses the keywords only")
  },
  {
    situation: "an object without properties; a schema without keywords; defaults and vendor keys that look like properties; conditions; large numbers",
    expected: "no property is invented and nothing else is taken for one; what cannot be said is reported",
    tests: [
      ...chatToGemini(
        "that takes nothing gets no invented property",
        "whose schema has no keyword is not taken for a list of properties",
        "with a default that looks like a schema and a vendor's own key does not take either for properties",
        "with conditions keeps them for models that take JSON Schema, and reports what older ones are not told"
      ),
      ...bytes(
        "keeps its digits in the arguments of calls, both ways, and is a reported loss where it stands elsewhere in a translated request",
        "keeps its digits everywhere where the client's bytes are forwarded"
      )
    ],
    decided:
      "Others invent a property for an empty object, take a schema without keywords for a list of properties, and merge conditions. Here models that take JSON Schema get the caller's own, and older ones the nearest with a loss. A number that JavaScript rounds keeps its digits in arguments and answers and where bytes are forwarded; in the rest of a translated request it is rounded, and reported."
  },
  {
    situation: "a stop with every chunk, or behind a call; a limit behind a call",
    expected: "one finish, at the end; a call turns a plain stop into a finish for calls",
    tests: geminiToChat(
      "that says STOP with every chunk has one finish, in its last",
      "that says STOP behind a call finishes with the call, once",
      "that ran into its limit behind a call says so"
    ),
    decided: "Others say tool_calls also where the limit was reached behind a call. The limit is what the client must know: more may have been to come."
  },
  {
    situation: "no count of output; an answer of an empty text",
    expected: "zero output beside a counted prompt; an empty text and no null",
    tests: geminiToChat("that counts a prompt and no output has zero output", "of ${what} has an empty text as content and no null")
  },
  {
    situation: "a history that ends with the assistant; empty texts",
    expected: "the beginning of the answer is kept; empty texts leave nothing behind",
    tests: chatToGemini("that ends with the beginning of the answer keeps it", "with empty texts leaves them out, and no null or empty content in their place"),
    decided: "Others take the last turn away where it is the assistant's. It is meaning: a model that cannot continue it says so itself."
  },
  {
    situation: "a schema for the answer",
    expected: "JSON is asked for, with one of the two keys of schemas and never both",
    tests: chatToGemini("with a schema for the answer asks for JSON under one of the two keys of schemas, never both")
  },
  {
    situation: "parallel calls in a history that nobody signed",
    expected: "the word that stands for a signature on the first call only, for models that ask for one",
    tests: [
      ...chatToGemini("with a history nobody signed bypasses the check on the first of parallel calls only, and only for models that check"),
      ...geminiTurns("are replaced by the bypass on the first call for models that ask for them")
    ]
  },
  {
    situation: "results with empty names",
    expected: "they answer the calls in order; one too many stays without a call",
    tests: [
      ...geminiToChat("whose results have empty names answers the calls in order, and a result too many stays without one"),
      ...geminiTurns("are answered in order where the result has no name either")
    ]
  },
  {
    situation: "outputs of parallel calls in the reverse order",
    expected: "one content of results in the order of the calls",
    tests: responsesToGemini("with outputs of parallel calls in another order says them in one content, in the order of their calls")
  },
  {
    situation: "an output of words and pictures",
    expected: "the words in the response, the pictures beside it",
    tests: responsesToGemini("with an output of words and a picture says the words in the response and the picture beside it")
  },
  {
    situation: "a mark of the end twice, or before anything else",
    expected: "one completion; nothing begins where nothing was said",
    tests: geminiToResponses(
      "that ends with a mark, or with two, is completed once",
      "whose mark comes before anything else begins nothing and is an error"
    )
  },
  {
    situation: "a signature that comes behind the part it belongs to",
    expected: "an item says when it ends what it said when it began",
    tests: geminiToResponses(
      "whose signature comes behind its call has no item for it, and the call's item says when it ends what it said when it began"
    ),
    decided:
      "Nothing waits for signatures: a client of Responses cannot carry Gemini's. They are a reported loss in its answer, and the gateway gives them back by itself."
  },
  {
    situation: "calls in a stream for a client of Responses, with and without arguments",
    expected: "each is announced, said, ended and its item ended before the completion; no arguments are an empty object",
    tests: geminiToResponses(
      "with calls begins, says and ends each of them before the next, and before it is completed; no arguments are an empty object"
    )
  },
  {
    situation: "a part that is a signature and nothing else",
    expected: "no empty text is opened; it belongs to the thinking before it",
    tests: [
      ...geminiToMessages("whose last part is a signature alone opens no empty text for it"),
      ...geminiDecoder("do not open an empty block of text", "are blocks of their own, and a signature alone belongs to the block before it")
    ]
  },
  {
    situation: "two tools of one name; two names that are the same in their first 64 characters",
    expected: "long names get short ones of their own, the same in declaration, call, result and choice",
    tests: messagesToGemini(
      "whose long names begin alike get names of their own, the same in declaration, choice, call and result",
      "of the same name twice are both declared, as both were offered"
    ),
    decided: "Others drop the second tool of a name. Which one was meant is not ours to guess; the provider's refusal names the tool."
  },
  {
    situation: "text behind a call, thinking behind text",
    expected: "the order in which it was said",
    tests: messagesToGemini("keeps the order in which it thought, spoke and called"),
    decided: "Others force thinking, text, calls. Gemini takes parts in any order, and an order is meaning."
  },
  {
    situation: "input of a call that is a text, a list, a number, a boolean, null or missing",
    expected: "what is there is carried, and the call stays",
    tests: messagesToGemini(
      "with a call whose input is ${JSON.stringify(input)} and no object carries it inside one, and says so",
      "with a call whose input is ${what} calls with nothing"
    ),
    decided: "Others send what is no object as it is, which Gemini refuses, and drop a call without input. Here it stands in an object, as a reported loss."
  },
  {
    situation: "a result without content or with null; a result whose call is nowhere",
    expected: "an empty response that is valid; a name that is not guessed from the id",
    tests: messagesToGemini(
      "with ${what} is an empty response to its call",
      "whose call is nowhere is named by a word that stands for it, which is reported, and not by guessing from its id"
    ),
    decided: "Others guess the name from the id. A made name is reported instead."
  },
  {
    situation: "a candidate without content",
    expected: "a whole sequence of events that ends the turn; an empty list of blocks in a body",
    tests: geminiToMessages("without any content is a whole message without blocks that ends its turn, streamed and buffered"),
    decided: "Others invent an empty text block in the stream. A stream without blocks is legal and says the same as the body."
  },
  {
    situation: "results without ids that interleave with others, or stand beside one that has an id; calls without ids",
    expected: "paired by name, first come first, no id twice; the same ids from the same body",
    tests: geminiToChat(
      "whose results without ids interleave with others pairs them by name, first come first",
      "with one result that names the second call gives the others the first and the third",
      "without ids of calls gets the same ones every time, each call its own"
    )
  },
  {
    situation: "bytes of sound, film, documents and pictures; hidden thoughts",
    expected: "each as the part chat has for it; thoughts are not sent",
    tests: geminiToChat(
      "with bytes sends sound, documents and pictures each as its part, and refuses films and sounds that chat has no part for",
      "with hidden thoughts in its history loses them, and says so"
    ),
    decided: "Others send films under a key that OpenAI does not know. Here they refuse the request, unless the model's entry is lenient."
  },
  {
    situation: "a chat answer of several choices, for a client of Gemini",
    expected: "a candidate for each choice",
    tests: chatToGemini(
      "is as many candidates, none laid over another",
      "streamed in turns stays as many candidates, none laid over another"
    ),
    decided: "Rejected: others lay all choices over one candidate, which mixes answers into a text nobody gave."
  }
]
