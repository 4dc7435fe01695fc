/** Law 3: both modes mean the same. Collecting what was unfolded gives the same answer, and a stream folds into its body. */
import * as Collect from "@sluice/protocol/Collect"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as CanonicalForm from "../CanonicalForm.ts"
import * as AnswerFacts from "./AnswerFacts.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Law from "./Law.ts"
import type { LawOptions } from "./Options.ts"

/** The law for the canonical model alone. */
export const canonicalLaw: Law.Law = Law.make(
  "3",
  "collecting what was unfolded gives the same answer",
  Draw.arbitrary((draw) => Collect.collect(Events.events(draw, elsewhere, { choices: 3, ending: "either" }))),
  (response) => explain("the answer", Equality.bare(response), Equality.bare(Collect.collect(Collect.unfold(response))))
)

/** The law for one dialect. */
export const laws = (dialect: Dialect, { vocabulary = elsewhere }: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "3",
    `a stream folds into the body of the same answer, ${dialect.id}`,
    Draw.arbitrary((draw) => Events.events(draw, vocabulary, { choices: 3 })),
    (events) => {
      const [streamed, buffered] = [Codec.contextFor(Codec.plainRequest), Codec.contextFor(Codec.plainRequest)]
      const body = Collect.collectFrames([dialect.response.decode(Codec.transmit(dialect.response.encode([{ events }], buffered)))])
      const stream = Collect.collectFrames(Codec.decodeStream(dialect, Codec.encodeStream(dialect, events.map((event) => ({ events: [event] })), streamed)))
      const differs = explain("the fold of the stream", CanonicalForm.ofResponse(body), CanonicalForm.ofResponse(stream))
      if (differs === undefined || buffered.sink.losses.length + streamed.sink.losses.length === 0) return differs
      // Where one mode had to give something up, each still says all but that.
      const source = Collect.collect(events)
      return Law.first(AnswerFacts.compare(source, body, buffered.sink.losses), AnswerFacts.compare(source, stream, streamed.sink.losses))
    }
  )
]
