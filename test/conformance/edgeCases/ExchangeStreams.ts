/** Edge cases of answers on their way: outcomes, counts, the grammar of events, bytes. */
import type { Situation } from "./EdgeCase.ts"
import { inFile } from "./NamedTests.ts"

const outcomes = inFile("test/exchanges/Outcomes.test.ts")
const priceBook = inFile("packages/ledger/test/PriceBook.test.ts")
const ending = inFile("test/exchanges/Ending.test.ts")
const settlement = inFile("test/exchanges/Settlement.test.ts")
const bytes = inFile("test/exchanges/Bytes.test.ts")
const bodies = inFile("test/exchanges/StreamForBody.test.ts")
const hostile = inFile("test/end-to-end/HostileUpstream.test.ts")
const disconnect = inFile("test/end-to-end/Disconnect.test.ts")
const parts = inFile("test/end-to-end/Parts.test.ts")
const shutdown = inFile("test/end-to-end/Shutdown.test.ts")
const inFlight = inFile("test/reload/InFlight.test.ts")
const verdict = inFile("packages/gateway/test/Verdict.test.ts")
const collect = inFile("packages/protocol/test/Collect.test.ts")
const grammar = inFile("packages/protocol/test/Grammar.test.ts")
const sse = inFile("packages/protocol/test/Sse.test.ts")
const messagesDecoder = inFile("packages/anthropic/test/messages/EventDecoder.test.ts")
const stops = inFile("test/crossings/StopReasons.test.ts")
const tokens = inFile("test/crossings/TokenCounts.test.ts")
const recovery = inFile("packages/ledger/test/Recovery.test.ts")

/** How an answer ends, and what stands in the ledger then. */
export const endings: ReadonlyArray<Situation> = [
  {
    situation: "a stream with start, text, usage and stop",
    expected: "the client's own events; one completed entry with the tokens",
    tests: outcomes("that is whole leaves one completed entry with the reported tokens, and reaches the client in its own words")
  },
  {
    situation: "an error of the provider behind some text",
    expected: "an error in the client's protocol; a failed entry, settled by what was streamed",
    tests: [
      ...outcomes("that fails after some text ends in an error the client can read, and is settled by what was streamed"),
      ...verdict("is UpstreamFailed where an error event came after the commit, with what was streamed settled")
    ]
  },
  {
    situation: "a body that nobody pulls",
    expected: "the finalizer runs: one entry, cancelled",
    tests: [
      ...verdict("is Cancelled(unpolled) where nobody ever pulled the body"),
      ...disconnect("closes the upstream and leaves exactly one entry")
    ]
  },
  {
    situation: "a stream that ends at once",
    expected: "an error and a failed entry: empty",
    tests: [
      ...outcomes("that is empty is told as one, and costs nothing"),
      ...verdict("is Empty where the upstream said nothing, and releases the usage")
    ]
  },
  {
    situation: "text and then the end of the bytes",
    expected: "an error and a failed entry: truncated; never an invented stop",
    tests: [
      ...outcomes("that ends without its stop is Truncated and gets no invented one"),
      ...hostile("streamed: ${scenario} ends in an error of the client's own protocol")
    ]
  },
  {
    situation: "content and a stop without any count of tokens",
    expected: "completed, estimated, and counted as not metered",
    tests: [
      ...outcomes("with content and no count of tokens is completed, estimated, and flagged as not metered"),
      ...verdict("flags a capture miss where the answer finished without usage")
    ]
  },
  {
    situation: "a stop without content and without a count",
    expected: "completed, and no miss",
    tests: outcomes("without content and without a count is completed and not flagged")
  },
  {
    situation: "a client that leaves in the middle",
    expected: "cancelled; the upstream is closed",
    tests: [
      ...disconnect("closes the upstream and leaves exactly one entry"),
      ...verdict("is Cancelled by the client, never at zero once something was sent upstream")
    ]
  },
  {
    situation: "a client that leaves after three pieces",
    expected: "told to extensions, counted and settled once each",
    tests: outcomes("by a client that left after three pieces is told, counted and settled exactly once")
  },
  {
    situation: "success, failure, interruption and a defect, seen by extensions",
    expected: "each is told the end exactly once, with its kind",
    tests: [
      ...outcomes(
        "is told to every extension exactly once, in reverse: ${what}",
        "by a client that left after three pieces is told, counted and settled exactly once"
      ),
      ...parts("refuse in the client's own dialect, and only those entered are finished")
    ]
  },
  {
    situation: "a ledger that hangs while the gateway stops",
    expected: "the wait is bounded, the gateway ends; what a ledger has taken in is spilled",
    tests: [
      ...settlement("a ledger that hangs holds neither the client's answer nor the end of the gateway"),
      ...shutdown("SIGTERM drains open streams, ends the others with an error and settles them all"),
      ...recovery("gets what was spilled at the next start where it was not free before")
    ]
  }
]

