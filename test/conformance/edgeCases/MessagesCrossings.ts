/** Edge cases of crossings to and from Anthropic Messages. */
import type { EdgeCaseList, NamedTest } from "./EdgeCase.ts"

const inFile = (file: string) => (...names: ReadonlyArray<string>): ReadonlyArray<NamedTest> => names.map((name) => ({ file, name }))

const chatStream = inFile("test/crossings/ChatStreamIntoMessages.test.ts")
const chatDecoder = inFile("packages/openai/test/chat/EventDecoder.test.ts")
const messagesRequest = inFile("test/crossings/MessagesRequestIntoChat.test.ts")

/** The list. */
export const messagesCrossings: EdgeCaseList = {
  title: "Crossings to and from Anthropic Messages",
  cases: [
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
    }
  ]
}
