/** Law 5: however the bytes of a stream are cut, inside characters and line ends too, the frames are the same. */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import * as Sse from "@sluice/protocol/Sse"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Disturbance from "./Disturbance.ts"
import * as Law from "./Law.ts"
import type { LawOptions } from "./Options.ts"

const lineEnds = ["\n", "\r\n", "\r"] as const

/** What differs when the bytes arrive in these pieces; nothing when the law holds. */
export const chunking = (dialect: Dialect, bytes: Uint8Array, shares: ReadonlyArray<number>, split = Codec.splitBytes): string | undefined => {
  const frames = (chunks: ReadonlyArray<Uint8Array>) => Codec.decodeStream(dialect, split(chunks)).map(({ events }) => Equality.bare(events))
  return explain("the frames of cut bytes", frames([bytes]), frames(Disturbance.cutBytes(bytes, shares)))
}

/** The law for one dialect. */
export const laws = (dialect: Dialect, { vocabulary = elsewhere, split }: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "5",
    `cuts do not matter, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      lineEnd: draw.pick(lineEnds),
      shares: Disturbance.cuts(draw, 8),
      frames: Events.frames(draw, Events.events(draw, vocabulary, { choices: 2, ending: "either" }))
    })),
    ({ frames, shares, lineEnd }) => {
      const text = Sse.writeAll(Codec.encodeStream(dialect, frames, Codec.contextFor(Codec.plainRequest)))
      return chunking(dialect, new TextEncoder().encode(text.replaceAll("\n", lineEnd)), shares, split)
    }
  )
]
