/** A loss as a person reads it: its place in the client's body, what was done, how much it weighs, its canonical name. */
import type { Loss } from "@sluice/protocol/Loss"

/** The cells of one loss. */
export const lossRow = (loss: Loss): ReadonlyArray<string> => [
  loss.at === "" ? "(not in the body)" : loss.at,
  `${loss.reason}${loss.after === undefined ? "" : ` to ${JSON.stringify(loss.after)}`}`,
  loss.weight === "meaning" ? "changes the meaning" : "a hint",
  loss.canonical
]
