/** Edge cases of what is sent where, who refuses, and what is settled. */
import type { Situation } from "./EdgeCase.ts"
import { races } from "./ExchangeStreams.ts"
import { inFile } from "./NamedTests.ts"

const outcomes = inFile("test/exchanges/Outcomes.test.ts")
const bytes = inFile("test/exchanges/Bytes.test.ts")
const refusals = inFile("test/exchanges/Refusals.test.ts")
const settlement = inFile("test/exchanges/Settlement.test.ts")
const badInput = inFile("test/end-to-end/BadInput.test.ts")
const streaming = inFile("test/end-to-end/Streaming.test.ts")
const disconnect = inFile("test/end-to-end/Disconnect.test.ts")
const metrics = inFile("test/end-to-end/Metrics.test.ts")
const retries = inFile("packages/gateway/test/RetryPolicy.test.ts")
const outage = inFile("test/scheduling/Outage.test.ts")
const cooling = inFile("test/scheduling/Cooling.test.ts")
const routed = inFile("test/scheduling/Routing.test.ts")
const verdict = inFile("packages/gateway/test/Verdict.test.ts")
const sealed = inFile("packages/gateway/test/SealedParts.test.ts")
const continuity = inFile("packages/gateway/test/Continuity.test.ts")
const httpProvider = inFile("packages/gateway/test/HttpProvider.test.ts")
const rules = inFile("apps/server/test/config/Rules.test.ts")
const serve = inFile("apps/server/test/commands/Serve.test.ts")
const store = inFile("packages/ledger/test/Store.test.ts")
const writer = inFile("packages/ledger/test/Writer.test.ts")
const ledger = inFile("packages/ledger/test/contract.ts")
const crash = inFile("test/end-to-end/Crash.test.ts")
const chatToResponses = inFile("test/crossings/ChatToResponses.test.ts")
const messagesToGemini = inFile("test/crossings/MessagesCallsToGemini.test.ts")
const stops = inFile("test/crossings/StopReasons.test.ts")
const laws = inFile("test/end-to-end/Lanes.test.ts")
const limits = inFile("test/limits/Limits.test.ts")
const enforcement = inFile("packages/gateway/test/Limits.test.ts")
const limitStores = inFile("packages/gateway/test/limits/Stores.test.ts")
const bodyCapture = inFile("packages/gateway/test/bodies/BodyCapture.test.ts")
const priceBook = inFile("packages/ledger/test/PriceBook.test.ts")
const builtIns = inFile("test/builtins/Rules.test.ts")
const admin = inFile("apps/server/test/admin/Access.test.ts")
const delivery = inFile("packages/gateway/test/UsageDelivery.test.ts")
const sinks = inFile("test/usage/Sinks.test.ts")
const replay = inFile("test/idempotency/Replay.test.ts")

const cache = inFile("packages/gateway/test/extensions/ResponseCache.test.ts")
const cached = inFile("test/builtins/ResponseCache.test.ts")

