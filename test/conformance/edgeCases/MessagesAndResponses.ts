/** Edge cases of crossings between Messages and Responses. */
import type { EdgeCase } from "./EdgeCase.ts"
import { inFile } from "./NamedTests.ts"

const responsesAnswer = inFile("test/crossings/MessagesAnswerIntoResponses.test.ts")
const messagesResponses = inFile("test/crossings/MessagesRequestIntoResponses.test.ts")
const responsesStream = inFile("test/crossings/ResponsesStreamIntoMessages.test.ts")
const toolNames = inFile("packages/protocol/test/ToolNames.test.ts")
const offeredTools = inFile("packages/gateway/test/OfferedTools.test.ts")
const responsesRequest = inFile("test/crossings/ResponsesRequestIntoMessages.test.ts")

/** The cases, numbered on from those of Chat Completions. */
export const messagesAndResponses: ReadonlyArray<EdgeCase> = [
  {
    number: 33,
    situation: "the provider's own tools stand between texts of Messages, for a client of Responses",
    expected: "they are hidden, indexes have no gaps, the texts are one message",
    tests: responsesAnswer("is a loss, and leaves one message and no gap in the indexes")
  },
  {
    number: 34,
    situation: "a call of Messages has no input, for a client of Responses",
    expected: "its arguments are an empty object",
    tests: responsesAnswer("has an empty object of arguments, streamed and whole")
  },
  {
    number: 35,
    situation: "redacted thinking of Messages, for a client of Responses, and back",
    expected: "it goes there and back in a marked encrypted field",
    tests: responsesAnswer(
      "makes no item, and its cipher is a loss: it is no cipher of Responses",
      "of a provider of Responses is not sent to one of Messages, which is told"
    ),
    decided:
      "a sealed field belongs to its issuer: a client that switches providers would send ours to one who refuses it; what a client cannot carry is reported"
  },
  {
    number: 36,
    situation: "an assistant's text stands between a call of Responses and its output, for a provider of Messages",
    expected: "the text moves before the call",
    tests: responsesRequest("stand before the call, which the provider wants right before its result")
  },
  {
    number: 37,
    situation: "an item of thinking of Responses has a summary and the same words as content, for a provider of Messages",
    expected: "the summary is used, once",
    tests: responsesRequest("told as a summary and whole is dropped once each, and never said twice"),
    decided: "Anthropic refuses thinking it has not signed, so that neither is sent and both are reported"
  },
  {
    number: 38,
    situation: "an item of thinking of Responses is only sealed, right before the user speaks, for a provider of Messages",
    expected: "it stands in an assistant's message of its own",
    tests: responsesRequest("of nothing but a cipher, right before the user speaks, leaves no empty answer behind"),
    decided: "only its issuer can read it: it is reported, and no message is made for it"
  },
  {
    number: 39,
    situation: "a developer's item of Responses holds a picture, for a provider of Messages",
    expected: "a block of `system` says that something of that type was there",
    tests: responsesRequest("is lost meaning, so that the request is refused rather than asked without it"),
    decided: "a note instead of the picture changes what was asked: it is lost meaning, and refuses the request unless the model's entry is lenient"
  },
  {
    number: 40,
    situation: "the function x in the namespace n, and a custom tool n__x, both of Responses, for a provider of Messages",
    expected: "one tool, the one that stands by itself; the choice follows",
    tests: [
      ...responsesRequest(
        "gets a name of its own where a tool that stands by itself has the one made of both, and the choice is of that tool"
      ),
      ...toolNames(
        "gives way to a tool that has it by itself, wherever that stands and whoever runs it",
        "is told apart from one whose names join to the same"
      ),
      ...offeredTools("of a namespace is in the namespace again")
    ],
    decided: "both stay: the one in the namespace gets a name of its own, and the client gets its calls by the names it gave"
  },
  {
    number: 41,
    situation: "thinking of Responses streams several parts of a summary, for a client of Messages",
    expected: "one block of thinking with a blank line between the parts",
    tests: responsesStream("in several parts of a summary is as many blocks, one after the other"),
    decided: "a part is a block in both protocols, so that no words of ours are put between them"
  },
  {
    number: 42,
    situation: "thinking of Responses is sealed when it is announced and when it ends, for a client of Messages",
    expected: "only the last seal is sent, once, as a signature",
    tests: responsesStream("that is sealed when it is announced and again when it ends gives the client no seal, which is told once"),
    decided: "a signature of Messages is Anthropic's own: a seal of another provider in its place would be refused when it comes back"
  },
  {
    number: 43,
    situation: "thinking of Responses is nothing but a seal, for a client of Messages",
    expected: "a block with only a signature; text has the next index",
    tests: responsesStream("of nothing but a seal makes no block, and the text behind it is the first"),
    decided: "the seal is not carried, so that the block would be empty: none is made, and the loss is reported"
  },
  {
    number: 44,
    situation: "the name of a call comes only with the end of its item of Responses, for a client of Messages",
    expected: "the start waits, arguments are kept",
    tests: responsesStream("whose name comes with its end starts then, with the arguments so far")
  },
  {
    number: 45,
    situation: "the arguments of a call come only with the end of an answer of Responses, for a client of Messages",
    expected: "they come before its block stops and before message_delta",
    tests: responsesStream("whose arguments come with the end of the answer gets them before its block closes")
  },
  {
    number: 46,
    situation: "a call of Responses never gets a name, for a client of Messages",
    expected: "no call, and a plain stop",
    tests: responsesStream(
      "of which neither id nor name nor arguments ever come is none, and the stop is a plain one",
      "whose name never comes keeps its id and its arguments, under a name made from its place"
    ),
    decided: "only a call of which nothing at all is known is none; arguments are not dropped for want of a name, as in a chat stream"
  },
  {
    number: 47,
    situation: "two calls of Responses stream in turns, for a client of Messages",
    expected: "one block after the other, never two open",
    tests: responsesStream("beside another, piece by piece in turns, is a block of its own, and only one is open")
  },
  {
    number: 48,
    situation: "a message of Responses ends behind the calls that followed it, for a client of Messages",
    expected: "three starts and three stops, with the indexes 0, 1, 2",
    tests: responsesStream("behind a message that ends late does not open or close the message's block again")
  },
  {
    number: 49,
    situation: "why an answer of Responses ended, for a client of Messages",
    expected: "too long is max_tokens, filtered is refusal, a call beats a plain stop, a stop sequence is kept",
    tests: responsesStream("says that the answer was too long, filtered or refused", "is for tools behind a call, and else a plain one"),
    decided: "stop sequences do not arise: Responses has none, neither in a request nor in an answer"
  },
  {
    number: 50,
    situation: "ids of calls with more than 64 characters, from Responses to Messages and back",
    expected: "at most 64, the same on both sides",
    tests: [
      ...responsesStream("whose id has more than 64 characters gets a shorter one, streamed, whole, and when the client brings it back"),
      ...messagesResponses("is shortened to 64, alike on call and output")
    ]
  },
  {
    number: 51,
    situation: "an answer of Responses fails by the provider's policy on cyber security, for a client of Messages",
    expected: "one error event of type invalid_request_error with the provider's words",
    tests: responsesStream("is one error event that blames the request, with the provider's words, whichever way it is told")
  },
  {
    number: 52,
    situation: "a provider of Responses searches the web by itself, for a client of Messages",
    expected: "blocks of a server tool and its result; the stop stays a plain one",
    tests: responsesStream("is a loss, streamed and whole, and the stop is a plain one"),
    decided: "the results of the search are not in the answer, so that a result block would be made up; what the provider's own tools did is a reported loss"
  },
  {
    number: 53,
    situation: "the choice among tools of Messages, and whether calls may be parallel, for a provider of Responses",
    expected: "any is required; disable_parallel_tool_use is parallel_tool_calls false",
    tests: messagesResponses("of any tool is required, of one tool that one, of none none", "says whether calls may be parallel")
  },
  {
    number: 54,
    situation: "the web search of Anthropic, with domains allowed and blocked, for a provider of Responses",
    expected: "the provider's own search with the allowed domains; the blocked ones are lost",
    tests: messagesResponses(
      "is not offered by another provider, which is told with all it allows and blocks",
      "forced beside a function is lost meaning, and no function of its name is asked for"
    ),
    decided:
      "another provider's search is another tool, which would search the blocked domains: what is offered is a reported loss, what is forced refuses the request"
  },
  {
    number: 55,
    situation: "thinking signed by another provider, for a provider of Responses",
    expected: "no item of thinking",
    tests: messagesResponses("makes no item of thinking, which is told")
  }
]
