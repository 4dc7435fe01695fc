/**
 * Whether recorded answers cost a client of every other protocol, who reads the usage he is told, what they cost by the provider's own:
 * or a loss says that he cannot know. Every class has a price of its own, so that a token told in another class shows.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Price } from "@sluice/gateway/Prices"
import * as StreamTap from "@sluice/gateway/StreamTap"
import * as PriceBook from "@sluice/ledger/PriceBook"
import { type Frame, frame } from "@sluice/protocol/CanonicalEvent"
import { classes, isEmpty, type Usage } from "@sluice/protocol/CanonicalUsage"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Loss } from "@sluice/protocol/Loss"
import * as Money from "@sluice/protocol/Money"
import { isObject } from "@sluice/protocol/Wire"
import { Option } from "effect"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import * as Fixtures from "../conformance/Fixtures.ts"
import { subjects } from "../conformance/Subjects.ts"
import { type Recording, recordings } from "./Recordings.ts"

if (!Fixtures.isPresent) process.stdout.write(`${Fixtures.notice}\n`)

const dollars = (amount: number) => Money.fromPicos(BigInt(amount) * 1_000_000_000_000n)

const price: Price = {
  rates: {
    input: dollars(2),
    cacheRead: dollars(3),
    cacheWrite5m: dollars(5),
    cacheWrite1h: dollars(7),
    output: dollars(11),
    reasoning: dollars(13),
    audioIn: dollars(17),
    audioOut: dollars(19),
    toolPrompt: dollars(23)
  }
}

const book = PriceBook.make()
const costOf = (usage: Usage): string =>
  Option.match(book.cost({ usage, price, at: 0 }), { onNone: () => "unknown", onSome: ({ amount }) => Money.toDecimal(amount) })

const factsOf = (frames: Recording["frames"]) => {
  const tap = StreamTap.make()
  for (const { events } of frames) tap.observe(events, 1)
  return tap.facts()
}

/** What a client of a protocol is told of the usage, and what is lost on the way. */
const told = (
  { frames, isStream }: Pick<Recording, "frames" | "isStream">,
  client: Dialect
): { readonly usage: Usage; readonly losses: ReadonlyArray<Loss> } => {
  const context = Codec.contextFor(Codec.plainRequest)
  if (isStream) {
    const events = Codec.encodeStream(client, frames, context)
    return { usage: factsOf(Codec.decodeStream(client, events)).usage, losses: context.sink.losses }
  }
  const body = client.response.encode(frames, context)
  return { usage: isObject(body) ? factsOf([client.response.decode(Codec.transmit(body))]).usage : {}, losses: context.sink.losses }
}

const isOfUsage = ({ canonical }: Loss): boolean => canonical.startsWith("/usage")

/** An answer of a few words with this usage. */
const answerWith = (usage: Usage): ReadonlyArray<Frame> => [
  frame({ type: "start", id: "answer-1", model: "m" }),
  frame({ type: "block-start", choice: 0, index: 0, kind: "text" }),
  frame({ type: "text-delta", choice: 0, index: 0, text: "Hello" }),
  frame({ type: "block-end", choice: 0, index: 0 }),
  frame({ type: "finish", choice: 0, reason: "stop" }),
  frame({ type: "usage", usage }),
  frame({ type: "end" })
]

/** Every combination of classes, with other counts in each. */
const combinations = Array.from(
  { length: 2 ** classes.length - 1 },
  (_, bits): Usage => Object.fromEntries(classes.flatMap((name, at) => (bits + 1) & (1 << at) ? [[name, 100 + 10 * at + (bits % 7)]] : []))
)

describe("usage of every combination of classes", () => {
  for (const { dialect: client } of subjects) {
    it(`costs a client of ${client.id} the same, or is reported as lost`, () => {
      const wrong = [true, false].flatMap((isStream) =>
        combinations.flatMap((usage) => {
          const { losses, usage: theirs } = told({ frames: answerWith(usage), isStream }, client)
          return costOf(theirs) === costOf(usage) || losses.some(isOfUsage) ? [] : [`${JSON.stringify(usage)} becomes ${JSON.stringify(theirs)}`]
        })
      )
      assert.isEmpty(wrong, `${wrong.length}:\n${wrong.slice(0, 10).join("\n")}`)
    })
  }
})

describe("the usage that clients are told", () => {
  const all = recordings().filter(({ frames, protocol }) => protocol !== "embeddings" && factsOf(frames).failure === undefined)
  const counts = { same: 0, lost: 0 }

  for (const { dialect: client } of subjects) {
    it(`costs a client of ${client.id} what the provider's own costs, or is reported as lost`, () => {
      const wrong = all.filter(({ dialect }) => dialect.id !== client.id).flatMap((recording) => {
        const before = factsOf(recording.frames).usage
        if (isEmpty(before)) return []
        const { losses, usage } = told(recording, client)
        const [own, theirs] = [costOf(before), costOf(usage)]
        if (own === theirs) counts.same++
        else if (losses.some(isOfUsage)) counts.lost++
        return own === theirs || losses.some(isOfUsage)
          ? []
          : [`${recording.id}: ${theirs} and not ${own}, of ${JSON.stringify(usage)} and not ${JSON.stringify(before)}`]
      })
      assert.isEmpty(wrong, `${wrong.length}:\n${wrong.slice(0, 20).join("\n")}`)
    })
  }

  it("was there to be compared", () => {
    if (!Fixtures.isPresent) return
    process.stdout.write(`usage across protocols: ${counts.same} answers cost the same to another protocol's client, ${counts.lost} report a loss of usage\n`)
    assert.isAbove(counts.same, 2500)
  })
})