/** Codecs and the two lanes. */
export const lanes: ReadonlyArray<Situation> = [
  {
    situation: "a secret in a field that no protocol knows",
    expected: "whoever guards requests sees it",
    tests: refusals("by a guard sees what no protocol knows, and sends nothing")
  },
  {
    situation: "a limit of output tokens above what a model may write",
    expected: "clamped downwards only",
    tests: builtIns("lower the number of output tokens, never raise it, and say so"),
    decided: "Where `extensions.maxTokens` says so; otherwise what the client asks for is sent, and the provider refuses what is too much."
  },
  {
    situation: "a body that is no JSON object",
    expected: "400, and nothing is sent",
    tests: [...refusals("of a body that is no JSON object comes before anything is sent"), ...badInput("${bad.path}: ${bad.name}")]
  },
  {
    situation: "an alias inside one protocol",
    expected: "only the name of the model is replaced, every other byte stays",
    tests: bytes("an alias is replaced in the request and every other byte stays, and the answer's model is the provider's own")
  },
  {
    situation: "a stream inside one protocol; a refusal with a time to wait",
    expected: "event for event; the message and the time are kept",
    tests: [
      ...bytes(
        "a stream is forwarded event for event, those that nobody knows and signs of life too",
        "a refusal keeps the provider's message and how long to wait"
      ),
      ...laws("mean the same for every scenario of ${upstream}")
    ],
    decided:
      "The body of a refusal is the gateway's own in the client's protocol, with the provider's message and type, so that what must not be shown is never forwarded."
  },
  {
    situation: "an alias, in the request and in the reply",
    expected: "the provider is asked for its own model; the reply's model is a documented choice",
    tests: bytes("an alias is replaced in the request and every other byte stays, and the answer's model is the provider's own"),
    decided: "The reply names the model that answered, not the alias."
  },
  {
    situation: "signatures of thinking that a client strips from its history",
    expected: "they are given back, within one conversation only",
    tests: [
      ...sealed(
        "comes back before the call it led to",
        "takes the place of the same thought without proof",
        "to a conversation in which the user said something else"
      ),
      ...continuity("finds an answer under each of its keys, in its scope only")
    ]
  },
  {
    situation: "content of a kind that nobody knows",
    expected: "refused with its place; left out and reported where the model's entry is lenient",
    tests: refusals(
      "of content that the provider's protocol has no place for names where it stands",
      "is none where the model's entry is lenient: the content is left out, and the reply says so"
    )
  },
  {
    situation: "an answer stopped by a filter or a refusal",
    expected: "no plain stop in any protocol",
    tests: stops(
      "is no plain stop: ${what}, for a client of ${client}",
      "in words of its own keeps them where a protocol has a place for them"
    )
  },
  {
    situation: "a result of a tool without its call",
    expected: "no crash; whoever refuses it says so",
    tests: [
      ...chatToResponses("with an id used twice in one answer, a second result for a call and a result for no call passes all of them on"),
      ...messagesToGemini("whose call is nowhere is named by a word that stands for it, which is reported, and not by guessing from its id")
    ],
    decided: "It is passed on, because some providers take it; one that does not refuses it in its own words, which reach the client as 400."
  }
]

/** Routing, tries, errors. */
export const routing: ReadonlyArray<Situation> = [
  {
    situation: "failures that pass and failures that stay",
    expected: "tried again until the tries are used up, as long as asked for, with growing waits; never a request at fault, never in mid-stream",
    tests: [
      ...retries(
        "tries the same target again while its class allows it and tries are left, then another one",
        "never repeats a request that is at fault",
        "waits as long as the provider asks, at most 30 s, and not beyond the deadline",
        "keeps the jittered delay between 0.2 and 2 seconds"
      ),
      ...streaming("is tried again before the commit when ${upstream} fails once", "is never tried again after the commit, upstream ${upstream}"),
      ...outage(
        "at most 1.1 upstream calls are made for each of 200 requests, ${concurrency} at a time, ${breaker ? \"with\" : \"without\"} breakers",
        "no request fails for it, however many come at once and although no breaker leaves it out"
      ),
      ...routed("is one for all attempts, that of the provider the plan begins with")
    ]
  },
  {
    situation: "a first target that is busy, a second that serves",
    expected: "the record names the second, and counts both tries",
    tests: [
      ...refusals("by a target that is busy is answered by the next, which the record names, with every attempt counted"),
      ...streaming("falls back to a target of another protocol")
    ]
  },
  {
    situation: "400 and 401 from the first target",
    expected: "not taken to the second",
    tests: [
      ...refusals("of the request itself is not taken to another target", "of our own key is not taken to another target, and is not shown"),
      ...cooling("is renewed once and asked again", "is not renewed a second time, and rests where that did not help; another one serves"),
      ...routed("tries the next credential after an error that is nobody's fault by itself")
    ],
    decided:
      "A provider's only key that is refused is told to the client: to go elsewhere would hide that it no longer works. One of several rests, which its status and the metrics show, and the next one is asked. Operators may say otherwise by rules for errors."
  },
  {
    situation: "errors of the provider, by status",
    expected: "its own faults are 502, too slow is 504, too busy stays 429, the request's faults stay",
    tests: refusals("of ${model} is ${status} to the client, in the client's own protocol")
  },
  {
    situation: "504 and 429 of the provider",
    expected: "told apart from other failures, in the status and in the record",
    tests: refusals("of ${model} is ${status} to the client, in the client's own protocol")
  },
  ...races,
  {
    situation: "a provider that does not exist or has no key; a body nobody can read",
    expected: "refused before anything is sent",
    tests: [
      ...httpProvider("fails before connecting when the key is missing, naming the provider and what to set"),
      ...rules("are refused as the registry refuses them, at their place in the file"),
      ...refusals("of a body that is no JSON object comes before anything is sent")
    ]
  },
  {
    situation: "a model that no entry matches",
    expected: "denied; nothing is sent and nothing charged",
    tests: refusals("of a model that no entry matches sends and charges nothing")
  },
  {
    situation: "a key that may not use a model; metrics without a token",
    expected: "403; 401",
    tests: [
      ...serve(
        "asks for a key in mode keys, and holds each key to its models",
        "makes an admin token where none is configured, and guards the metrics with it"
      ),
      ...admin("refuses every stranger on every path in the same words")
    ]
  }
]

