/**
 * Operators' rules for errors of a provider: which replies mean what, whatever the protocol says of them. The first rule that matches
 * decides whose fault the error is, and whether the exchange stops, goes on elsewhere, or lets the culprit rest too. Pure.
 */
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Result from "effect/Result"

/** Whose fault an error is: of the request itself, of the model for this credential, of the credential, or of the whole provider. */
export type ErrorScope = "request" | "model" | "credential" | "provider"

/** What is done about it: nothing more is tried, the next is tried, or the next is tried and what the scope says rests. */
export type ErrorAction = "stop" | "next" | "cooldown"

/** One rule; every part of it that is there must match. */
export interface ErrorRule {
  readonly status?: number
  /** The provider's own code or type. */
  readonly code?: string
  /** A part of the message in any case, or a pattern between slashes (`/quota.*day/i`). */
  readonly message?: string
  readonly scope: ErrorScope
  readonly action: ErrorAction
  /** How long it rests, in milliseconds; absent = as the class of the error says, else a minute. */
  readonly forMs?: number
}

/** What a rule decides. */
export type Ruling = Pick<ErrorRule, "scope" | "action" | "forMs">

/** Finds the ruling for a failure; undefined where no rule matches. */
export type ErrorRules = (failure: Failure) => Ruling | undefined

const flags = /^[dgimsuvy]*$/

/** The pattern of a message between slashes; undefined where it is plain text, and a text of what is wrong where it is no pattern. */
export const pattern = (message: string): RegExp | { readonly problem: string } | undefined => {
  const end = message.lastIndexOf("/")
  if (!message.startsWith("/") || end === 0 || !flags.test(message.slice(end + 1))) return undefined
  return Result.getOrElse(
    Result.try({
      // Without g and y, which would make a match depend on the one before
      try: (): RegExp | { readonly problem: string } => new RegExp(message.slice(1, end), message.slice(end + 1).replaceAll(/[gy]/g, "")),
      catch: (cause) => ({ problem: cause instanceof Error ? cause.message : "it is no pattern" })
    }),
    (wrong) => wrong
  )
}

const longest = 2_000

const speaks = (message: string): (text: string) => boolean => {
  const found = pattern(message)
  if (found instanceof RegExp) return (text) => found.test(text.slice(0, longest))
  const part = message.toLowerCase()
  return (text) => text.slice(0, longest).toLowerCase().includes(part)
}

/** Compiles rules; undefined where there are none. Patterns that are none match as plain text: whoever reads them in says so before. */
export const compile = (rules: ReadonlyArray<ErrorRule>): ErrorRules | undefined => {
  if (rules.length === 0) return undefined
  const compiled = rules.map((rule) => ({ rule, speaks: rule.message === undefined ? undefined : speaks(rule.message) }))
  return (failure) =>
    compiled.find(({ rule, speaks }) =>
      (rule.status === undefined || rule.status === failure.status) &&
      (rule.code === undefined || rule.code === failure.code || rule.code === failure.type) &&
      (speaks === undefined || speaks(failure.message))
    )?.rule
}
