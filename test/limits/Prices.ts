/** Prices for tests: a dollar for every request, whatever it is; nothing is known of models named `unpriced`. */
import { Prices } from "@sluice/gateway/Prices"
import * as Money from "@sluice/protocol/Money"
import { Layer, Option } from "effect"

const dollar = Money.fromNanos(1_000_000_000n)

const isKnown = (model: string | undefined): boolean => model?.includes("unpriced") !== true

/** The layer. */
export const layer = Layer.succeed(Prices, {
  cost: ({ upstreamModel }) => isKnown(upstreamModel) ? Option.some({ amount: dollar, model: "any", version: "test", assumed: [] }) : Option.none(),
  bound: ({ upstreamModel }) => isKnown(upstreamModel) ? Option.some(dollar) : Option.none()
})
