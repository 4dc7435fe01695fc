/**
 * What must survive of an answer in any crossing: its words, thinking that was not given up by a loss, calls with their
 * arguments and order, why it ended, how many tokens it cost. Ids, dates, annotations and native values are not among them.
 */
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalResponse, Choice } from "@sluice/protocol/CanonicalResponse"
import * as CanonicalUsage from "@sluice/protocol/CanonicalUsage"
import * as Json from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import { explain } from "./Difference.ts"

/** The calls of an answer, arguments as JSON values where they are. */
const calls = (parts: ReadonlyArray<Part>) =>
  parts.flatMap((part) => part.type === "tool-call" ? [{ id: part.id, name: part.name, arguments: Json.parseArguments(part.arguments) ?? part.arguments }] : [])

const words = (parts: ReadonlyArray<Part>, type: "text" | "refusal" | "reasoning"): string => parts.map((part) => part.type === type ? part.text : "").join("")

const partsOf = (choice: Choice): ReadonlyArray<Part> => choice.parts.map(({ part }) => part)

/** The facts of one choice, each under the canonical name its losses have. */
const facts = (choice: Choice) => {
  const parts = partsOf(choice)
  return {
    text: words(parts, "text"),
    refusal: words(parts, "refusal"),
    reasoning: words(parts, "reasoning"),
    calls: calls(parts),
    finish: choice.finish?.reason
  }
}

const tokens = (usage: CanonicalUsage.Usage | undefined) =>
  usage === undefined || CanonicalUsage.isEmpty(usage) ? undefined : { input: CanonicalUsage.inputTotal(usage), output: CanonicalUsage.outputTotal(usage) }

/** Whether a loss explains why a fact changed: losses of answers point into the response. */
const isLost = (losses: ReadonlyArray<Loss>, ...patterns: ReadonlyArray<string>): boolean =>
  losses.some((loss) => patterns.some((pattern) => Pointer.pattern(loss.canonical).startsWith(pattern)))

/** What did not survive and no loss speaks of; nothing when all is well. */
export const compare = (source: CanonicalResponse, received: CanonicalResponse, losses: ReadonlyArray<Loss>): string | undefined => {
  if (source.failure !== undefined) {
    return received.failure === undefined ? "the failure became an answer" : explain("the failure's words", source.failure.message, received.failure.message)
  }
  if (received.failure !== undefined) return `the answer became a failure: ${received.failure.message}`
  const choices = source.choices.filter((choice) => received.choices.some(({ index }) => index === choice.index))
  if (choices.length < source.choices.length && !isLost(losses, "/choices")) return `choices are missing: ${source.choices.length} became ${choices.length}`
  for (const choice of choices) {
    const other = received.choices.find(({ index }) => index === choice.index)
    if (other === undefined) continue
    const before = facts(choice)
    const after = facts(other)
    for (const name of ["text", "refusal", "reasoning", "calls", "finish"] as const) {
      const wrong = explain(`${name} of choice ${choice.index}`, before[name], after[name])
      if (wrong !== undefined && !isLost(losses, ...places[name])) return wrong
    }
  }
  const wrong = explain("usage", tokens(source.usage), tokens(received.usage))
  return wrong !== undefined && !isLost(losses, "/usage") ? wrong : undefined
}

/** Where a loss of the fact would be reported. */
const places = {
  text: ["/choices/*/parts"],
  refusal: ["/choices/*/parts"],
  reasoning: ["/choices/*/parts"],
  calls: ["/choices/*/parts"],
  finish: ["/choices/*/finish"]
} as const
