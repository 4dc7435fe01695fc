/**
 * What an exchange's record needs to know of an answer while it passes: who served it, tokens, finishes, failure, and when
 * content first came. One tap per attempt, fed synchronously by either lane; both lanes feed it the same facts.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Finish } from "@sluice/protocol/CanonicalFinish"
import * as Usage from "@sluice/protocol/CanonicalUsage"
import type { Failure } from "@sluice/protocol/GatewayError"

/** The facts gathered so far: one live view, which grows while the answer passes. */
export interface TapFacts {
  readonly servedModel: string | undefined
  readonly usage: Usage.Usage
  /** The service tier the usage is of, where it is not the provider's standard one. */
  readonly tier: string | undefined
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

type Gathered = { -readonly [K in keyof TapFacts]: TapFacts[K] } & { choices: Map<number, Finish | undefined> }

/** A tap that has seen nothing. */
export const make = (): StreamTap => {
  const facts: Gathered = {
    servedModel: undefined,
    usage: Usage.none,
    tier: undefined,
    choices: new Map(),
    contentLength: 0,
    hadContent: false,
    firstContentAt: undefined,
    failure: undefined,
    terminal: false,
    commits: false
  }

  const content = (length: number, now: number): void => {
    facts.contentLength += length
    facts.hadContent = true
    facts.firstContentAt ??= now
  }

  const observeOne = (event: CanonicalEvent, now: number): void => {
    switch (event.type) {
      case "start":
        facts.servedModel = event.model ?? facts.servedModel
        return
      case "block-start":
        facts.commits = true
        if (!facts.choices.has(event.choice)) facts.choices.set(event.choice, undefined)
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
        facts.usage = Usage.merge(facts.usage, event.usage)
        facts.tier = event.tier ?? facts.tier
        return
      case "finish":
        facts.commits = true
        facts.choices.set(event.choice, event)
        return
      case "error":
        facts.commits = true
        facts.failure = event.failure
        facts.terminal = true
        return
      case "end":
        facts.terminal = true
        return
      default:
        return
    }
  }

  return {
    facts: () => facts,
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