/** What is counted and put together while an answer passes. */
export const counts: ReadonlyArray<Situation> = [
  {
    situation: "a count of output alone behind a count of everything",
    expected: "the input and the cache stay as they were",
    tests: collect("lets a later usage replace what it states and nothing else, and never adds")
  },
  {
    situation: "counts that are stated again, zeros among them",
    expected: "replaced, never added; a stated zero counts",
    tests: collect("lets a later usage replace what it states and nothing else, and never adds")
  },
  {
    situation: "output counted in the beginning only",
    expected: "not taken for a count of the answer",
    tests: [
      ...outcomes("whose only count of output stands in its beginning is not metered by it"),
      ...messagesDecoder("takes input counts from the start and output counts from the end only")
    ]
  },
  {
    situation: "arguments of a call that are no valid JSON",
    expected: "kept as the model wrote them; where a body needs an object, inside one, and reported",
    tests: stops("stay as the model wrote them in a stream", "stand whole in an object where a body needs one, and that is reported")
  },
  {
    situation: "deltas of blocks that are not open or of another kind",
    expected: "repaired where the delta says what it is, else a typed violation; never a crash",
    tests: messagesDecoder("that begins with a delta is opened by it", "with broken JSON, or a delta of a block nobody knows, is a violation"),
    decided: "Others ignore such deltas. Here words are never lost: a delta of text opens its block, and what cannot be placed ends the answer with an error."
  },
  {
    situation: "a block of index four thousand million",
    expected: "no memory for the gap; too many open blocks are a violation",
    tests: messagesDecoder("may have any index, and costs no more for a large one", "more than a few hundred that stay open are a violation"),
    decided: "The index is a name and nothing is made for those below it, so that it need not be refused."
  },
  {
    situation: "a stop for tools in a message_delta, then message_stop",
    expected: "one terminal; the reason stays",
    tests: stops("that stops for tools finishes once, for tools")
  },
  {
    situation: "a finish by length, then the mark",
    expected: "one terminal; the reason stays",
    tests: stops("that ran into its limit stops once, for that reason")
  },
  {
    situation: "a finish, then a chunk of usage",
    expected: "one terminal, behind the usage and with it",
    tests: stops("whose tokens come behind the finish stops once, behind them and with them")
  },
  {
    situation: "a finish and no usage",
    expected: "the terminal at the end of the bytes",
    tests: stops("that finishes without tokens and without a mark stops when the bytes end")
  },
  {
    situation: "a mark without a finish",
    expected: "no reason is invented, and the record says that it is missing",
    tests: outcomes("with a mark and no finish gets no reason invented"),
    decided:
      "The mark is the provider's own end, so that the exchange is completed; the finish is `missing`, and clients that need a word are told one that is no stop."
  },
  {
    situation: "a prompt of which most was cached, counted inside the prompt and beside it",
    expected: "the same classes, so the same cost",
    tests: tokens("is 200 fresh and 800 cached tokens, whether a provider counts the cached ones inside the prompt or beside it")
  },
  {
    situation: "prices by the model that served, was sent or was asked",
    expected: "all three names are known",
    tests: [
      ...outcomes("of an alias is recorded under the name that was asked, the one that was sent and the one that answered"),
      ...priceBook("takes the served model before the one that was sent, and that before the one that was asked for")
    ]
  }
]

