/**
 * What an exchange's record needs to know of an answer while it passes: who served it, tokens, finishes, failure, and when
 * content first came. One tap per attempt, fed synchronously by either lane; both lanes feed it the same facts.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Finish } from "@sluice/protocol/CanonicalFinish"
import * as Usage from "@sluice/protocol/CanonicalUsage"
import type { Failure } from "@sluice/protocol/GatewayError"

/** The facts gathered so far. */
export interface TapFacts {
  readonly servedModel: string | undefined
  readonly usage: Usage.Usage
  readonly choices: ReadonlyMap<number, Finish | undefined>
  /** Characters of content that came, as a base of estimates. */
  readonly contentLength: number
  readonly hadContent: boolean
  readonly firstContentAt: number | undefined
  readonly failure: Failure | undefined
  /** The terminal event was seen. */
  readonly terminal: boolean
  /** A block, a finish or an error was seen: the head may go to the client. */
  readonly commits: boolean
}

/** Watches one attempt's answer. */
export interface StreamTap {
  readonly facts: () => TapFacts
  readonly observe: (events: ReadonlyArray<CanonicalEvent>, now: number) => void
  /** A frame of pure content that was not decoded; `length` in characters. */
  readonly observeDelta: (length: number, now: number) => void
}

/** A tap that has seen nothing. */
export const make = (): StreamTap => {
  let servedModel: string | undefined
  let usage: Usage.Usage = Usage.none
  const choices = new Map<number, Finish | undefined>()
  let contentLength = 0
  let hadContent = false
  let firstContentAt: number | undefined
  let failure: Failure | undefined
  let terminal = false
  let commits = false

  const content = (length: number, now: number): void => {
    contentLength += length
    hadContent = true
    firstContentAt ??= now
  }

  const observeOne = (event: CanonicalEvent, now: number): void => {
    switch (event.type) {
      case "start":
        servedModel = event.model ?? servedModel
        return
      case "block-start":
        commits = true
        if (!choices.has(event.choice)) choices.set(event.choice, undefined)
        if (event.kind !== "text" && event.kind !== "reasoning") content(0, now)
        return
      case "text-delta":
      case "reasoning-delta":
      case "tool-arguments-delta":
        content(event.text.length, now)
        return
      case "media-delta":
      case "encrypted":
        content(0, now)
        return
      case "usage":
        usage = Usage.merge(usage, event.usage)
        return
      case "finish":
        commits = true
        choices.set(event.choice, event)
        return
      case "error":
        commits = true
        failure = event.failure
        terminal = true
        return
      case "end":
        terminal = true
        return
      default:
        return
    }
  }

  return {
    facts: () => ({ servedModel, usage, choices, contentLength, hadContent, firstContentAt, failure, terminal, commits }),
    observe: (events, now) => {
      for (const event of events) observeOne(event, now)
    },
    observeDelta: content
  }
}

/** Every choice that was opened has finished, and there was one. */
export const allFinished = (facts: TapFacts): boolean => facts.choices.size > 0 && [...facts.choices.values()].every((finish) => finish !== undefined)

/** The finish that speaks for the exchange: that of the first choice. */
export const mainFinish = (facts: TapFacts): Finish | undefined => facts.choices.get(0) ?? [...facts.choices.values()].find((finish) => finish !== undefined)

/** The provider stated what it wrote. */
export const isUsageReported = (facts: TapFacts): boolean =>
  facts.usage.output !== undefined || facts.usage.reasoning !== undefined || facts.usage.audioOut !== undefined
