/**
 * What the encoders of one request share: whether the request came from this dialect, the tool names that had to be changed,
 * and the loss of a whole node. Not used by the codecs of answers.
 */
import * as CallIds from "@sluice/protocol/CallIds"
import { type Crossing, fitName, inside, loseNode, type Place } from "../chat/Crossing.ts"

export { type Crossing, fitName, inside, loseNode, type Place }

/** Ids of calls: at most 64 characters. */
const callIdRule: CallIds.IdRule = { allowed: /[\x21-\x7e]/, maxLength: 64 }

/** A call's id as this dialect accepts it. */
export const fitId = (id: string, place: Place): string => {
  const fit = CallIds.fit(id, callIdRule)
  if (fit !== id) place.sink.add({ at: place.at, canonical: place.canonical, reason: "renamed", weight: "hint", before: id, after: fit })
  return fit
}
