/**
 * From a canonical request to what one target is sent: the lane is chosen, the model's name replaced, usage asked for, and the
 * losses judged by the entry's fidelity. Pure.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import { same } from "@sluice/protocol/Equality"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import type * as Loss from "@sluice/protocol/Loss"
import type { Asked } from "@sluice/protocol/Question"
import type { Limits } from "@sluice/protocol/Thinking"
import * as ToolNames from "@sluice/protocol/ToolNames"
import type { ToolName } from "@sluice/protocol/ToolNames"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import type * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Answer } from "./Answer.ts"
import type { CredentialId } from "./Credential.ts"
import type { Executor } from "./Executor.ts"
import type { HeaderChange } from "./HeaderChange.ts"
import type { Inbound } from "./Inbound.ts"
import * as RoundedNumbers from "./internal/roundedNumbers.ts"
import * as JsonSpans from "./JsonSpans.ts"
import type { Fidelity } from "./ModelEntry.ts"
import * as Thinking from "./Thinking.ts"

/** What one target is sent. */
export interface Outbound {
  readonly lane: "bytes" | "typed"
  readonly body: string
  /** Sent in place of `body`: an interceptor wants it so. */
  readonly replaced?: string | Uint8Array
  readonly headers: { readonly [name: string]: string }
  /** Changes of headers that interceptors want, in order, for the executor to make before it adds its credential. */
  readonly changes?: ReadonlyArray<HeaderChange>
  readonly losses: ReadonlyArray<Loss.Loss>
  /** Tools whose calls look different to the provider, by its name of them. */
  readonly tools: ReadonlyMap<string, ToolName>
  /** The upstream reports usage in its stream although the client did not ask. */
  readonly hideUsage: boolean
  /** Which of the target's endpoints for this is meant, where there are several. */
  readonly variant?: string
  /** How the gateway answers by itself, and whether it must, because the target's protocol has no endpoint for this. */
  readonly local?: { readonly isOnly: boolean; readonly answer: Effect.Effect<Answer, GatewayError> }
  /** The request in canonical words, where it was written in another dialect than the client's. */
  readonly crossed?: CanonicalRequest
  /** Proofs of thinking were put back that the client could not carry. */
  readonly isRestored?: boolean
}

/** What a target's request is prepared from. */
export interface Options<Q extends Asked> {
  readonly inbound: Inbound<Q>
  /** The target's name of the model. */
  readonly model: string
  /** The request that interceptors made of the client's; absent = they left it as it was. */
  readonly changed?: Q
  readonly from: Dialect
  readonly executor: Executor
  /** What the target is asked with: only what it has made itself is put back. */
  readonly credential?: CredentialId
  readonly fidelity: Fidelity
  readonly wantsFrames: boolean
  /** What the target's model can be told about thinking; absent = not known. */
  readonly thinking?: Limits
  /** The effort is that of the model name's suffix, which asks for the nearest there is. */
  readonly isSuffixed?: boolean
  /** The target refused the request with what was remembered for it: it is asked without. */
  readonly isWithoutMemory?: boolean
}

/** What a request for an answer is prepared from. */
export interface GenerateOptions extends Options<CanonicalRequest> {
  /** How thinking is asked for; absent = by the rules of ours. */
  readonly rules?: Thinking.Rules
  /** Puts back what the client could not carry, where the request crosses. */
  readonly restore?: (request: CanonicalRequest) => CanonicalRequest
}

const noTools: ReadonlyMap<string, ToolName> = new Map()

/** The keys that make a streaming upstream report its usage; `undefined` where the body says them already. */
const usageKeys = (inbound: Inbound<Asked>, executor: Executor, body: JsonObject): JsonObject | undefined => {
  const asked = inbound.stream ? executor.dialect.bytes.askUsage?.(body) : undefined
  return asked === undefined || Object.entries(asked).every(([key, value]) => same(value, body[key])) ? undefined : asked
}

/** Whether the client did not ask for the usage a stream of its dialect can report. */
export const isUsageUnasked = ({ body, stream }: Inbound<Asked>, client: Dialect): boolean => {
  const asked = stream ? client.bytes.askUsage?.(body) : undefined
  return asked !== undefined && Object.entries(asked).some(([key, value]) => !same(value, body[key]))
}

/** The byte lane: the client's own text with the model's name, and what asks for usage, replaced in place. */
export const forward = (inbound: Inbound<Asked>, model: string, executor: Executor): Outbound => {
  const asked = usageKeys(inbound, executor, inbound.body)
  const members = new Map<string, Json>(Object.entries(asked ?? {}))
  if (model !== inbound.model && inbound.spans.members.has("model")) members.set("model", model)
  return {
    lane: "bytes",
    body: members.size === 0 ? inbound.text : JsonSpans.rewrite(inbound.text, inbound.spans, members),
    headers: inbound.headers,
    losses: [],
    tools: noTools,
    hideUsage: asked !== undefined,
    ...(inbound.variant === undefined ? {} : { variant: inbound.variant })
  }
}

