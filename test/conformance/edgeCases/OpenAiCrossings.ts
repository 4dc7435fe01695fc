/** Edge cases of crossings between Chat Completions and Responses. */
import type { Situation } from "./EdgeCase.ts"
import { inFile } from "./NamedTests.ts"

const chatToResponses = inFile("test/crossings/ChatToResponses.test.ts")
const responsesToChat = inFile("test/crossings/ResponsesToChat.test.ts")

/** Chat clients of Responses and clients of Responses of chat: requests and answers of calls. */
export const betweenOpenAis: ReadonlyArray<Situation> = [
  {
    situation: "chat tools with names longer than 64 characters that begin alike, functions and custom ones",
    expected: "each gets a short name of its own, keeps its kind, and is given back under the caller's name",
    tests: chatToResponses("with names longer than 64 characters gets short ones, each its own, that stay of their kind and are given back")
  },
  {
    situation: "an id of a call that is used again in a later round",
    expected: "both calls stay, each before the result of its round",
    tests: chatToResponses("that uses an id of a call again in a later round keeps both calls, each before its own result")
  },
  {
    situation: "a result that does not say which call it answers",
    expected: "it answers the oldest call that nothing else answers",
    tests: [
      ...chatToResponses("with results that name no call (${JSON.stringify(id)}) takes them for answers to the oldest call nothing else answers"),
      ...responsesToChat("with an output that names no call takes it for the answer to the oldest call nothing answers")
    ]
  },
  {
    situation: "one id twice in an answer, a result for no call, a second result for a call",
    expected: "nothing of it is lost without a word",
    tests: chatToResponses("with an id used twice in one answer, a second result for a call and a result for no call passes all of them on"),
    decided:
      "Others drop what is ambiguous. A conversation that contradicts itself is the client's to mend: it is passed on whole, and the provider's refusal names it."
  },
  {
    situation: "a tool's result whose text is JSON that describes pictures",
    expected: "text stays text; a picture that is a part of the result is sent as a picture",
    tests: chatToResponses("with a result whose text is JSON about a picture leaves the text alone, and sends a picture that is a part as one"),
    decided: "Others read the text and send the picture. What a tool printed is data; a client that means a picture says so with a part."
  },
  {
    situation: "pieces of a call in a stream for a chat client",
    expected: "they say nothing but the call: no null content beside it",
    tests: responsesToChat("has pieces of a call that say nothing but the call")
  },
  {
    situation: "two calls whose pieces interleave, told by index or by item, and ends that restate them",
    expected: "each keeps its own pieces; the ends add nothing",
    tests: responsesToChat(
      "of two interleaved calls, told by ${isIndexed ? \"index\" : \"item\"}, gives each its own pieces, and ends that restate them say nothing more"
    )
  },
  {
    situation: "an empty piece of a custom tool's input, and the whole input only at its end",
    expected: "the empty piece is not sent, the input is, once",
    tests: responsesToChat("with an empty piece of a custom tool's input sends nothing for it, and the whole input from its end")
  },
  {
    situation: "an incomplete answer that had begun a call",
    expected: "the finish is length",
    tests: responsesToChat("that is incomplete by its limit finishes with length, though a call had begun")
  },
  {
    situation: "cache writes that are not counted, and such that are counted as zero",
    expected: "what is not counted is not said to be zero",
    tests: responsesToChat(
      "whose provider does not count cache writes does not say zero of them",
      "whose provider counts no cache write where it must say a number says none either"
    ),
    decided: "A zero of cache writes is not carried on: Responses requires the number, so that a zero there says no more than silence."
  },
  {
    situation: "an answer whose last message is empty",
    expected: "the words of the messages before it stay",
    tests: responsesToChat("whose last message has ${what} keeps the words of the one before")
  },
  {
    situation: "a chat request that says or leaves out sampling, storage, parallel calls, tier; a stream that is a word",
    expected: "what was said is said, what was not is not; what has the wrong type is refused with its place",
    tests: chatToResponses(
      "keeps what it says of sampling, storage, tier and parallel calls, and says nothing it did not say",
      "says its system prompt as instructions",
      "whose stream is a word and no boolean is refused with its place"
    ),
    decided: "Others fill in and strip fields as one provider's private service wants them. Here the request means what its client said."
  }
]

/** Streams of chat to clients of Responses, and requests of these to chat. */
export const chatsToResponses: ReadonlyArray<Situation> = [
  {
    situation: "tokens that are counted behind the finish, or not at all",
    expected: "one completion, at the end, with the tokens where there are any",
    tests: chatToResponses("whose tokens come behind the finish is completed once, at its mark, with them", "without tokens is completed without them")
  },
  {
    situation: "a mark of the end, or the end of the bytes, before any finish",
    expected: "never a completion; a call that was cut does not look whole",
    tests: chatToResponses(
      "whose mark comes before any finish is incomplete, its call too, and that is a reported loss",
      "whose bytes end in the middle of a call fails, and says no end of the call"
    ),
    decided: "Behind a mark the call's item is ended, as incomplete: strict clients want every item ended that was announced."
  },
  {
    situation: "an answer cut by its limit or a filter, in words or in a call's arguments",
    expected: "incomplete with the reason, the item it was cut in too; arguments stay as they are",
    tests: chatToResponses(
      "cut by the limit of tokens is incomplete for that reason, and the call it was cut in keeps what came",
      "cut before a call's arguments leaves them empty instead of inventing an object",
      "ended by a filter is incomplete for that reason, its message too"
    )
  },
  {
    situation: "words and several calls in one answer",
    expected: "an index each; announced, ended and restated in the same order",
    tests: chatToResponses("of words and two interleaved calls gives each an index of its own, announced, ended and restated in the same order")
  },
  {
    situation: "ids of calls that come late or never",
    expected: "the call waits for its id, or gets one from the answer's id and its place",
    tests: chatToResponses("whose ids of calls come late or never waits for them, or makes one from the answer's id and the call's place")
  },
  {
    situation: "the name of a custom tool that comes late",
    expected: "the item waits for it; no event of a function call",
    tests: chatToResponses("whose custom tool gets its name late is announced as a custom call, and never as a function")
  },
  {
    situation: "words between a call and its output; calls in a row; calls with words between; a choice among no tools",
    expected: "outputs follow their calls; calls in a row are one message, others are not; no choice among nothing",
    tests: responsesToChat(
      "with words between a call and its output says them behind the output",
      "with calls one after the other says them in one message, and calls with words between in two",
      "without tools says nothing of how to choose among them, and refuses where one was forced"
    )
  },
  {
    situation: "thoughts of Responses in a history for chat, equal, different or empty",
    expected: "they are lost with their places; none is invented",
    tests: responsesToChat("with thinking that a chat provider cannot use loses it, each thought by its place, and invents none"),
    decided:
      "Others join the thoughts and send a placeholder for empty ones. Official chat completions take no thinking, and a placeholder is a thought nobody had."
  },
  {
    situation: "a detail of an image that chat does not know, or that is no word",
    expected: "the nearest or none, reported; the wrong type is refused",
    tests: responsesToChat(
      "with a detail of an image that chat does not know says the nearest, or none, and reports it",
      "with a detail that is no word is refused"
    )
  }
]
