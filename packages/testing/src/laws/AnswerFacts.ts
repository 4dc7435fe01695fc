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
import * as Law from "./Law.ts"

/** What is reported of one choice: the losses of its parts by the part's place, and of its end. */
interface Reported {
  readonly isDropped: (part: number) => boolean
  /** Whether something of a part was changed: `arguments`, `name`. */
  readonly isChanged: (part: number, field: string) => boolean
  readonly isFinishLost: boolean
}

const reportedOf = (losses: ReadonlyArray<Loss>, choice: number): Reported => {
  const own = losses.map((loss) => ({ loss, steps: Pointer.steps(loss.canonical) })).filter(({ steps }) =>
    steps[0] === "choices" && steps[1] === String(choice)
  )
  const ofPart = (part: number) => own.filter(({ steps }) => steps[2] === "parts" && steps[3] === String(part))
  return {
    isDropped: (part) => ofPart(part).some(({ loss, steps }) => loss.reason === "dropped" && steps.length === 4),
    isChanged: (part, field) => ofPart(part).some(({ steps }) => steps[4] === field),
    isFinishLost: own.some(({ steps }) => steps[2] === "finish")
  }
}

/**
 * The calls of an answer, arguments as JSON values where they are; ids that a protocol refuses change, but no two become one.
 * What a loss says was changed is left open, in both the source and what was received of it.
 */
const callsDiffer = (before: ReadonlyArray<Part>, after: ReadonlyArray<Part>, isChanged: (call: number, field: string) => boolean): string | undefined => {
  const facts = (parts: ReadonlyArray<Part>) => {
    const made = parts.flatMap((part) => part.type === "tool-call" ? [part] : [])
    return made.map((part, index) => ({
      number: made.findIndex(({ id }) => id === part.id),
      name: isChanged(index, "name") ? "changed" : part.name,
      arguments: isChanged(index, "arguments") ? "changed" : Json.parseArguments(part.arguments) ?? part.arguments
    }))
  }
  return explain("the calls", facts(before), facts(after))
}

const texts = (parts: ReadonlyArray<Part>, ...types: ReadonlyArray<Part["type"]>): string =>
  parts.map((part) => (part.type === "text" || part.type === "refusal") && types.includes(part.type) ? part.text : "").join("")

/** Words to the user: a protocol may keep refusals apart from text, which loses their order, or say them as text, in order. */
const wordsDiffer = (before: ReadonlyArray<Part>, after: ReadonlyArray<Part>): string | undefined => {
  const inOrder = explain("the words", texts(before, "text", "refusal"), texts(after, "text", "refusal"))
  const apart = (parts: ReadonlyArray<Part>): string => texts(parts, "text") + texts(parts, "refusal")
  return apart(before) === apart(after) ? undefined : inOrder
}

const thinking = (parts: ReadonlyArray<Part>): string => parts.map((part) => part.type === "reasoning" ? part.text : "").join("")

const partsOf = (choice: Choice): ReadonlyArray<Part> => choice.parts.map(({ part }) => part)

/** Some protocols end calls as they end text: with calls, a plain stop is a stop for calls. */
const reasonOf = (choice: Choice, parts: ReadonlyArray<Part>): FinishReason | undefined =>
  choice.finish?.reason === "stop" && parts.some((part) => part.type === "tool-call") ? "tool-calls" : choice.finish?.reason

const choiceDiffers = (source: Choice, received: Choice, reported: Reported): string | undefined => {
  const kept = partsOf(source).map((part, index) => ({ part, index })).filter(({ index }) => !reported.isDropped(index))
  const before = kept.map(({ part }) => part)
  const after = partsOf(received)
  const places = kept.flatMap(({ part, index }) => part.type === "tool-call" ? [index] : [])
  return Law.first(
    wordsDiffer(before, after),
    explain("the thinking", thinking(before), thinking(after)),
    callsDiffer(before, after, (call, field) => reported.isChanged(places[call] ?? -1, field)),
    reported.isFinishLost ? undefined : explain("the finish", reasonOf(source, before), reasonOf(received, after))
  )
}

/** Totals; a protocol that must state tokens states zero where nothing is known. */
const tokens = (usage: CanonicalUsage.Usage = {}) => ({ input: CanonicalUsage.inputTotal(usage), output: CanonicalUsage.outputTotal(usage) })

/** What did not survive and no loss speaks of; nothing when all is well. */
export const compare = (source: CanonicalResponse, received: CanonicalResponse, losses: ReadonlyArray<Loss>): string | undefined => {
  if (source.failure !== undefined) {
    return received.failure === undefined
      ? "the failure became an answer"
      : explain("the failure's words", clientMessage(source.failure), received.failure.message)
  }
  if (received.failure !== undefined) return `the answer became a failure: ${received.failure.message}`
  for (const choice of source.choices) {
    const other = received.choices.find(({ index }) => index === choice.index)
    if (other === undefined && !losses.some((loss) => loss.canonical === Pointer.child("", "choices", choice.index))) return `choice ${choice.index} is missing`
    const wrong = other === undefined ? undefined : choiceDiffers(choice, other, reportedOf(losses, choice.index))
    if (wrong !== undefined) return `choice ${choice.index}: ${wrong}`
  }
  const isUsageLost = losses.some((loss) => loss.canonical === "/usage" || loss.canonical.startsWith("/usage/"))
  return isUsageLost ? undefined : explain("usage", tokens(source.usage), tokens(received.usage))
}
