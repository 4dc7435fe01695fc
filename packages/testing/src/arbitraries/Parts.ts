/** Parts of turns: text, media from every kind of source, reasoning, calls and results. */
import type {
  CacheHint,
  ForeignPart,
  MediaPart,
  Part,
  ReasoningPart,
  RefusalPart,
  Sealed,
  Source,
  TextPart,
  ToolCallPart,
  ToolResultPart
} from "@sluice/protocol/CanonicalPart"
import { present } from "@sluice/protocol/Json"
import type { Draw } from "./Draw.ts"
import * as JsonValues from "./JsonValues.ts"
import * as Texts from "./Texts.ts"
import type { Vocabulary } from "./Vocabulary.ts"

/** A cache hint. */
export const cache = (draw: Draw): CacheHint => present({ ttl: draw.pick([undefined, "5m", "1h"] as const) })

/** A signature or cipher of the dialect. */
export const seal = (draw: Draw, vocabulary: Vocabulary): Sealed => ({
  by: vocabulary.dialect,
  value: `EqQBCgIYAhIM1gbcDa9GJwZA2b3h${draw.serial()}=`
})

/** Visible text. */
export const text = (draw: Draw): TextPart =>
  present({ type: "text" as const, text: draw.chance(4) ? "" : Texts.text(draw), cache: draw.maybe(6, () => cache(draw)) })

const mimes = {
  image: ["image/png", "image/jpeg", "image/gif", "image/webp"],
  document: ["application/pdf", "text/plain"],
  audio: ["audio/wav", "audio/mp3"],
  video: ["video/mp4"]
} as const

const source = (draw: Draw, type: MediaPart["type"], vocabulary: Vocabulary): Source => {
  const mime = draw.pick(mimes[type])
  switch (draw.below(type === "document" ? 5 : 3)) {
    case 1:
      return present({ type: "url" as const, url: Texts.url(draw), mime: draw.maybe(20, () => mime) })
    case 2:
      return { type: "file", provider: vocabulary.dialect, id: `file_${draw.serial()}` }
    case 3:
      return { type: "text", text: Texts.text(draw), mime: "text/plain" }
    case 4:
      return { type: "parts", parts: draw.list(1, 2, () => ({ type: "text" as const, text: Texts.anyText(draw) })) }
    default:
      return { type: "base64", mime, data: Texts.base64(draw) }
  }
}

/** An image, document, sound or film. */
export const media = (draw: Draw, vocabulary: Vocabulary, types: readonly [MediaPart["type"], ...ReadonlyArray<MediaPart["type"]>]): MediaPart => {
  const type = draw.pick(types)
  return present({
    type,
    source: source(draw, type, vocabulary),
    title: type === "document" ? draw.maybe(30, () => "report.pdf") : undefined,
    context: type === "document" ? draw.maybe(10, () => Texts.text(draw)) : undefined,
    citations: type === "document" ? draw.maybe(15, () => draw.chance(70)) : undefined,
    detail: type === "image" ? draw.maybe(25, () => draw.pick(["auto", "low", "high"])) : undefined,
    cache: draw.maybe(6, () => cache(draw))
  })
}

/** Thinking: signed, redacted, summarised or bare. */
export const reasoning = (draw: Draw, vocabulary: Vocabulary): ReasoningPart => {
  const form: ReasoningPart["form"] = draw.chance(20) ? "summary" : "raw"
  if (!vocabulary.seals) return { type: "reasoning", form, text: Texts.text(draw) }
  return draw.chance(15)
    ? { type: "reasoning", form, text: "", encrypted: seal(draw, vocabulary) }
    : present({ type: "reasoning" as const, form, text: Texts.text(draw), signature: draw.maybe(70, () => seal(draw, vocabulary)) })
}

/** A refusal. */
export const refusal = (draw: Draw): RefusalPart => ({ type: "refusal", text: Texts.text(draw) })

/** A call of one of the named tools. */
export const call = (draw: Draw, names: ReadonlyArray<string>): ToolCallPart => {
  const isCustom = draw.chance(8)
  return {
    type: "tool-call",
    kind: isCustom ? "custom" : "function",
    id: Texts.callId(draw),
    name: names[draw.below(names.length)] ?? Texts.name(draw),
    arguments: isCustom ? Texts.text(draw) : JsonValues.callArguments(draw),
    ...(draw.chance(2) ? { namespace: "ns" } : {})
  }
}

const resultParts = (draw: Draw, vocabulary: Vocabulary): ReadonlyArray<Part> => {
  switch (draw.below(6)) {
    case 3:
      return draw.list(1, 3, () => text(draw))
    case 4:
      return [text(draw), media(draw, vocabulary, ["image", "document"])]
    case 5:
      return draw.chance(50) ? [] : [{ type: "json", value: JsonValues.object(draw) }]
    default:
      return [{ type: "text", text: Texts.anyText(draw) }]
  }
}

/** The result of a call. */
export const result = (draw: Draw, of: Pick<ToolCallPart, "id" | "kind" | "name">, vocabulary: Vocabulary): ToolResultPart =>
  present({
    type: "tool-result" as const,
    id: of.id,
    kind: of.kind,
    name: draw.maybe(5, () => of.name),
    parts: resultParts(draw, vocabulary),
    isError: draw.maybe(25, () => draw.chance(60)),
    cache: draw.maybe(4, () => cache(draw))
  })

/** One of the dialect's own parts, where it has any. */
export const foreign = (draw: Draw, vocabulary: Vocabulary): ForeignPart | undefined => vocabulary.parts[draw.below(vocabulary.parts.length)]
