/**
 * The scenario of every model name the simulator does not know: behave like a sensible model. Calls the offered
 * tools once, answers tool results by quoting them, satisfies a response schema, counts images, else quotes the
 * user. Keeps to max tokens and stop sequences as a real service does.
 */
import { callSteps, type Context, ending, plannedCall, reasoningSteps, sampleThought, textSteps } from "./Content.ts"
import type { Facts, OfferedTool } from "./Facts.ts"
import { sampleValue } from "./SampleValue.ts"
import type { FinishReason, Step } from "./Script.ts"

/** The tools `auto` calls for these facts; none when it answers with text. */
export const chosenTools = (facts: Facts): ReadonlyArray<OfferedTool> => {
  const choice = facts.toolChoice
  if (choice === "none" || facts.tools.length === 0) return []
  if (typeof choice === "object") return facts.tools.filter((tool) => tool.name === choice.name).slice(0, 1)
  if (facts.lastIsToolResult && choice !== "required") return []
  const distinct = facts.tools.filter((tool, index) => facts.tools.findIndex((other) => other.name === tool.name) === index)
  return distinct.slice(0, facts.parallelTools ? 2 : 1)
}

/** The text `auto` answers with when it calls no tool. */
export const answerText = (facts: Facts): string => {
  if (facts.responseSchema !== undefined) return JSON.stringify(sampleValue(facts.responseSchema))
  if (facts.lastIsToolResult) return `The tools said: ${facts.toolResults.map((result) => JSON.stringify(result)).join(" and ")}.`
  const images = facts.images === 0 ? "" : `I see ${facts.images} ${facts.images === 1 ? "image" : "images"}. `
  return `${images}You said: ${facts.lastUserText}`
}

interface Limited {
  readonly text: string
  readonly reason: FinishReason
  readonly stopSequence?: string
}

const limited = (text: string, facts: Facts): Limited => {
  const stops = facts.stopSequences
    .map((sequence) => ({ sequence, at: sequence === "" ? -1 : text.indexOf(sequence) }))
    .filter((stop) => stop.at >= 0)
    .sort((left, right) => left.at - right.at)
  const [stop] = stops
  const cut = stop === undefined ? text : text.slice(0, stop.at)
  const most = facts.maxOutputTokens === undefined ? cut.length : facts.maxOutputTokens * 4
  if (cut.length > most) return { text: cut.slice(0, most).replace(/[\ud800-\udbff]$/, ""), reason: "length" }
  return stop === undefined ? { text, reason: "stop" } : { text: cut, reason: "stop-sequence", stopSequence: stop.sequence }
}

/** The whole script of `auto`, its terminator included. */
export function* autoScript(context: Context): Generator<Step> {
  const { facts } = context
  yield { type: "start" }
  if (facts.reasoning) yield* reasoningSteps(context, sampleThought)
  const tools = chosenTools(facts)
  if (tools.length > 0) {
    yield* callSteps(context, tools.map(plannedCall), false)
    yield* ending("tool-calls")
    return
  }
  const answer = limited(answerText(facts), facts)
  for (let choice = 0; choice < facts.choices; choice++) yield* textSteps(answer.text, choice)
  for (let choice = 1; choice < facts.choices; choice++) yield { type: "finish", reason: answer.reason, choice }
  yield* ending(answer.reason, answer.stopSequence)
}
