/** What providers say an answer cost, read by hand. */
import * as Money from "@sluice/protocol/Money"
import { Option } from "effect"
import { type Loose, number } from "../conformance/RawFacts.ts"
import type { Stated } from "./RawUsage.ts"

/** A number as the decimal text it stands for: no provider states more places. */
const decimal = (value: number): string => value.toFixed(12).replace(/\.?0+$/, "")

/** Dollars of a usage object: a number, or the sum of a list. */
const ofUsage = (usage: Loose): number | undefined => number(usage["cost"]) ?? number(usage["cost"]?.["total_cost"])

const dollars = ({ bill, raw }: Stated): number | undefined => {
  // xAI counts in ten-billionths of a dollar; GitHub in billionths of a credit, which is a cent
  const [ticks, credits] = [number(raw["cost_in_usd_ticks"]), number(bill?.["total_nano_aiu"])]
  return ofUsage(raw) ?? (ticks ? ticks / 1e10 : credits === undefined ? undefined : credits / 1e11)
}

/** The stated cost; undefined where there is none. */
export const of = (stated: Stated): Money.Money | undefined => {
  const stating = dollars(stated)
  return stating === undefined ? undefined : Option.getOrUndefined(Money.fromDecimal(decimal(stating)))
}
