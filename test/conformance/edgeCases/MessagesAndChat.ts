/** Edge cases of crossings between Messages and Chat Completions. */
import type { EdgeCase } from "./EdgeCase.ts"
import { inFile } from "./NamedTests.ts"

const chatStream = inFile("test/crossings/ChatStreamIntoMessages.test.ts")
const chatDecoder = inFile("packages/openai/test/chat/EventDecoder.test.ts")
const messagesRequest = inFile("test/crossings/MessagesRequestIntoChat.test.ts")
const chatRequest = inFile("test/crossings/ChatRequestIntoMessages.test.ts")
const chatMarks = inFile("packages/openai/test/chat/Marks.test.ts")
const messagesEncoder = inFile("packages/anthropic/test/messages/Crossing.test.ts")
const chatAnswer = inFile("test/crossings/MessagesAnswerIntoChat.test.ts")

/** The cases, from number 1. */
export const messagesAndChat: ReadonlyArray<EdgeCase> = [
  {
    number: 1,
    situation: "a chat stream states its usage only behind its finish",
    expected: "one message_delta with that usage, then message_stop",
    tests: chatStream("that comes after the finish is in the one message_delta, and message_stop is last")
  },
  {
    number: 2,
    situation: "a later piece of a call in a chat stream says that its name is null",
    expected: "no second block",
    tests: [
      ...chatStream("that later pieces say is null opens no second block"),
      ...chatDecoder("repeat ids and names, and null names, without starting again")
    ]
  },
  {
    number: 3,
    situation: "a call in a chat stream has an id and arguments, and an empty name throughout",
    expected: "one tool_use with a name made from its place, and a stop for tools",
    tests: chatStream("that is empty throughout is made from its place")
  },
  {
    number: 4,
    situation: "the name of a call in a chat stream is a number",
    expected: "it counts as missing",
    tests: [...chatStream("that is a number counts as missing"), ...chatDecoder("get an id and a name made from their place where none ever comes")]
  },
  {
    number: 5,
    situation: "every piece of a call in a chat stream repeats its name",
    expected: "one start, one stop",
    tests: chatStream("that every piece repeats opens and closes one block")
  },
  {
    number: 6,
    situation: "a call in a chat stream has neither id nor arguments, and an empty name",
    expected: "no block, and a stop that is not for tools",
    tests: [
      ...chatStream("that is empty, without an id or arguments, makes no call, and the stop is a plain one"),
      ...chatDecoder("without anything known are forgotten, and the stop is a plain one")
    ]
  },
  {
    number: 7,
    situation: "the id of a call in a chat stream comes late, perhaps in a piece without a function",
    expected: "the start waits for it, and the arguments so far follow",
    tests: [
      ...chatStream(
        "that is empty at first delays the block, and arguments that waited follow it",
        "that comes in a piece without a function delays the block"
      ),
      ...chatDecoder("wait for an id that comes late, with what they said meanwhile")
    ]
  },
  {
    number: 8,
    situation: "the id of a call in a chat stream never comes",
    expected: "a made id, the block, and a stop for tools",
    tests: chatStream("that never comes is made from its answer and its place, and the stop is for tools")
  },
  {
    number: 9,
    situation: "calls in a chat stream without ids, with the indexes 2, 0, 1",
    expected: "they come in the order of their index",
    tests: [
      ...chatStream("for an id that never comes follow in the order of their index"),
      ...chatDecoder("that never got an id start in the order of their index")
    ]
  },
  {
    number: 10,
    situation: "a chat stream with a whole call and one without a name",
    expected: "the whole one first, the other at the end, indexes without gaps",
    tests: chatStream("for a name come behind those that had theirs, and blocks are numbered without gaps")
  },
  {
    number: 11,
    situation: "the id of a call comes when the chat stream has ended",
    expected: "nothing is said after message_stop",
    tests: chatStream("that comes after the end of the stream changes nothing")
  },
  {
    number: 12,
    situation: "a user's message holds text, the result of a call, and text, for a chat provider",
    expected: "the tool message right behind the call, then one user message with both texts",
    tests: messagesRequest("becomes the result right behind its call, then one message with the words")
  },
  {
    number: 13,
    situation: "thinking without a signature stands around a call, for a chat provider",
    expected: "it is dropped; texts and call are one message",
    tests: messagesRequest("around words and a call is dropped, and the rest stays one message")
  },
  {
    number: 14,
    situation: "an assistant's message is nothing but thinking without a signature, for a chat provider",
    expected: "the message disappears",
    tests: messagesRequest("and is all of a message takes the message with it")
  },
  {
    number: 15,
    situation: "a message of the system stands between others, for a chat provider",
    expected: "it becomes a user's message that says it is a reminder",
    tests: messagesRequest("between messages stay a system message where they stood"),
    decided: "chat has system messages anywhere, so that it stays one: a user's words in a tag would carry less weight, and would be ours"
  },
  {
    number: 16,
    situation: "a block of `system` is a client's note on billing, for a chat provider",
    expected: "it is taken out",
    tests: messagesRequest("go on whole, a client's note on billing among them"),
    decided: "the words of a prompt are the caller's, and nothing of them is dropped silently; an interceptor can take a block out where an operator wants it"
  },
  {
    number: 17,
    situation: "a tool's schema has objects without properties, for a chat provider",
    expected: "empty properties are named at every depth",
    tests: messagesRequest(
      "names the properties of every object, though it has none, which the provider asks for",
      "keeps properties that are named like keywords of a schema"
    )
  },
  {
    number: 18,
    situation: "the result of a call is one picture by its address, for a chat provider",
    expected: "a list with the picture in the tool message",
    tests: messagesRequest("that is one picture by its address says that the picture follows, in a message of its own"),
    decided: "tool messages of chat take text only: the picture follows in a user's message, and the tool message says so"
  },
  {
    number: 19,
    situation: "one stop sequence, or several, for a chat provider",
    expected: "a list in both cases",
    tests: messagesRequest("are a list, be it one or several")
  },
  {
    number: 20,
    situation: "a system message between two of a chat user, and a cache mark before it, for a provider of Messages",
    expected: "it moves to `system`, the user's messages join, the mark stays on its block",
    tests: [
      ...chatRequest(
        "stays where it stood, as the user's words, and the cache mark before it stays on its block",
        "stays the system's for models that take it there"
      ),
      ...messagesEncoder("of the system in mid-conversation stay so only for models that take them")
    ],
    decided:
      "a rule holds from where it was said, and a prompt that changes at its beginning loses its cache: it keeps its place, as the user's words where the model takes no other, which is reported"
  },
  {
    number: 21,
    situation: "the id of a chat call has a dot, a space or a colon, for a provider of Messages",
    expected: "underscores, alike on call and result",
    tests: [
      ...chatRequest("with dots, spaces and colons get Anthropic's letters, alike on call and result, and never two the same"),
      ...messagesEncoder("keep one id on call and result, in Anthropic's letters")
    ]
  },
  {
    number: 22,
    situation: "several tool messages of chat in a row, for a provider of Messages",
    expected: "one user message with a block per result",
    tests: [
      ...chatRequest("one message after the other are one message, and what the user says then is another"),
      ...messagesEncoder("with parallel calls get their results in one message, in the order of the results")
    ]
  },
  {
    number: 23,
    situation: "a chat request states temperature and top_p, for a provider of Messages",
    expected: "only top_p is sent",
    tests: chatRequest("are the temperature for models that take one of them, and both for models that take both"),
    decided: "only newer models refuse both; there the temperature stays, which is what clients set on purpose, and the other is reported"
  },
  {
    number: 24,
    situation: "a chat request of nothing but a system message, for a provider of Messages",
    expected: "an empty message of the user is added",
    tests: [
      ...chatRequest("is asked as the user's, which is told"),
      ...messagesEncoder("that are all instructions are asked as the user")
    ],
    decided: "Anthropic refuses empty text: the words themselves are asked as the user's, which is reported"
  },
  {
    number: 25,
    situation: "the schema of a chat tool is a union at its root, for a provider of Messages",
    expected: "one object with the properties of all variants",
    tests: [
      ...chatRequest(
        "is an object with the properties of all variants, of which is required what all require",
        "lets a property be what any variant says of it",
        "follows references, and none of them forever"
      ),
      ...messagesEncoder("have an object at the root of their schema")
    ]
  },
  {
    number: 26,
    situation: "a chat message and a part of it both have a cache mark, for a provider of Messages",
    expected: "the part's wins",
    tests: [
      ...chatRequest(
        "on a part of a message wins over one on the message, which is told",
        "on a message alone stands on its last part, and on the result of a tool"
      ),
      ...chatMarks("is the hint of its last part, and of a tool's result", "that marks nothing stays as it came, and is a loss elsewhere")
    ]
  },
  {
    number: 27,
    situation: "two results for one call of chat, for a provider of Messages",
    expected: "the later one only",
    tests: chatRequest(
      "two for one call are the last of them, and the first is a loss",
      "that a later answer uses again become ids of their own, with the results that answer them"
    )
  },
  {
    number: 28,
    situation: "a chat request states both max_tokens and max_completion_tokens, or neither, for a provider of Messages",
    expected: "max_tokens wins; 32000 where there is neither",
    tests: chatRequest(
      "stated twice is the newer key, and the older is a loss where it says something else",
      "that nobody stated is a default, which is told"
    ),
    decided:
      "the newer key is the one that OpenAI's models obey; the default is what every Claude model takes, with room for the thinking asked for, and both are reported"
  },
  {
    number: 29,
    situation: "a stream of Messages states cached input at its start and output at its end, for a chat client",
    expected: "the prompt counts all input, the cached part stands beside",
    tests: chatAnswer("is what its start says of the input, cached and written to the cache, and its end of the output")
  },
  {
    number: 30,
    situation: "an answer of Messages stops as a refusal or as sensitive, for a chat client",
    expected: "content_filter",
    tests: chatAnswer("or a filter's stop is the stop of a content filter")
  },
  {
    number: 31,
    situation: "a stream of Messages has redacted thinking, for a chat client",
    expected: "no thinking, no empty delta",
    tests: chatAnswer("makes no thinking and no empty delta, and is a loss")
  },
  {
    number: 32,
    situation: "the same answer of Messages streamed and whole, for a chat client",
    expected: "the same fields at the end",
    tests: chatAnswer("says the same streamed and whole")
  }
]