/** The typed lane: the request in the target's own words. */
const translate = (
  inbound: Inbound,
  from: Dialect,
  request: CanonicalRequest,
  executor: Executor,
  thinking: Limits | undefined,
  applied: Thinking.Applied | undefined
): Outbound => {
  const { body: written, headers: encoded, losses, renamed } = executor.dialect.request.encode(request, present({ thinking }))
  const body = applied === undefined ? written : applied.write(written)
  const headers = from.id === executor.dialect.id ? { ...inbound.headers, ...encoded } : encoded
  const asked = usageKeys(inbound, executor, body)
  // The client's own dialect calls every tool as it was offered
  const tools = ToolNames.changed(from.id === executor.dialect.id ? [] : request.tools ?? [], renamed)
  return {
    lane: "typed",
    body: JSON.stringify(asked === undefined ? body : { ...body, ...asked }),
    headers,
    losses: [...losses, ...applied?.losses ?? [], ...RoundedNumbers.losses(inbound.text, inbound.body)],
    tools,
    hideUsage: asked !== undefined
  }
}

const refused = (losses: ReadonlyArray<Loss.Loss>, provider: string): GatewayError =>
  fail({
    class: "unsupported-crossing",
    message: `The provider "${provider}" cannot carry ${losses.map((loss) => loss.at).join(", ")}. Remove ${
      losses.length === 1 ? "it" : "them"
    }, use a model of the same protocol, or set fidelity: lenient on the model.`,
    ...(losses[0] === undefined ? {} : { param: losses[0].at })
  })

/** Refuses what loses more than the entry's fidelity allows. */
export const judged = (outbound: Outbound, fidelity: Fidelity, provider: string): Result.Result<Outbound, GatewayError> => {
  if (outbound.losses.length === 0 || fidelity === "lenient") return Result.succeed(outbound)
  const unbearable = fidelity === "strict" ? outbound.losses : outbound.losses.filter((loss) => loss.weight === "meaning")
  return unbearable.length === 0 ? Result.succeed(outbound) : Result.fail(refused(unbearable, provider))
}

/** Prepares the request for one target; fails where the target would lose what it must not lose. */
export const prepare = (options: GenerateOptions): Result.Result<Outbound, GatewayError> => {
  const { changed, executor, inbound, model, rules = Thinking.rules, thinking } = options
  const target: Thinking.Target = { provider: executor.id, model, dialect: executor.dialect.id }
  const isOwn = executor.dialect.id === options.from.id
  const isUnproven = isOwn && executor.dialect.thinking?.isUnproven?.(inbound.body, model) === true
  const isRepeated = inbound.modelIn === "path" && model !== inbound.model && inbound.spans.members.has("model")
  const mayForward = isOwn && !options.wantsFrames && changed === undefined && !isUnproven && !isRepeated
  if (mayForward && thinking === undefined && rules.apply === undefined) return Result.succeed(forward(inbound, model, executor))
  const asked = changed === undefined ? inbound.request() : Result.succeed(changed)
  if (Result.isFailure(asked)) return Result.fail(asked.failure)
  const fitted: Result.Result<Thinking.Fitted, GatewayError> = thinking === undefined
    ? Result.succeed({ request: asked.success, losses: [] })
    : rules.fit(asked.success, thinking, isOwn && options.isSuffixed !== true, target)
  if (Result.isFailure(fitted)) return Result.fail(fitted.failure)
  const { losses, request } = fitted.success
  const applied = rules.apply?.(request, target)
  if (mayForward && request === asked.success && applied === undefined) return Result.succeed(forward(inbound, model, executor))
  const proven = isUnproven || (isOwn && options.isSuffixed === true) ? executor.dialect.thinking?.proven?.({ ...request, model }) : undefined
  const restored = isOwn || options.isWithoutMemory === true || options.restore === undefined ? request : options.restore(request)
  const whole = isOwn ? proven?.request ?? request : rules.crossing(restored, options.from, executor.dialect)
  const translated = translate(inbound, options.from, { ...whole, model }, executor, thinking, applied)
  const outbound = {
    ...translated,
    losses: [...losses, ...proven?.losses ?? [], ...translated.losses],
    ...(isOwn ? {} : { crossed: whole, isRestored: restored !== request })
  }
  return judged(outbound, options.fidelity, executor.id)
}
