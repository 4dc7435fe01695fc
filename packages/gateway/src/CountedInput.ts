/**
 * Counts a prompt whose provider never said how long it was, where the gateway's tokenizer is the model's own and the prompt is short
 * enough to be counted in passing. Everything else stays estimated. Runs when an exchange that ended badly is settled.
 */
import * as Effect from "effect/Effect"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type { Settlement } from "./Ledger.ts"

/** Characters of a request body up to which it is counted: a few milliseconds. */
export const maxCharacters = 32_768

/** Prompts counted at the same time: many clients that leave at once must not hold up those that stay. */
export const maxAtOnce = 4

/** Models whose byte-pair encodings are known. */
const known = /^(?:gpt-|chatgpt-|o[134](?:-|$))/

/** How many prompts are being counted. */
export interface Counting {
  active: number
}

/** None yet. */
export const none = (): Counting => ({ active: 0 })

/** Whether the prompt of this settlement is to be counted. */
export const isWanted = ({ counting }: Gateway, exchange: Exchange, { operation, upstreamModel = "", usage }: Settlement): boolean =>
  usage.provenance.input === "estimated" && operation === "generate" && exchange.request !== undefined &&
  exchange.bodyCharacters <= maxCharacters && counting.active < maxAtOnce && known.test(upstreamModel.slice(upstreamModel.lastIndexOf("/") + 1))

/** The settlement with its prompt counted; as it was where that fails. */
export const count = ({ counting, tokenCounter }: Gateway, exchange: Exchange, settlement: Settlement): Effect.Effect<Settlement> =>
  Effect.suspend(() => {
    const request = exchange.request?.()
    if (request === undefined) return Effect.succeed(settlement)
    counting.active++
    return tokenCounter.count({ ...request, model: settlement.upstreamModel ?? request.model }).pipe(
      Effect.map(({ input }): Settlement => ({
        ...settlement,
        usage: {
          tokens: { ...settlement.usage.tokens, input },
          provenance: { ...settlement.usage.provenance, input: "counted" }
        }
      })),
      Effect.catchCause(() => Effect.succeed(settlement)),
      Effect.ensuring(Effect.sync(() => void counting.active--))
    )
  })
