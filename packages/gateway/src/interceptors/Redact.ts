/**
 * Masks in requests what should not reach a provider: addresses, card and phone numbers, bank accounts, keys, and whatever patterns of
 * one's own find. Either for good, or with tokens that are put back into the answer. Not a promise that nothing personal is left: names
 * are words like any other. Pictures, sound, files, and what only one protocol knows are not looked at.
 *
 * @example
 * Redact.layer({ kinds: ["email", "card"], own: [{ name: "ticket", pattern: "TCK-\\d{6}" }], isReversible: true })
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Loss } from "@sluice/protocol/Loss"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { randomBytes } from "node:crypto"
import * as Condition from "../Condition.ts"
import * as Extension from "../Extension.ts"
import * as Interceptor from "../Interceptor.ts"
import * as Patterns from "../Patterns.ts"
import type { Extensions, Interceptors } from "../Registries.ts"
import * as HeldFrames from "../texts/HeldFrames.ts"
import type { Passage } from "../texts/Passage.ts"
import * as PatternRule from "../texts/PatternRule.ts"
import * as RequestTexts from "../texts/RequestTexts.ts"
import * as TokenVault from "../texts/TokenVault.ts"

/** What is masked, and how. */
export interface Options extends Patterns.Wanted {
  /** Absent, and no patterns of one's own: `email`, `card`, `iban`, `api-key` and `aws-key`. */
  readonly kinds?: ReadonlyArray<Patterns.Kind>
  /**
   * Masks are tokens which are put back where the answer repeats them; absent = masks are words such as `[email]`, for good. Answers are
   * decoded and encoded for it, also between two ends of one protocol.
   */
  readonly isReversible?: boolean
  /** What tokens are made with; absent = another one with every start, so that the same value has another token then. */
  readonly secret?: Redacted.Redacted<string>
  /** Absent = always. */
  readonly when?: Condition.Condition
}

const ordinary: ReadonlyArray<Patterns.Kind> = ["email", "card", "iban", "api-key", "aws-key"]

const lossesOf = (before: CanonicalRequest, after: CanonicalRequest): ReadonlyArray<Loss> =>
  (["instructions", "turns"] as const).flatMap((list) =>
    (before[list] ?? []).flatMap((turn, index): ReadonlyArray<Loss> => {
      if (after[list]?.[index] === turn) return []
      const canonical = `/${list}/${index}`
      // Without what stood there, which is the point
      return [{ at: turn.at ?? canonical, canonical, reason: "approximated", weight: "hint" }]
    })
  )

const untouched: Interceptor.FrameStage = { step: (frame) => [frame] }

const parts = (search: Patterns.Search, options: Options): Layer.Layer<never, never, Interceptors | Extensions> => {
  const { isReversible = false } = options
  const secret = options.secret === undefined ? randomBytes(32) : Buffer.from(Redacted.value(options.secret))
  const holds = Condition.make(options.when)
  const vaults = new Map<string, TokenVault.Vault>()

  const vaultOf = (id: string): TokenVault.Vault => {
    const known = vaults.get(id)
    if (known !== undefined) return known
    const made: TokenVault.Vault = new Map()
    vaults.set(id, made)
    return made
  }

  /** Changes texts for one exchange. */
  const masking = (context: Extension.ExchangeContext, keeps: boolean) => {
    const { id, principal } = context
    const rule: Omit<PatternRule.Options, "hold"> = {
      search,
      wants: () => true,
      verdict: ({ label }, found) => ({
        _tag: "Mask",
        by: keeps ? TokenVault.tokenFor(vaultOf(id), secret, principal.id, label, found) : `[${label}]`
      })
    }
    return (text: string, passage: Passage): string => PatternRule.change(rule, text, passage).text
  }

  const interceptor: Interceptor.Interceptor = {
    id: "redact",
    // Behind everything that might put something in
    phase: "late",
    request: (request, context) => {
      if (!holds(context)) return Effect.succeed(request)
      const masked = RequestTexts.of(request, masking(context, isReversible && context.operation === "generate"))
      return Effect.succeed(masked === request ? request : Interceptor.change({ request: masked, losses: lossesOf(request, masked) }))
    },
    embed: (request, context) => Effect.succeed(holds(context) ? RequestTexts.ofEmbedding(request, masking(context, false)) : request),
    ...(isReversible
      ? {
        events: ({ id }) => {
          const vault = vaults.get(id)
          return vault === undefined ? untouched : HeldFrames.make(TokenVault.restoring(vault))
        }
      }
      : {})
  }
  const forgetting = Extension.layer({ id: "redact", finish: (_, { id }) => Effect.sync(() => void vaults.delete(id)) })
  return isReversible ? Layer.merge(Interceptor.layer(interceptor), forgetting) : Interceptor.layer(interceptor)
}

/** Fails where a pattern of one's own cannot be used. */
export const layer = (options: Options = {}): Layer.Layer<never, Patterns.PatternError, Interceptors | Extensions> => {
  const wanted = options.kinds === undefined && options.own === undefined ? { kinds: ordinary } : options
  return Result.match(Patterns.make(wanted), {
    onFailure: (error) => Layer.effectDiscard(Effect.fail(error)),
    onSuccess: (search) => parts(search, options)
  })
}
