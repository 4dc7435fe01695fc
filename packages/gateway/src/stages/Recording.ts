/**
 * The answer of an exchange as it is gathered for extensions that keep answers: the frames the client is told, by reference, as long as
 * they are not too much. What an attempt left behind that did not come to anything is forgotten with the next one.
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Extension } from "../Extension.ts"
import type { Installed } from "../Hooks.ts"
import type { RecordedAnswer } from "../RecordedAnswer.ts"

/** An answer that is being gathered. */
export interface Recording {
  /** Who is to have it. */
  readonly keepers: ReadonlyArray<Installed<Extension>>
  readonly request: CanonicalRequest
  readonly restart: () => void
  readonly add: (frame: Frame, form: RecordedAnswer["form"]) => void
  /** The whole answer; `undefined` while its end is missing, and where it was too much. */
  readonly whole: () => Pick<RecordedAnswer, "frames" | "form"> | undefined
}

/** Characters of text in all frames at most, and what a frame counts for beside its text. */
const maxCharacters = 8 * 1024 * 1024
const frameCharacters = 256

const lengthOf = ({ events, wire }: Frame): number => {
  let length = frameCharacters
  for (const event of events) if ("text" in event) length += event.text.length
  return typeof wire?.value === "string" ? length + wire.value.length : length
}

/** Nothing was gathered. */
export const make = (keepers: Recording["keepers"], request: CanonicalRequest): Recording => {
  let frames: Array<Frame> = []
  let form: RecordedAnswer["form"] = "stream"
  let length = 0
  let isWhole = false
  return {
    keepers,
    request,
    restart: () => {
      frames = []
      length = 0
      isWhole = false
    },
    add: (frame, as) => {
      length += lengthOf(frame)
      if (length > maxCharacters) frames = []
      else frames.push(frame)
      form = as
      isWhole ||= frame.events.some(({ type }) => type === "end")
    },
    whole: () => isWhole && length <= maxCharacters ? { frames, form } : undefined
  }
}
