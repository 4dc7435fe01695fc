/**
 * What of a prompt is counted: its texts, and constants for what is no text. Pure. The rule is in docs/guides/run-the-server.md:
 * every text of instructions, turns, tools, calls and results as it stands; schemas and JSON as compact JSON; pictures, sound,
 * film and documents in other forms than text by one constant each; a few tokens for each turn and for the beginning of the answer.
 */
import type { MediaPart, Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Tool, Turn } from "@sluice/protocol/CanonicalRequest"

/** A prompt as it is counted. */
export interface PromptText {
  readonly texts: ReadonlyArray<string>
  /** Tokens of what is no text. */
  readonly constant: number
}

/** What surrounds a turn (its role and its two ends), and what opens the answer, in the chat format of OpenAI's models. */
const perTurn = 4
const perAnswer = 3

/** Tokens of one medium whose content cannot be read here: a picture of a megapixel, a page, half a minute of sound, ten seconds of film. */
export const perMedium: { readonly [K in MediaPart["type"]]: number } = { image: 765, document: 1_500, audio: 800, video: 2_600 }

/** A picture looked at from far away. */
export const perSmallImage = 85

interface Gathering {
  readonly texts: Array<string>
  constant: number
}

const ofMedia = (part: MediaPart, into: Gathering): void => {
  for (const text of [part.title, part.context, part.transcript]) if (text !== undefined) into.texts.push(text)
  if (part.source.type === "text") into.texts.push(part.source.text)
  else if (part.source.type === "parts") ofParts(part.source.parts, into)
  else into.constant += part.type === "image" && part.detail === "low" ? perSmallImage : perMedium[part.type]
}

const ofParts = (parts: ReadonlyArray<Part>, into: Gathering): void => {
  for (const part of parts) {
    switch (part.type) {
      case "text":
      case "reasoning":
      case "refusal":
        into.texts.push(part.text)
        break
      case "tool-call":
        into.texts.push(part.name, part.arguments)
        break
      case "tool-result":
        ofParts(part.parts, into)
        break
      case "json":
      case "foreign":
        into.texts.push(JSON.stringify(part.value))
        break
      default:
        ofMedia(part, into)
    }
  }
}

const ofTurns = (turns: ReadonlyArray<Turn>, into: Gathering): void => {
  for (const turn of turns) {
    into.constant += perTurn
    if (turn.name !== undefined) into.texts.push(turn.name)
    ofParts(turn.parts, into)
  }
}

const ofTool = (tool: Tool, into: Gathering): void => {
  into.texts.push(tool.name)
  if (tool.type === "provider") into.texts.push(JSON.stringify(tool.value))
  else if (tool.description !== undefined) into.texts.push(tool.description)
  if (tool.type === "function" && tool.parameters !== undefined) into.texts.push(JSON.stringify(tool.parameters))
  if (tool.type === "custom" && tool.grammar !== undefined) into.texts.push(tool.grammar.definition)
  if (tool.type === "namespace") { for (const inner of tool.tools) ofTool(inner, into) }
}

/** The prompt of a request. */
export const of = (request: CanonicalRequest): PromptText => {
  const into: Gathering = { texts: [], constant: perAnswer }
  ofTurns(request.instructions ?? [], into)
  ofTurns(request.turns, into)
  for (const tool of request.tools ?? []) ofTool(tool, into)
  if (request.responseFormat?.type === "json-schema") into.texts.push(JSON.stringify(request.responseFormat.schema))
  return into
}
