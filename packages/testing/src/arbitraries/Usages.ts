/** Token counts and failures as providers report them. */
import { classes, type Usage } from "@sluice/protocol/CanonicalUsage"
import { type ErrorClass, type Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import type { Draw } from "./Draw.ts"
import * as Texts from "./Texts.ts"

/** Counts: input and output nearly always, the other classes now and then, single ones or all of them zero. */
export const usage = (draw: Draw): Usage => {
  const isZero = draw.chance(8)
  return Object.fromEntries(
    classes.flatMap((name) => {
      const isUsual = name === "input" || name === "output"
      return draw.chance(isUsual ? 98 : 25) ? [[name, isZero || draw.chance(15) ? 0 : draw.below(20_000)] as const] : []
    })
  )
}

/** Classes a provider's reply or stream can have. */
export const providerClasses = [
  "overloaded",
  "rate-limited",
  "quota-exhausted",
  "transient",
  "bad-request",
  "too-large",
  "unsupported",
  "context-overflow",
  "provider-auth",
  "model-not-found",
  "content-filter",
  "cut",
  "timeout-idle",
  "protocol-violation",
  "unknown"
] as const satisfies ReadonlyArray<ErrorClass>

/** A failure. */
export const failure = (draw: Draw): Failure =>
  present({
    class: draw.pick(providerClasses),
    message: Texts.text(draw),
    code: draw.maybe(30, () => draw.pick(["insufficient_quota", "server_error", "rate_limit_exceeded", "engine_overloaded"])),
    type: draw.maybe(30, () => draw.pick(["overloaded_error", "invalid_request_error", "api_error"])),
    param: draw.maybe(10, () => "/messages/0"),
    status: draw.maybe(40, () => draw.pick([500, 400, 429, 503, 529])),
    retryAfterMs: draw.maybe(10, () => 1000 * (1 + draw.below(60)))
  })
