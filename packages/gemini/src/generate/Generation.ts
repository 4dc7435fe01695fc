/**
 * `generationConfig`: how the answer is made, one row per canonical field, in the order in which a new one is written.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { bare } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import { isObject } from "@sluice/protocol/Wire"
import { type Crossing, drop, fieldOf } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Output from "./Output.ts"
import * as Reasoning from "./Reasoning.ts"
import * as Wire from "./Wire.ts"

type Row = Fields.Field<CanonicalRequest, Wire.GenerationConfig, Crossing>

const plain = Keys.plain<CanonicalRequest, Wire.GenerationConfig, Crossing>()
const itself = <A>(value: A): A => value

/** The most there may be (specification of GenerationConfig.stopSequences). */
const maxStops = 5

const stop: Row = {
  ...plain("stop", "stopSequences", itself, itself),
  put: (request, wire, place) => {
    const before = request.stop
    const isFresh = Object.keys(wire).length === 0
    const after = isFresh && before !== undefined && before.length > maxStops ? before.slice(0, maxStops) : before
    if (after !== before) Fields.lose(place, request, "stop", { reason: "approximated", weight: "hint", before, after })
    return { [Keys.nameIn(wire, "stopSequences")]: after }
  }
}

const logprobs: Row = {
  of: ["logprobs"],
  keys: Keys.spelled("responseLogprobs", "logprobs"),
  get: (wire) => {
    const enabled = Keys.read(wire, "responseLogprobs")
    return enabled === undefined ? {} : { logprobs: present({ enabled, top: Keys.read(wire, "logprobs") }) }
  },
  put: (request, wire, place) => {
    const { enabled, top } = request.logprobs ?? {}
    const isAlone = enabled === false && top !== undefined && Object.keys(wire).length === 0
    if (isAlone) drop({ ...fieldOf(place, request, "logprobs"), canonical: `${place.canonical}/logprobs/top` }, top, "hint")
    return { [Keys.nameIn(wire, "responseLogprobs")]: enabled, logprobs: isAlone ? undefined : top }
  }
}

const modalityWords = ["", "text", "image", "audio"] as const

const modalities = plain(
  "modalities",
  "responseModalities",
  (words) => words.map((word) => typeof word === "number" ? modalityWords[word] ?? String(word) : word.toLowerCase()),
  (words) => words.map((word) => word.toUpperCase())
)

const voices: ReadonlySet<string> = new Set(Keys.spelled("voiceConfig", "multiSpeakerVoiceConfig", "languageCode"))

const speech: Row = {
  of: ["audioOutput"],
  keys: Keys.spelled("speechConfig"),
  get: (wire) => present({ audioOutput: Keys.read(wire, "speechConfig") }),
  put: (request, wire, place) => {
    const voice = request.audioOutput
    const isOwn = isObject(voice) && Object.keys(voice).some((key) => voices.has(key))
    if (voice !== undefined && !isOwn) drop(fieldOf(place, request, "audioOutput"), voice, "meaning")
    return { [Keys.nameIn(wire, "speechConfig")]: isOwn ? voice : undefined }
  }
}

const reasoning: Row = {
  of: ["reasoning"],
  keys: Keys.spelled("thinkingConfig"),
  get: (wire) => present({ reasoning: Reasoning.decode(Keys.read(wire, "thinkingConfig") ?? {}) }),
  put: (request, wire, place) => {
    const origin = Keys.read(wire, "thinkingConfig") ?? {}
    const written = Fields.patched(Wire.asObject(origin), Reasoning.encode(request.reasoning, origin, fieldOf(place, request, "reasoning")))
    return { [Keys.nameIn(wire, "thinkingConfig")]: Object.keys(written).length === 0 ? undefined : written }
  }
}

/** Temperature ends at 2 (specification of GenerationConfig.temperature). */
const temperature: Row = {
  ...plain("temperature", "temperature", itself, itself),
  put: (request, wire, place) => {
    const before = request.temperature
    const after = before === undefined || Object.keys(wire).length > 0 ? before : Math.min(2, Math.max(0, before))
    if (after !== before) Fields.lose(place, request, "temperature", { reason: "approximated", weight: "hint", before: bare(before), after })
    return { temperature: after }
  }
}

/** The field table of `generationConfig`. */
export const fields: Fields.Fields<CanonicalRequest, Wire.GenerationConfig, Crossing> = [
  plain("maxOutputTokens", "maxOutputTokens", itself, itself),
  temperature,
  plain("topP", "topP", itself, itself),
  plain("topK", "topK", itself, itself),
  stop,
  plain("seed", "seed", itself, itself),
  plain("presencePenalty", "presencePenalty", itself, itself),
  plain("frequencyPenalty", "frequencyPenalty", itself, itself),
  logprobs,
  plain("candidates", "candidateCount", itself, itself),
  modalities,
  speech,
  reasoning,
  Output.format
]