/** Settling, and what is not there yet. */
export const settling: ReadonlyArray<Situation> = [
  {
    situation: "the end of an answer and a client that leaves, in a race",
    expected: "one settlement",
    tests: [
      ...disconnect("closes the upstream and leaves exactly one entry"),
      ...ledger("keeps the first of two settlements, and ignores what comes after it"),
      ...verdict("stays Completed where the client or the connection left after the last finish")
    ]
  },
  {
    situation: "a ledger that fails while settling",
    expected: "nothing is half done; what stays open is closed later",
    tests: [
      ...store("stores all rows of a group or none", "files what a crash left open as abandoned, with what is known of its usage"),
      ...settlement("a ledger that does not take an opening lets nothing go upstream"),
      ...crash("a killed server loses no request that reached its upstream")
    ]
  },
  {
    situation: "a cancelled answer with and without words",
    expected: "partial words are kept only where there are any",
    tests: [],
    decided: "Not part of the gateway yet: chats that keep the words of an answer. Until then the ledger keeps counts and no words."
  },
  {
    situation: "settling more than was reserved, by estimate, or nothing",
    expected: "capped; never above the reserve; released",
    tests: [
      ...limits("give back the tokens that were reserved and not used"),
      ...enforcement("count tokens beyond the reservation from when they are known, and tell of them"),
      ...verdict("is Empty where the upstream said nothing, and releases the usage")
    ],
    decided: "What was used beyond the reservation counts in full and is told in the metrics: a limit that forgets it lets the same through again."
  },
  {
    situation: "a better model that is switched off or used up",
    expected: "never a more expensive one; a cheaper one where it is allowed",
    tests: [
      ...limits("hold for the models they name"),
      ...routed("sends requests on by ${what}, and keeps the others", "that names a class of errors is tried after those, and after nothing else"),
      ...cooling("of a provider that was taken out is 503 too, until it is let back in")
    ],
    decided:
      "Limits may name models, and one that is used up is refused. What is sent in a model's place is what its entry says: its routes, its targets and its fallbacks, each with conditions. Nothing goes to a dearer model by itself."
  },
  {
    situation: "a second window of a limit that denies",
    expected: "what the first one counted is given back",
    tests: limitStores("follows the worked example: one full budget refuses all, and what was not used is free again")
  },
  {
    situation: "every way an exchange can end, and what it costs",
    expected: "one table, row by row; what nobody knows is told as unknown",
    tests: verdict(
      "is Defect where the gateway itself broke, whatever else happened",
      "is Denied by whoever refused, and releases the usage",
      "is Completed where every choice finished and usage was reported",
      "is Incomplete with its reason where the model had to stop",
      "is Truncated where the stream ended without its stop event",
      "is UpstreamFailed where the plan ran out before the commit; an attempt that waited in vain costs its prompt",
      "is the larger of what was stated and what was streamed"
    ),
    decided: "Not part of the gateway yet: alarms. An unknown failure has a class of its own in the ledger and in the metrics, on which one can be set."
  },
  {
    situation: "credits, rounded and too large",
    expected: "whole numbers, rounded up part by part; too much is an error",
    tests: [
      ...limitStores("adds amounts exactly, up to the greatest there are"),
      ...priceBook("rounds a sum once, to the nearest pico-dollar", "survives counts that are no counts")
    ],
    decided: "Prices and costs are whole pico-dollars, rounded once for a request instead of once for each part; sums are whole nano-dollars, rounded up."
  },
  {
    situation: "the same request again under one idempotency key",
    expected: "replayed without a charge, or refused while it runs",
    tests: replay("gives the first answer again, and the ledger says so", "is refused with a time to come back while it is worked on for too long")
  },
  {
    situation: "closing what was left open while its owner comes back or has ended it",
    expected: "nothing happens to what goes on or has ended",
    tests: [
      ...store("leaves open exchanges alone when only the thread is new", "comes to the same rows in whatever order, and however often, writes arrive"),
      ...ledger("keeps the first of two settlements, and ignores what comes after it")
    ]
  },
  {
    situation: "records that are handed on: failures that pass, failures that stay, the whole way",
    expected: "tried again; set aside; delivered",
    tests: [
      ...delivery(
        "a sink that fails for now is given the same again, ever more slowly, and nothing is lost",
        "a record that is refused for good is left out, and those beside it are delivered"
      ),
      ...sinks("every exchange reaches the sink once, with what it used and what was tried, and those of after a restart too"),
      ...writer(
        "has spilled rows replayed when the database takes writes again, one file at a time, until it worked",
        "tells only the writer of a row that can never be stored",
        "sends a settlement by itself when no opening comes"
      )
    ]
  },
  {
    situation: "two hundred requests at once against a budget for ten",
    expected: "at most ten are let in",
    tests: [
      ...limits("let at most ten of two hundred at once spend a budget that is worth ten"),
      ...limitStores("lets at most ten of two hundred at once hold what is enough for ten")
    ]
  },
  {
    situation: "an answer with and without tokens, in the metrics",
    expected: "counted once; without tokens nothing is charged",
    tests: [
      ...metrics("count exchanges by outcome, attempts by result, and tokens by class"),
      ...outcomes("that is empty is told as one, and costs nothing")
    ]
  },
  {
    situation: "the same body from two callers, and at the same time",
    expected: "no answer crosses; a hit is recorded; one call upstream",
    tests: [
      ...cache("never gives anybody what somebody else was told", "asks once for a hundred requests at the same time, and gives all others its answer"),
      ...cached("is each key's own", "is told in the ledger, with what it saved and without tokens", "asks once for a hundred requests at the same time"),
      ...replay("is the caller's own: another key of the gateway never gets its answer")
    ]
  },
  {
    situation: "bodies of a megabyte in the record",
    expected: "head and tail are kept, the digest is of the whole, cuts are counted and never inside a character",
    tests: bodyCapture(
      "has its length and digest, and nothing else unless wanted",
      "is kept whole up to a mebibyte, however it came",
      "is kept at both ends beyond that"
    )
  },
  {
    situation: "the same id opened twice at once",
    expected: "one row",
    tests: [
      ...ledger("opens an exchange once, however often it is told to"),
      ...store("comes to the same rows in whatever order, and however often, writes arrive")
    ]
  }
]
