/**
 * What must survive of an answer in any crossing: its words, thinking that was not given up by a loss, calls with their
 * arguments and order, why it ended, how many tokens it cost. Ids, dates, annotations and native values are not among them.
 */
import type { FinishReason } from "@sluice/protocol/CanonicalFinish"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalResponse, Choice } from "@sluice/protocol/CanonicalResponse"
import * as CanonicalUsage from "@sluice/protocol/CanonicalUsage"
import { clientMessage } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import { explain } from "./Difference.ts"

/** The calls of an answer, arguments as JSON values where they are; ids that a protocol refuses change, but no two become one. */
const calls = (parts: ReadonlyArray<Part>) => {
  const made = parts.flatMap((part) => part.type === "tool-call" ? [part] : [])
  return made.map((part) => ({
    number: made.findIndex(({ id }) => id === part.id),
    name: part.name,
    arguments: Json.parseArguments(part.arguments) ?? part.arguments
  }))
}

const texts = (parts: ReadonlyArray<Part>, ...types: ReadonlyArray<Part["type"]>): string =>
  parts.map((part) => (part.type === "text" || part.type === "refusal") && types.includes(part.type) ? part.text : "").join("")

/** Words to the user: a protocol may keep refusals apart from text, which loses their order, or say them as text, in order. */
const wordsDiffer = (before: ReadonlyArray<Part>, after: ReadonlyArray<Part>): string | undefined => {
  const apart = (parts: ReadonlyArray<Part>): string => texts(parts, "text") + texts(parts, "refusal")
  return apart(before) === apart(after) ? undefined : explain("the words", texts(before, "text", "refusal"), texts(after, "text", "refusal"))
}

const thinking = (parts: ReadonlyArray<Part>): string => parts.map((part) => part.type === "reasoning" ? part.text : "").join("")

const partsOf = (choice: Choice): ReadonlyArray<Part> => choice.parts.map(({ part }) => part)

/** Some protocols end calls as they end text: with calls, a plain stop is a stop for calls. */
const reasonOf = (choice: Choice, parts: ReadonlyArray<Part>): FinishReason | undefined =>
  choice.finish?.reason === "stop" && parts.some((part) => part.type === "tool-call") ? "tool-calls" : choice.finish?.reason

/** The facts of one choice, each under the canonical name its losses have. */
const facts = (choice: Choice) => {
  const parts = partsOf(choice)
  return {
    reasoning: thinking(parts),
    calls: calls(parts),
    finish: reasonOf(choice, parts)
  }
}

/** Totals; a protocol that must state tokens states zero where nothing is known. */
const tokens = (usage: CanonicalUsage.Usage = {}) => ({ input: CanonicalUsage.inputTotal(usage), output: CanonicalUsage.outputTotal(usage) })

/** Whether a loss explains why a fact changed: losses of answers point into the response. */
const isLost = (losses: ReadonlyArray<Loss>, place: string): boolean => losses.some((loss) => Pointer.pattern(loss.canonical).startsWith(place))

/** What did not survive and no loss speaks of; nothing when all is well. */
export const compare = (source: CanonicalResponse, received: CanonicalResponse, losses: ReadonlyArray<Loss>): string | undefined => {
  if (source.failure !== undefined) {
    return received.failure === undefined
      ? "the failure became an answer"
      : explain("the failure's words", clientMessage(source.failure), received.failure.message)
  }
  if (received.failure !== undefined) return `the answer became a failure: ${received.failure.message}`
  const choices = source.choices.filter((choice) => received.choices.some(({ index }) => index === choice.index))
  if (choices.length < source.choices.length && !isLost(losses, "/choices")) return `choices are missing: ${source.choices.length} became ${choices.length}`
  for (const choice of choices) {
    const other = received.choices.find(({ index }) => index === choice.index)
    if (other === undefined) continue
    const before = facts(choice)
    const after = facts(other)
    const wrong = wordsDiffer(partsOf(choice), partsOf(other))
    if (wrong !== undefined && !isLost(losses, places.words)) return wrong
    for (const name of ["reasoning", "calls", "finish"] as const) {
      const wrong = explain(`${name} of choice ${choice.index}`, before[name], after[name])
      if (wrong !== undefined && !isLost(losses, places[name])) return wrong
    }
  }
  const wrong = explain("usage", tokens(source.usage), tokens(received.usage))
  return wrong !== undefined && !isLost(losses, "/usage") ? wrong : undefined
}

/** Where a loss of the fact would be reported. */
const places = {
  words: "/choices/*/parts",
  reasoning: "/choices/*/parts",
  calls: "/choices/*/parts",
  finish: "/choices/*/finish"
} as const
