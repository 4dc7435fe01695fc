/** An explanation as a person reads it. The same facts as data are what `explain --json` prints. */
import { parse } from "@sluice/protocol/Json"
import { Result } from "effect"
import { columns } from "../Columns.ts"
import { lossRow } from "../LossRow.ts"
import type { Explanation, Refusal, Target } from "./Explanation.ts"

/** The text of an explanation. */
export const toText = (explanation: Explanation): string =>
  [
    ...columns([
      ["request", [explanation.from, named(explanation.model), explanation.stream === true ? "streamed" : "buffered"].filter((part) => part !== "").join(", ")],
      ...(explanation.route === undefined ? [] : [["route", route(explanation.route)]])
    ]),
    ...explanation.targets.flatMap((target, index) => ["", ...targetLines(target, index + 1)]),
    "",
    explanation.refusal === undefined ? "The request would be sent." : `The request would be refused: ${refusal(explanation.refusal)}`
  ].join("\n")

const named = (model: string | undefined): string => model === undefined ? "" : `model ${JSON.stringify(model)}`

const orders = { turn: "another target goes first for each request", listed: "the targets go in the order they are listed in" }

const route = ({ aliasOf, forced, id, order, prefix, star }: NonNullable<Explanation["route"]>): string => {
  const facts = [
    star === undefined ? "" : `* is ${JSON.stringify(star)}`,
    aliasOf === undefined ? "" : `${aliasOf.length === 1 ? "alias of" : "pool of"} ${aliasOf.join(", ")}`,
    prefix === undefined ? "" : `${prefix.model} at ${prefix.provider} alone, whose prefix is ${prefix.prefix}`,
    order === undefined ? "" : orders[order],
    forced === true ? "the answer names the model as the client does" : ""
  ].filter((fact) => fact !== "")
  return facts.length === 0 ? id : `${id} (${facts.join("; ")})`
}

const refusal = ({ class: kind, message, param, status }: Refusal): string =>
  `${status} ${kind}: ${message}${param === undefined || param === "" ? "" : ` (at ${param})`}`

const price = (price: Target["price"]): string =>
  price === "unknown"
    ? "unknown: neither published nor configured"
    : `$${price.promptUsd} for the prompt, $${price.atMostUsd} at most (${price.version})`

const targetLines = (target: Target, number: number): ReadonlyArray<string> => {
  const facts = [
    ["speaks", target.dialect],
    ["lane", target.lane === "bytes" ? "bytes: the client's own text goes on" : "typed: written anew in the target's words"],
    ...(target.share === undefined ? [] : [["share", `${Math.round(target.share * 1000) / 10} % of the first tries of ${target.entry}`]]),
    ["fidelity", target.fidelity],
    ["url", target.url ?? "the simulated provider"],
    ["price", price(target.price)],
    ["losses", target.losses.length === 0 ? "none" : `${target.losses.length}`]
  ]
  return [
    `${number}. ${target.provider} → ${target.model}`,
    ...columns(facts).map((line) => `   ${line}`),
    ...columns(target.losses.map(lossRow)).map((line) => `     ${line}`),
    target.refusal === undefined ? "   would be sent:" : `   skipped: ${target.refusal.message}\n   would have been sent:`,
    ...bodyText(target).split("\n").map((line) => `     ${line}`)
  ]
}

/** The client's own text is shown to the letter; what the gateway writes is shown so that it can be read. */
const bodyText = ({ lane, text }: Target): string =>
  lane === "bytes" ? text.trim() : Result.match(parse(text), { onFailure: () => text, onSuccess: (body) => JSON.stringify(body, null, 2) })