/** The order of events, and the bytes they are made of. */
export const order: ReadonlyArray<Situation> = [
  {
    situation: "events before the start; a terminal at once",
    expected: "only what may precede it; a failure may come at once",
    tests: grammar("only ping, usage, foreign, an error and the start itself may come")
  },
  {
    situation: "events behind the terminal",
    expected: "nothing of them reaches the client",
    tests: [
      ...grammar("is followed by nothing, whichever it was"),
      ...bodies("has its comments skipped and what follows its mark left out"),
      ...messagesDecoder("says nothing after its terminal")
    ]
  },
  {
    situation: "a second start, blocks behind the finish",
    expected: "the order is kept; exactly one start",
    tests: [
      ...grammar("comes once", "lets no further block of its choice begin"),
      ...messagesDecoder("with a second message_start starts once and keeps both wire events")
    ]
  },
  {
    situation: "a provider that dies in the middle",
    expected: "one error that ends the stream",
    tests: [
      ...outcomes("that ends without its stop is Truncated and gets no invented one"),
      ...hostile("streamed: ${scenario} ends in an error of the client's own protocol")
    ]
  },
  {
    situation: "a server that stops a stream",
    expected: "the client still gets one terminal",
    tests: [
      ...shutdown("SIGTERM drains open streams, ends the others with an error and settles them all"),
      ...verdict("is Cancelled by the server where a drain ran out"),
      ...inFlight("ends with the provider it began with, while new ones go to the new one")
    ],
    decided:
      "A model that is switched off while it answers answers to its end: only new requests are refused. A drain and the limits of time end streams with an error."
  },
  {
    situation: "characters and marks of thinking cut between pieces",
    expected: "the same text",
    tests: [
      ...bodies("that arrives byte by byte is whole, for a client of ${client}"),
      ...bytes("keeps marks of thinking that are cut across its pieces as the text they are"),
      ...sse("at any offset, inside characters and between CR and LF, changes no event and loses no byte")
    ],
    decided: "Marks of thinking inside text are not read as thinking: a model may quote them, and what it said stays what it said."
  },
  {
    situation: "data without a space, every line end, a byte order mark, data of several lines, comments, a last event without an empty line",
    expected: "as the standard says; the unfinished event by a named option",
    tests: [
      ...sse(
        "take away exactly one space after the colon",
        "end with LF, CR or CRLF, mixed as the sender likes",
        "is taken away at the start only",
        "join several data lines with a line feed",
        "are silent when they are comments",
        "discards a frame without a blank line when strict",
        "delivers and flags it when tolerant"
      ),
      ...bytes("is read in every form the standard knows, its last event without an empty line too, for a client of ${client}")
    ]
  },
  {
    situation: "an event beyond the limit of its size",
    expected: "a typed error that ends the stream; bounded memory",
    tests: [...outcomes("with an event larger than allowed ends in one error"), ...sse("overflows however it was cut, after the events before it")]
  },
  {
    situation: "an error message with line ends, quotes, separators and control characters",
    expected: "one event of valid JSON",
    tests: [
      ...outcomes("that fails with quotes, line ends, separators and control characters in its message stays one event of valid JSON"),
      ...sse("cannot be made to inject a field, an event or a comment")
    ]
  },
  {
    situation: "events nobody knows, and signs of life",
    expected: "forwarded inside a protocol; left out and counted across",
    tests: bytes("a stream is forwarded event for event, those that nobody knows and signs of life too", "leaves events that nobody knows out, and counts them")
  },
  {
    situation: "a slow provider",
    expected: "the first words reach the client before the last are written",
    tests: bytes("the first words reach the client while the provider still writes")
  }
]

/** Cases in which two ends come in one moment. */
export const races: ReadonlyArray<Situation> = [
  {
    situation: "a client that leaves and a limit that runs out in the same moment",
    expected: "one of them stands, always the first",
    tests: ending(
      "is the first that anybody set: a client that left, though a limit runs out in the same moment",
      "is the first that anybody set: a limit, though the client leaves in the same moment"
    ),
    decided:
      "Others let the client win. Here the one that was noted first stands, whichever it is: what the client is told and what is recorded must not differ."
  }
]
